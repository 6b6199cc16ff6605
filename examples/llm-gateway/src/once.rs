//! `--once`: a few questions of the gateway's own, and what came of them.

use std::io::Write;
use std::net::SocketAddr;

use anyhow::{Context, ensure};
use axum::Router;
use axum::http::Request;
use bytes::Bytes;
use cupola::Cupola;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

const PROMPT: &str = r#"{"prompt":"What is a cupola?"}"#;
const STREAM: &str = r#"{"model":"echo-1","stream":true,"messages":[{"role":"user","content":"What is a tower?"}]}"#;

/// Serves for as long as the questions take, then shows the answers and what was counted.
pub async fn run(cupola: &Cupola, listener: TcpListener, app: Router) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let (tell, told) = oneshot::channel();
    // The questions are the stop signal: when they are answered, the server ends as it would on SIGTERM.
    let asked = async move {
        // Told in vain only where the server has failed, and then that is the error that counts.
        let _ = tell.send(ask_all(address).await);
    };
    cupola.serve_until(listener, app, asked).await?;
    let answers = told.await.context("the server ended before the questions")??;
    let metrics = cupola.registry().render();
    let mut out = std::io::stdout();
    for answer in answers {
        writeln!(out, "{answer}")?;
    }
    for name in
        ["gen_ai_client_operation_duration_seconds_count{", "gen_ai_client_cost_USD_total{", "cache_requests_total{"]
    {
        let mut counted = metrics.lines().filter(|line| line.starts_with(name)).peekable();
        ensure!(counted.peek().is_some(), "{name} was not counted");
        counted.try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(())
}

async fn ask_all(address: SocketAddr) -> anyhow::Result<Vec<String>> {
    let first = ask(address, "/api/v1/generate", PROMPT).await?;
    let again = ask(address, "/api/v1/generate", PROMPT).await?;
    ensure!(again.contains("\"cached\":true"), "the same question was asked again: {again}");
    let stream = ask(address, "/v1/chat/completions", STREAM).await?;
    ensure!(stream.ends_with("data: [DONE]\n\n"), "the stream broke off: {stream}");
    let events = stream.matches("data: ").count();
    Ok(vec![first, again, format!("a stream of {events} events")])
}

async fn ask(address: SocketAddr, path: &str, body: &'static str) -> anyhow::Result<String> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = Request::post(format!("http://{address}{path}")).body(Full::from(body))?;
    let response = client.request(request).await?;
    ensure!(response.status().is_success(), "{path} has answered {}", response.status());
    Ok(String::from_utf8(response.into_body().collect().await?.to_bytes().into())?)
}
