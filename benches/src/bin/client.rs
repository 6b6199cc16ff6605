//! A client of another service, over a real connection: `client MODE COUNT`.
//!
//! | mode | client |
//! |---|---|
//! | `bare` | reqwest |
//! | `around` | that client, observed: a line and metrics of each call |
//! | `cupola` | `Cupola::client`: the same, with retries, redirects, limits, connections watched |
//!
//! The peers' modes are in `benches/peers`; `benches/client.py` runs all of them and prints how they compare.

#[path = "../outbound.rs"]
mod outbound;

use std::fs::File;
use std::io::Write;
use std::process::ExitCode;

use cupola::Cupola;
use cupola::client::{Client, reqwest_builder};
use cupola::context::{Context, Fresh, RequestIdFormat, WithContext};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mode, count) = (args.next().unwrap_or_default(), args.next().and_then(|count| count.parse().ok()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread is all it needs");
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let run = async {
        let null = File::options().write(true).open("/dev/null").expect("every Unix has it");
        let cupola = Cupola::builder("bench").vars(|_| None).output(null).build().expect("no variable is set");
        cupola.telemetry().install().expect("nobody else installs");
        let base = outbound::serve().await.expect("a port is free");
        let bare = reqwest_builder().expect("rustls knows ring").build().expect("rustls has roots");
        let around = Client::around(bare.clone()).like(&cupola.call_layer()).dependency("users").build();
        let own = cupola.client().dependency("users").build();
        let (Some(count), Ok(around), Ok(own)) = (count, around, own) else { return usage() };
        match mode.as_str() {
            "bare" => outbound::run(&mode, &base, count, |url| read(bare.get(url).send())).await,
            "around" => outbound::run(&mode, &base, count, |url| asked(&around, url)).await,
            "cupola" => outbound::run(&mode, &base, count, |url| asked(&own, url)).await,
            _ => usage(),
        }
    };
    runtime.block_on(run.in_context(context))
}

async fn asked(client: &Client, url: String) -> Option<usize> {
    read(client.get(url).template("/users/{id}").send()).await
}

async fn read<E>(response: impl Future<Output = Result<reqwest::Response, E>>) -> Option<usize> {
    response.await.ok()?.bytes().await.ok().map(|bytes| bytes.len())
}

fn usage() -> ExitCode {
    let _ = writeln!(std::io::stderr(), "client bare|around|cupola COUNT");
    ExitCode::FAILURE
}
