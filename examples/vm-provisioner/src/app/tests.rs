//! The layers in their order: what each of them does is seen on the answers of all the others.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use cupola::Cupola;
use http_body_util::BodyExt;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;

use super::{BODY_LIMIT, router};
use crate::api::Api;
use crate::hypervisor::Simulated;
use crate::store::{DEMO_TOKENS, Store};
use crate::temporary::Folder;
use crate::worker::Worker;

struct App {
    router: Router,
    _worker: Worker,
    _folder: Folder,
}

impl App {
    async fn start() -> Self {
        let folder = Folder::new();
        let store = Store::open(folder.path(), cupola::client::Queries::new()).await.unwrap();
        let (worker, queue) = folder.worker(&store, Simulated::instant(), None).await;
        let cupola = Cupola::builder("test").vars(|_| None).output(std::io::sink()).build().unwrap();
        let router = router(Api { store, queue, demo: false }, OpenApiRouter::new(), &cupola, Router::new());
        Self { router, _worker: worker, _folder: folder }
    }

    /// Answers, and checks what every answer has: an id, and the header of the set-header layer.
    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert!(response.headers().contains_key("x-request-id"));
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        response
    }
}

#[tokio::test]
async fn a_preflight_request_needs_no_token() {
    let request = Request::options("/api/v1/vms")
        .header("origin", "https://console.example")
        .header("access-control-request-method", "POST")
        .body(Body::empty());
    let response = App::start().await.answer(request.unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_problem_that_a_browser_may_read() {
    let request = Request::post("/api/v1/vms")
        .header("authorization", format!("Bearer {}", DEMO_TOKENS[0].0))
        .header("content-type", "application/json")
        .header("content-length", BODY_LIMIT + 1)
        .header("origin", "https://console.example")
        .body(Body::from(vec![b' '; BODY_LIMIT + 1]));
    let response = App::start().await.answer(request.unwrap()).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn errors_show_the_id_of_their_request() {
    let response = App::start().await.answer(Request::get("/nowhere").body(Body::empty()).unwrap()).await;
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(problem["request_id"], id);
}

#[tokio::test]
async fn answers_are_packed_for_those_who_unpack() {
    let app = App::start().await;
    let request = Request::get("/nowhere").header("accept-encoding", "gzip").body(Body::empty());
    assert_eq!(app.answer(request.unwrap()).await.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn metrics_and_health_need_no_token() {
    let app = App::start().await;
    for path in ["/metrics", "/healthz", "/readyz"] {
        let response = app.router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
}
