//! tower-http's request ids and ours: one id, whichever layer stands outside.

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::routing::get;
use cupola_http::Peer;
use http::Request;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use crate::support::{Records, call, get as request, header, read};

/// A request that brings this id, from this peer.
fn named(id: &'static str, peer: [u8; 4]) -> Request<Body> {
    let mut asked = request("/");
    asked.headers_mut().insert("x-request-id", http::HeaderValue::from_static(id));
    asked.extensions_mut().insert(Peer(peer.into()));
    asked
}

const FRIEND: [u8; 4] = [127, 0, 0, 1];
const STRANGER: [u8; 4] = [8, 8, 8, 8];

/// What a handler behind tower-http's layers sees, what the response says, and what is recorded.
async fn agreed(app: Router, records: &Records, asked: Request<Body>) -> String {
    let response = call(app, asked).await;
    assert_eq!(response.headers().get_all("x-request-id").iter().count(), 1);
    let echoed = header(&response, "x-request-id").to_owned();
    assert_eq!(read(response).await, echoed);
    assert_eq!(records.one().0.context.request_id().as_str(), echoed);
    echoed
}

async fn theirs(Extension(id): Extension<tower_http::request_id::RequestId>) -> String {
    id.header_value().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn tower_https_id_agrees_with_ours_around_it() {
    let app = |records: &Records| {
        Router::new()
            .route("/", get(theirs))
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
            .layer(records.layer())
    };
    let records = Records::new();
    agreed(app(&records), &records, request("/")).await;
    let records = Records::new();
    assert_eq!(agreed(app(&records), &records, named("order-7", FRIEND)).await, "order-7");
    let records = Records::new();
    assert_ne!(agreed(app(&records), &records, named("order-7", STRANGER)).await, "order-7", "not a stranger's");
    assert_eq!(records.one().0.client_request_id(), Some("order-7"));
}

#[tokio::test]
async fn tower_https_id_agrees_with_ours_inside_it() {
    let app = |records: &Records| {
        Router::new()
            .route("/", get(theirs))
            .layer(records.layer())
            .layer(PropagateRequestIdLayer::x_request_id())
            .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
    };
    let records = Records::new();
    assert_eq!(agreed(app(&records), &records, request("/")).await.len(), 36);
    // An id that is none, which tower-http took as it was: ours replaces it.
    let records = Records::new();
    assert_eq!(agreed(app(&records), &records, named("a b", FRIEND)).await.len(), 36);
    // A stranger's id, which tower-http took as it was: ours replaces it too.
    let records = Records::new();
    assert_ne!(agreed(app(&records), &records, named("order-7", STRANGER)).await, "order-7");
    assert_eq!(records.one().0.client_request_id(), Some("order-7"));
}
