//! Routes: the template, wherever the layer stands, and never the path.

use axum::Router;
use axum::routing::{get, post};
use cupola_http::route_slot;
use cupola_record::Ended;
use http::{Request, StatusCode};
use tower::Layer;

use crate::support::{Records, call, get as request, header, read, serve_service};

fn vms() -> Router {
    Router::new().route("/vms/{id}", get(|| async { "a vm" }).delete(|| async {}))
}

async fn asked(app: Router, records: &Records, path: &str) -> (StatusCode, Ended) {
    let response = call(app, request(path)).await;
    let status = response.status();
    read(response).await;
    let (exchange, ended) = records.one();
    assert_eq!(exchange.path(), path);
    (status, ended)
}

async fn route_of(app: Router, records: &Records, path: &str) -> Option<String> {
    asked(app, records, path).await.1.route.map(|route| route.to_string())
}

#[tokio::test]
async fn a_matched_route_is_its_template() {
    let records = Records::new();
    assert_eq!(route_of(vms().layer(records.layer()), &records, "/vms/7").await.as_deref(), Some("/vms/{id}"));
}

#[tokio::test]
async fn an_unmatched_path_has_no_route() {
    let records = Records::new();
    let (status, ended) = asked(vms().layer(records.layer()), &records, "/wp-login.php").await;
    assert_eq!((status, ended.route), (StatusCode::NOT_FOUND, None));
}

#[tokio::test]
async fn a_fallback_has_no_route() {
    let records = Records::new();
    let app = vms().fallback(|| async { "a page" }).layer(records.layer());
    let (status, ended) = asked(app, &records, "/anything").await;
    assert_eq!((status, ended.route), (StatusCode::OK, None));
}

#[tokio::test]
async fn a_method_that_is_not_allowed_has_its_route() {
    let records = Records::new();
    let response = call(vms().layer(records.layer()), Request::post("/vms/7").body("".into()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(records.one().1.route.as_deref(), Some("/vms/{id}"));
}

#[tokio::test]
async fn nested_routers_have_the_whole_template() {
    for path in ["/api/v1/vms/7", "/api/v1/vms/8"] {
        let records = Records::new();
        let app = Router::new().nest("/api/v1", vms()).layer(records.layer());
        assert_eq!(route_of(app, &records, path).await.as_deref(), Some("/api/v1/vms/{id}"));
        // The layer on the inner router alone.
        let records = Records::new();
        let app = Router::new().nest("/api/v1", vms().layer(records.layer()));
        assert_eq!(route_of(app, &records, path).await.as_deref(), Some("/api/v1/vms/{id}"));
    }
}

#[tokio::test]
async fn an_unmatched_path_below_a_nest_has_no_route() {
    let records = Records::new();
    let app = Router::new().nest("/api/v1", vms()).layer(records.layer());
    let (status, ended) = asked(app, &records, "/api/v1/secrets/42").await;
    assert_eq!((status, ended.route), (StatusCode::NOT_FOUND, None));
}

#[tokio::test]
async fn a_nested_service_tells_its_route_through_the_slot() {
    let app = |records: &Records, inner: Router| Router::new().nest_service("/api", inner).layer(records.layer());
    let records = Records::new();
    assert_eq!(route_of(app(&records, vms()), &records, "/api/vms/7").await, None);
    let records = Records::new();
    let told = route_of(app(&records, vms().layer(route_slot())), &records, "/api/vms/7").await;
    assert_eq!(told.as_deref(), Some("/api/vms/{id}"));
}

#[tokio::test]
async fn around_the_whole_router_the_slot_tells_the_route() {
    for (path, route) in [("/vms/7", Some("/vms/{id}")), ("/nowhere", None)] {
        let records = Records::new();
        let service = records.layer().layer(vms().layer(route_slot()));
        read(call(service, request(path)).await).await;
        assert_eq!(records.one().1.route.as_deref(), route, "{path}");
    }
}

#[tokio::test]
async fn around_the_whole_router_a_second_layer_tells_the_route() {
    let (records, inner) = (Records::new(), Records::new());
    let service = records.layer().layer(vms().layer(inner.layer()));
    let response = call(service, request("/vms/7")).await;
    let id = header(&response, "x-request-id").to_owned();
    read(response).await;
    for (exchange, ended) in [records.one(), inner.one()] {
        assert_eq!(ended.route.as_deref(), Some("/vms/{id}"));
        assert_eq!(exchange.context.request_id().as_str(), id);
    }
}

#[tokio::test]
async fn around_the_whole_router_with_nothing_inside_there_is_no_route() {
    let records = Records::new();
    let service = records.layer().layer(vms());
    assert_eq!(read(call(service, request("/vms/7")).await).await, "a vm");
    assert_eq!(records.one().1.route, None);
}

#[tokio::test]
async fn around_the_whole_router_over_a_socket() {
    let records = Records::new();
    let address = serve_service(records.layer().layer(vms().layer(route_slot()))).await;
    assert!(crate::support::raw(address, "GET", "/vms/7").await.ends_with("a vm"));
    assert_eq!(records.ended().await.1.route.as_deref(), Some("/vms/{id}"));
}

#[tokio::test]
async fn a_route_that_a_handler_tells_counts_where_no_other_is_known() {
    let records = Records::new();
    let handler = |context: cupola_context::Context| async move { context.set_route("/pages/{slug}") };
    let app = Router::new().fallback(handler).layer(records.layer());
    assert_eq!(route_of(app, &records, "/pages/welcome").await.as_deref(), Some("/pages/{slug}"));
    let records = Records::new();
    let handler = |context: cupola_context::Context| async move { context.set_route("/late") };
    let app = Router::new().route("/", post(handler)).layer(records.layer());
    read(call(app, Request::post("/").body("".into()).unwrap()).await).await;
    assert_eq!(records.one().1.route.as_deref(), Some("/"), "the first word counts");
}

#[tokio::test]
async fn a_slot_without_a_layer_around_it_does_no_harm() {
    assert_eq!(read(call(vms().layer(route_slot()), request("/vms/7")).await).await, "a vm");
}
