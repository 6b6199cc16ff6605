//! An upgraded connection under `cupola.serve`: nobody in the application watches it, and its end is known all the same.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use axum::Router;
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::routing::any;
use cupola_tests::{Line, Service, eventually, metric};

const HANDSHAKE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn listen(mut socket: WebSocket) {
    while let Some(Ok(_)) = socket.recv().await {}
}

fn ends(lines: &[Line]) -> Vec<Line> {
    lines.iter().filter(|line| line["message"] == "upgraded connection ended").cloned().collect()
}

#[test]
fn its_end_has_a_line_and_a_place_in_the_metrics() {
    let room = async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(listen);
    let service = Service::start(&[], Router::new().route("/rooms/{id}", any(room)));
    let mut client = service.client();
    client.send(format!("GET /rooms/7 HTTP/1.1\r\nHost: x\r\n{HANDSHAKE}\r\n"));
    let id = client.head().header("x-request-id").to_owned();
    assert!(ends(&service.lines()).is_empty(), "it still listens");
    drop(client);
    eventually("the end of the connection is told", || !ends(&service.lines()).is_empty());
    let count = metric(&service.metrics(), "cupola_http_upgraded_lifetime_seconds_count");
    assert!((count - 1.0).abs() < f64::EPSILON, "{count}");
    let ended = service.stop();
    let line = ended.line("upgraded connection ended");
    assert_eq!(
        (&line["request_id"], &line["route"], &line["method"]),
        (&id.into(), &"/rooms/{id}".into(), &"GET".into())
    );
    assert!(line["lifetime_ms"].as_f64().unwrap() > 0.0 && line["trace_id"].is_string());
    assert_eq!(ended.access()[0]["outcome"], "upgraded");
}
