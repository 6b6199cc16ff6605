//! Each part of the layer alone: ids only, logging only, metrics only; and two layers that double nothing.
//!
//! There is no `init` here. The log is the application's own `tracing` subscriber, as it was before Cupola came, and the
//! registry of metrics is a value like any other. What the layer does is decided by the sink that it is given.
//!
//! `cargo run -p layers_alone` sends one request through each stack, in process, and prints what each did. It listens
//! nowhere and always ends by itself, with `-- --once` or without.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::ensure;
use bytes::Bytes;
use cupola_http::{Peer, layer};
use cupola_metrics::{Registry, RouteMetrics};
use cupola_record::{AccessLog, Sink};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty, Full};
use tower::{Service, ServiceBuilder, ServiceExt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_writer(|| CountedStdout).init();
    let registry = Registry::new();
    let log_and_count = || layer(AccessLog::new().and(RouteMetrics::new(&registry)));

    // `Empty` is told and does nothing. Ids, trace and context are the layer's own doing, so that is what is left:
    // the response has an `x-request-id`, and `cupola_context::current()` answers in the handler.
    let ids = ServiceBuilder::new().layer(layer(cupola_record::Empty)).service_fn(hello);
    check("ids only", ids, &registry, [0, 0]).await?;

    // One `tracing` event when the exchange is over. Any subscriber shows it, here the plain one of `fmt`.
    let logging = ServiceBuilder::new().layer(layer(AccessLog::new())).service_fn(hello);
    check("logging only", logging, &registry, [1, 0]).await?;

    // Durations and requests in flight, by route. `registry.render()` is what a `/metrics` of your own would answer.
    let metrics = ServiceBuilder::new().layer(layer(RouteMetrics::new(&registry))).service_fn(hello);
    check("metrics only", metrics, &registry, [0, 1]).await?;

    // Two that do the same, as when a library brings one and the application another. The inner one finds the outer
    // one's context, and leaves to it what it does already: still one id, one line and one count.
    let stacked = ServiceBuilder::new().layer(log_and_count()).layer(log_and_count()).service_fn(hello);
    check("both, twice", stacked, &registry, [1, 1]).await
}

/// Generic over the body, since each layer wraps it once more.
async fn hello<B>(_: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("hello\n")))
}

/// Sends one request, and says how many lines and counts it has made.
async fn check<S, R>(name: &str, service: S, registry: &Registry, expected: [u64; 2]) -> anyhow::Result<()>
where
    S: Service<Request<Empty<Bytes>>, Response = Response<R>, Error = Infallible>,
    R: Body<Error = Infallible>,
{
    let before = [lines(), counted(registry)];
    let mut request = Request::new(Empty::new());
    // A server knows its peer. Here nobody does, and a line would say, once, that ids can then not be believed.
    request.extensions_mut().insert(Peer(Ipv4Addr::LOCALHOST.into()));
    let response = service.oneshot(request).await?;
    let ids: Vec<_> = response.headers().get_all("x-request-id").iter().cloned().collect();
    // The exchange is over when the body is: only then it is told to the sink.
    response.into_body().collect().await?;

    let made = [lines() - before[0], counted(registry) - before[1]];
    let [id] = &ids[..] else { anyhow::bail!("{name}: {} ids instead of one", ids.len()) };
    writeln!(io::stdout(), "{name:12}  lines: {}  counted: {}  x-request-id: {}", made[0], made[1], id.to_str()?)?;
    ensure!(made == expected, "{name}: [lines, counted] should be {expected:?}");
    Ok(())
}

/// How many requests the metrics have seen, read as Prometheus would.
fn counted(registry: &Registry) -> u64 {
    let text = registry.render();
    let counts = text.lines().filter(|line| line.starts_with("http_server_request_duration_seconds_count{"));
    counts.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

static LINES: AtomicU64 = AtomicU64::new(0);

fn lines() -> u64 {
    LINES.load(Ordering::Relaxed)
}

/// Standard output that counts what the subscriber writes: one `write_all` for each event.
struct CountedStdout;

impl Write for CountedStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.fetch_add(bytes.iter().filter(|byte| **byte == b'\n').count() as u64, Ordering::Relaxed);
        io::stdout().write_all(bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
