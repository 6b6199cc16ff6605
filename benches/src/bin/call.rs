//! Calls to another service through the layer, and through nothing: `call MODE COUNT`.
//!
//! | mode | stack |
//! |---|---|
//! | `bare` | a client that answers at once |
//! | `observed` | the layer with nobody to tell |
//! | `lines` | the layer, a line of each call |
//! | `cupola` | what `Cupola::call_layer` has: a line and metrics of each |
//!
//! Each call has two headers of its own, and goes out on behalf of a request, whose identity it takes along. Lines go to `/dev/null`. Instructions a call:
//! `valgrind --tool=callgrind call MODE 1200`, less the same with 200, by 1,000.

use std::convert::Infallible;
use std::fs::File;
use std::io::Write;
use std::process::ExitCode;

use axum::http::header::{ACCEPT, USER_AGENT};
use cupola::Cupola;
use cupola::client::{CallInfo, CallLayer};
use cupola::context::{Context, Fresh, RequestIdFormat, WithContext};
use cupola::record::{CallLog, Empty};
use cupola::telemetry::CallLines;
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt, service_fn};

type Request = axum::http::Request<()>;
type Response = axum::http::Response<Full<&'static [u8]>>;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mode, count) = (args.next().unwrap_or_default(), args.next().and_then(|count| count.parse().ok()));
    let null = File::options().write(true).open("/dev/null").expect("every Unix has it");
    let cupola = Cupola::builder("bench").vars(|_| None).output(null).build().expect("no variable is set");
    cupola.telemetry().install().expect("nobody else installs");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a thread is all it needs");
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let client = service_fn(|request: Request| async move {
        let known = request.headers().len();
        Ok::<_, Infallible>(Response::new(Full::from(&b"[]"[..known.min(2)])))
    });
    let calls = async {
        match mode.as_str() {
            "bare" => run(client, count).await,
            "observed" => run(CallLayer::new().sink(Empty).layer(client), count).await,
            "lines" => run(CallLayer::new().sink(CallLines::new(CallLog::new())).layer(client), count).await,
            "cupola" => run(cupola.call_layer().dependency("users").layer(client), count).await,
            _ => None,
        }
    };
    let Some(bytes) = runtime.block_on(calls.in_context(context)) else {
        let _ = writeln!(std::io::stderr(), "call bare|observed|lines|cupola COUNT");
        return ExitCode::FAILURE;
    };
    let _ = writeln!(std::io::stdout(), "{mode}\t{bytes}\tbytes");
    ExitCode::SUCCESS
}

/// Makes so many calls, one after the other, and gives how much was read.
async fn run<S, B>(mut client: S, count: Option<u32>) -> Option<usize>
where
    S: Service<Request, Response = axum::http::Response<B>>,
    B: axum::body::HttpBody,
{
    let mut read = 0;
    for number in 0..count? {
        let uri = format!("http://users.internal/users/{number}?page=2");
        let info = CallInfo::new().template("/users/{id}");
        let request = Request::get(uri).header(ACCEPT, "application/json").header(USER_AGENT, "bench/1.0");
        let request = request.extension(info).body(()).expect("it is one");
        let response = client.ready().await.ok()?.call(request).await.ok()?;
        read += Box::pin(response.into_body().collect()).await.ok()?.to_bytes().len();
    }
    Some(read)
}
