//! Cupola in an axum service: one `init`, one `.layer()`, and every request has an id, a log line and its metrics.
//!
//! `cargo run -p axum_minimal` serves on 127.0.0.1:3000 until Ctrl-C; try `curl -i 127.0.0.1:3000/hello/ada` and
//! `curl 127.0.0.1:3000/metrics`. With `-- --once` it takes a free port, sends itself one request, shows what came of
//! it, and ends.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use axum::Router;
use axum::extract::Path;
use axum::http::HeaderMap;
use axum::routing::get;
use bytes::Bytes;
use cupola::Cupola;
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Reads the environment once, and switches logs, ids and metrics on. A variable with a value that is not accepted
    // ends the start here, with a text that names it: try `CUPOLA_TRUST=everyone`.
    let cupola = cupola::init("axum_minimal")?;
    let app = Router::new()
        .route("/hello/{name}", get(hello))
        // `/metrics`, `/healthz` and `/readyz`. Requests for these have no line and no metrics of their own.
        .merge(cupola.routes())
        // The last layer of a router is the outermost: it times all that is inside, and no answer leaves without its id.
        .layer(cupola.layer());

    match std::env::args().nth(1).as_deref() {
        Some("--once") => once(&cupola, app).await,
        Some(other) => bail!("`{other}` is not an argument of this example: only --once is"),
        None => {
            let listener = TcpListener::bind("127.0.0.1:3000").await?;
            // Serves until SIGTERM or Ctrl-C, lets requests in flight end, and writes the lines that wait.
            Ok(cupola.serve(listener, app).await?)
        }
    }
}

async fn hello(Path(name): Path<String>) -> String {
    // A context field shows on every later line of this request, the access line included.
    cupola::context::set("user_name", name.clone());
    // An event of plain `tracing`: request id, trace and `user_name` come onto its line by themselves.
    tracing::info!(letters = name.len(), "greeting somebody");
    format!("hello, {name}\n")
}

/// Serves for as long as a request of its own takes, then shows the id it was given and what was counted.
async fn once(cupola: &Cupola, app: Router) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (tell, told) = oneshot::channel();
    // The request is the stop signal: when its answer is there, the server ends as it would on SIGTERM.
    let asked = async move {
        // Told in vain only where the server has failed, and then that is the error that counts.
        let _ = tell.send(ask(address).await);
    };
    cupola.serve_until(listener, app, asked).await?;

    let headers = told.await.context("the server ended before the request")??;
    let id = headers.get("x-request-id").context("the response has no x-request-id")?.to_str()?;
    let metrics = cupola.registry().render();
    let counted = |line: &&str| line.starts_with("http_server_request_duration_seconds_count{");
    let counted = metrics.lines().find(counted).context("the request was not counted")?;
    ensure!(counted.contains(r#"http_route="/hello/{name}""#), "counted under another route: {counted}");
    Ok(writeln!(std::io::stdout(), "x-request-id: {id}\n{counted}")?)
}

async fn ask(address: SocketAddr) -> anyhow::Result<HeaderMap> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let response = client.get(format!("http://{address}/hello/ada").parse()?).await?;
    ensure!(response.status().is_success(), "the answer was {}", response.status());
    Ok(response.headers().clone())
}
