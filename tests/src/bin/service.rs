//! A small service, so that tests can measure and signal a process: `init`, one layer, `serve`.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use bytes::Bytes;
use cupola_tests::{JSON_HEAD, JSON_TAIL, Pattern};
use futures_util::{StreamExt, stream};
use http_body_util::BodyExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cupola = cupola::init("service")?;
    let app = Router::new()
        .route("/hello/{name}", get(|Path(name): Path<String>| async move { format!("hello {name}\n") }))
        .route("/slow/{ms}", get(slow))
        .route("/upload", post(upload))
        .route("/download/{bytes}", get(download))
        .merge(cupola.routes())
        .layer(cupola.layer());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    Ok(cupola.serve(listener, app).await?)
}

async fn slow(Path(ms): Path<u64>) -> &'static str {
    tracing::info!("slow request is there");
    tokio::time::sleep(Duration::from_millis(ms)).await;
    "done\n"
}

/// Reads a JSON object around a pattern piece by piece, and says how much of it was as it should be.
async fn upload(request: Request) -> Result<String, String> {
    let (mut body, mut pattern) = (request.into_body(), Pattern::default());
    let (mut head, mut sum) = (JSON_HEAD.as_bytes(), 0);
    while let Some(frame) = body.frame().await {
        let data = frame.map_err(|error| error.to_string())?.into_data().unwrap_or_default();
        let known = head.len().min(data.len());
        let (first, rest) = data.split_at(known);
        let middle = rest.strip_suffix(JSON_TAIL.as_bytes()).unwrap_or(rest);
        if first != &head[..known] || !pattern.continues_with(middle) {
            return Err(format!("another body after {sum} bytes"));
        }
        head = &head[known..];
        sum += data.len();
    }
    Ok(format!("{sum}\n"))
}

/// A JSON object around a pattern of so many bytes.
async fn download(Path(bytes): Path<usize>) -> impl IntoResponse {
    let pieces = stream::unfold((Pattern::default(), bytes), |(mut pattern, left)| async move {
        let piece = Bytes::copy_from_slice(pattern.next(left));
        let left = left - piece.len();
        (!piece.is_empty()).then_some((piece, (pattern, left)))
    });
    let once = |text: &'static str| stream::once(async move { Bytes::from_static(text.as_bytes()) });
    let whole = once(JSON_HEAD).chain(pieces).chain(once(JSON_TAIL)).map(Ok::<_, std::io::Error>);
    let length = (JSON_HEAD.len() + bytes + JSON_TAIL.len()).to_string();
    ([(CONTENT_TYPE, "application/json".to_owned()), (CONTENT_LENGTH, length)], Body::from_stream(whole))
}
