//! The clients that a user would assemble instead: `client MODE COUNT`.
//!
//! | mode | client |
//! |---|---|
//! | `bare` | reqwest |
//! | `silent` | reqwest-middleware, reqwest-tracing, reqwest-retry; a subscriber that keeps spans, and writes nothing |
//! | `middleware` | the same, with a JSON line of each span by tracing-subscriber |
//! | `metrics` | the same, with a counter and a histogram by the `metrics` facade and its Prometheus exporter |

#[path = "../../../src/outbound.rs"]
mod outbound;

use std::fs::File;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use reqwest_tracing::{OtelName, TracingMiddleware};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mode, count) = (args.next().unwrap_or_default(), args.next().and_then(|count| count.parse().ok()));
    let Some(count) = count else { return usage() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a thread is all it needs");
    runtime.block_on(async {
        let base = outbound::serve().await.expect("a port is free");
        let bare = reqwest::Client::new();
        let client = stack(bare.clone());
        match mode.as_str() {
            "bare" => outbound::run(&mode, &base, count, |url| read(bare.get(url).send())).await,
            "silent" => {
                tracing_subscriber::registry().init();
                outbound::run(&mode, &base, count, |url| asked(&client, url)).await
            }
            "middleware" => {
                lines();
                outbound::run(&mode, &base, count, |url| asked(&client, url)).await
            }
            "metrics" => {
                lines();
                let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
                metrics::set_global_recorder(recorder).expect("nobody else sets it");
                outbound::run(&mode, &base, count, |url| counted(&client, url)).await
            }
            _ => usage(),
        }
    })
}

fn stack(bare: reqwest::Client) -> ClientWithMiddleware {
    let policy = ExponentialBackoff::builder().build_with_max_retries(2);
    let retry = RetryTransientMiddleware::new_with_policy(policy);
    ClientBuilder::new(bare).with(TracingMiddleware::default()).with(retry).build()
}

fn lines() {
    let null = File::options().write(true).open("/dev/null").expect("every Unix has it");
    let layer = tracing_subscriber::fmt::layer().json().with_span_events(FmtSpan::CLOSE).with_writer(Mutex::new(null));
    tracing_subscriber::registry().with(layer).init();
}

async fn asked(client: &ClientWithMiddleware, url: String) -> Option<usize> {
    read(client.get(url).with_extension(OtelName("/users/{id}".into())).send()).await
}

async fn counted(client: &ClientWithMiddleware, url: String) -> Option<usize> {
    let began = Instant::now();
    let read = asked(client, url).await;
    let labels = [("method", "GET"), ("template", "/users/{id}"), ("status", "200")];
    metrics::counter!("http_client_requests", &labels).increment(1);
    metrics::histogram!("http_client_request_duration_seconds", &labels).record(began.elapsed().as_secs_f64());
    read
}

async fn read<E>(response: impl Future<Output = Result<reqwest::Response, E>>) -> Option<usize> {
    response.await.ok()?.bytes().await.ok().map(|bytes| bytes.len())
}

fn usage() -> ExitCode {
    let _ = writeln!(std::io::stderr(), "client bare|silent|middleware|metrics COUNT");
    ExitCode::FAILURE
}
