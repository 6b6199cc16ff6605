//! Upgraded connections last beyond their exchange, and are recorded when they end.

use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Extension, body::Body};
use cupola_http::{Connection, UpgradeWatch};
use cupola_record::{AccessLog, Choices, Outcome, Sink};
use futures_util::{SinkExt, StreamExt};
use http::{Method, Request, StatusCode};
use tokio_tungstenite::WebSocketStream;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Lines, Records, call, get as request, in_time, serve};

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let _ = cupola_context::set("messages", 1);
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn watched(upgrade: WebSocketUpgrade, watch: UpgradeWatch) -> Response {
    upgrade.on_upgrade(|socket| watch.watch(echo(socket)))
}

async fn connect(app: Router) -> WebSocketStream<tokio::net::TcpStream> {
    let address = serve(app).await;
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    in_time(tokio_tungstenite::client_async(format!("ws://{address}/rooms/7"), stream)).await.unwrap().0
}

#[tokio::test]
async fn a_watched_socket_is_recorded_when_it_ends() {
    let records = Records::new();
    let mut socket = connect(Router::new().route("/rooms/{id}", any(watched)).layer(records.layer())).await;
    let (exchange, ended) = records.ended().await;
    assert_eq!(ended.outcome, Outcome::Upgraded);
    in_time(socket.send("hello".into())).await.unwrap();
    in_time(socket.next()).await.unwrap().unwrap();
    assert!(records.capture.upgraded().is_empty(), "it still talks");
    in_time(socket.close(None)).await.unwrap();
    records.told_of_upgrade().await;
    let upgraded = records.capture.upgraded();
    assert_eq!((upgraded.len(), upgraded[0].route.as_deref(), &*upgraded[0].method), (1, Some("/rooms/{id}"), "GET"));
    assert!(upgraded[0].context.is(&exchange.context) && upgraded[0].lifetime > Duration::ZERO);
    assert!(upgraded[0].context.field("messages").is_some(), "its context is ambient while it talks");
}

#[tokio::test]
async fn a_server_that_tells_of_its_connections_needs_no_watch_and_nothing_is_told_twice() {
    let (records, connection) = (Records::new(), Connection::new());
    let switch = |upgrades: UpgradeWatch| async move {
        // A handler that watches too, and has ended.
        upgrades.watch(std::future::ready(())).await;
        Response::builder().status(StatusCode::SWITCHING_PROTOCOLS).body(Body::empty()).unwrap()
    };
    let app = Router::new().route("/", get(switch)).layer(records.layer()).layer(Extension(connection.clone()));
    let request = || Request::get("/").header("upgrade", "chat").body(Body::empty()).unwrap();
    for _ in 0..2 {
        call(app.clone(), request()).await;
        connection.close();
        connection.close();
    }
    assert_eq!(records.capture.upgraded().len(), 2, "once for each");
}

#[tokio::test]
async fn what_is_not_recorded_has_no_end_either_and_two_layers_tell_it_once() {
    let check = async |path: &str, expected: usize| {
        let (records, connection) = (Records::new(), Connection::new());
        let switch = || async { Response::builder().status(101).body(Body::empty()).unwrap() };
        let muted = || async {
            cupola_record::mute();
            Response::builder().status(101).body(Body::empty()).unwrap()
        };
        let layer = || records.layer().skip("/skipped").on_route("/named", Choices::new().mute());
        let app = Router::new()
            .route("/skipped", get(switch))
            .route("/named", get(switch))
            .route("/muted", get(muted))
            .route("/", get(switch))
            .layer(layer())
            .layer(layer())
            .layer(Extension(connection.clone()));
        call(app, Request::get(path).header("upgrade", "chat").body(Body::empty()).unwrap()).await;
        connection.close();
        assert_eq!(records.capture.upgraded().len(), expected, "{path}");
    };
    check("/skipped", 0).await;
    check("/named", 0).await;
    check("/muted", 0).await;
    check("/", 1).await;
}

#[tokio::test]
async fn one_tunnel_of_a_connection_does_not_end_another() {
    let (records, connection) = (Records::new(), Connection::new());
    let switch = || async { Response::builder().status(101).body(Body::empty()).unwrap() };
    let app = Router::new().route("/", get(switch)).layer(records.layer()).layer(Extension(connection.clone()));
    for _ in 0..3 {
        call(app.clone(), Request::get("/").header("upgrade", "chat").body(Body::empty()).unwrap()).await;
    }
    assert!(records.capture.upgraded().is_empty(), "all three are open");
    connection.close();
    assert_eq!(records.capture.upgraded().len(), 3);
}

#[tokio::test]
async fn a_refused_upgrade_was_none() {
    let (records, connection) = (Records::new(), Connection::new());
    let service = records.layer().layer(service_fn(|mut request: Request<_>| async move {
        let watch = request.extensions_mut().remove::<UpgradeWatch>().expect("CONNECT asks for a tunnel");
        watch.watch(std::future::ready(())).await;
        Ok::<_, std::io::Error>(http::Response::builder().status(403).body(Body::empty()).unwrap())
    }));
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = "db.internal:5432".parse().unwrap();
    request.extensions_mut().insert(connection.clone());
    service.oneshot(request).await.unwrap();
    connection.close();
    assert_eq!((records.one().1.outcome, records.capture.upgraded().len()), (Outcome::Complete, 0));
}

#[tokio::test]
async fn without_an_upgrade_there_is_nothing_to_watch() {
    let app = Router::new().route("/", any(watched)).layer(Records::new().layer());
    assert_eq!(call(app, request("/")).await.status(), StatusCode::BAD_REQUEST);
    let alone = |_: UpgradeWatch| async {};
    let app = Router::new().route("/", get(alone)).layer(Records::new().layer());
    assert_eq!(call(app, request("/")).await.status(), StatusCode::UPGRADE_REQUIRED);
}

#[tokio::test]
async fn the_end_has_a_line_of_its_own() {
    let (lines, _capturing) = Lines::capture();
    let records = Records::new();
    let layer = cupola_http::layer(AccessLog::new().and(records.sink()));
    let mut socket = connect(Router::new().route("/rooms/{id}", any(watched)).layer(layer)).await;
    in_time(socket.send(Message::Text("x".into()).into_text().unwrap().as_str().into())).await.unwrap();
    drop(socket);
    records.told_of_upgrade().await;
    let line = lines.all().pop().expect("two lines");
    assert_eq!((line.message(), line.get("route")), ("upgraded connection ended", "/rooms/{id}"));
    assert!(line.get("lifetime_ms").parse::<f64>().unwrap() > 0.0);
}
