//! Choices: what a route, a response or a handler wants to be recorded otherwise.

use axum::Router;
use axum::body::Body;
use axum::extract::Json;
use axum::routing::{get, post};
use axum::{Extension, response::IntoResponse};
use cupola_http::{BodyRules, choose};
use cupola_record::{AccessLog, Choices, Sink};
use http::{Request, StatusCode};
use serde_json::Value;
use tracing::Level;

use crate::support::{Lines, Records, call, get as request, header, read};

const QUIET: Choices = Choices::new().level(Level::DEBUG);

#[tokio::test]
async fn a_route_a_layer_a_response_and_a_handler_choose_the_level() {
    let ways = [
        ("/named", get(|| async { "ok" })),
        ("/layered", get(|| async { "ok" }).layer(choose(QUIET))),
        ("/answered", get(|| async { (Extension(QUIET), "ok") })),
        ("/said", get(|| async { cupola_record::choose(QUIET).to_string() })),
    ];
    for (path, route) in ways {
        let records = Records::new();
        let app = Router::new().route(path, route).layer(records.layer().on_route("/named", QUIET));
        read(call(app, request(path)).await).await;
        let (_, ended) = records.one();
        assert_eq!((ended.level(), ended.muted), (Level::DEBUG, false), "{path}");
    }
}

#[tokio::test]
async fn what_fails_keeps_its_level() {
    let records = Records::new();
    let handler = || async { StatusCode::SERVICE_UNAVAILABLE };
    let app = Router::new().route("/", get(handler)).layer(records.layer().on_route("/", QUIET));
    read(call(app, request("/")).await).await;
    assert_eq!(records.one().1.level(), Level::ERROR);
}

#[tokio::test]
async fn a_muted_request_has_no_line_and_its_sinks_are_told_that_it_is() {
    let (lines, _capturing) = Lines::capture();
    let records = Records::new();
    let app = Router::new()
        .route("/loud", get(|| async { "ok" }))
        .route("/quiet", get(|| async { cupola_record::mute().to_string() }))
        .layer(cupola_http::layer(AccessLog::new().and(records.sink())));
    for path in ["/quiet", "/loud"] {
        read(call(app.clone(), request(path)).await).await;
    }
    let muted: Vec<bool> = records.now(2).iter().map(|(_, ended)| ended.muted).collect();
    assert_eq!(muted, [true, false]);
    let all = lines.all();
    let paths: Vec<&str> = all.iter().map(|line| line.get("path")).filter(|path| !path.is_empty()).collect();
    assert_eq!(paths, ["/loud"]);
}

#[tokio::test]
async fn a_route_that_is_muted_by_name_is_identified_and_not_recorded() {
    let records = Records::new();
    let layer = records.layer().on_route("/probe/{id}", Choices::new().mute());
    let app = Router::new().route("/probe/{id}", get(|| async { "ok" })).layer(layer);
    let response = call(app, request("/probe/7")).await;
    assert!(!header(&response, "x-request-id").is_empty());
    read(response).await;
    assert_eq!((records.capture.opened(), records.now(0).len()), (0, 0));
}

#[tokio::test]
async fn bodies_are_shown_where_they_are_chosen() {
    let check = async |rules: BodyRules, choices: Choices, state: &str| {
        let records = Records::new();
        let app = Router::new()
            .route("/", post(async |Json(value): Json<Value>| Json(value)).layer(choose(choices)))
            .layer(records.layer().bodies(rules));
        let request = Request::post("/").header("content-type", "application/json").body(Body::from("{}")).unwrap();
        read(call(app, request).await).await;
        let bodies = records.one().1.bodies.expect("bodies are captured");
        assert_eq!((bodies.request.state.as_str(), bodies.response.state.as_str()), (state, state), "{choices:?}");
    };
    check(BodyRules::default(), Choices::new(), "complete").await;
    check(BodyRules::default(), Choices::new().bodies(false), "skipped_route").await;
    check(BodyRules::default().not_route("/"), Choices::new().bodies(true), "complete").await;
    check(BodyRules::default().when_chosen(), Choices::new(), "skipped_route").await;
    check(BodyRules::default().when_chosen(), Choices::new().bodies(true), "complete").await;
}

#[tokio::test]
async fn a_route_decides_about_sampling_before_its_trace_goes_anywhere() {
    for sampled in [true, false] {
        let records = Records::new();
        let layer = records.layer().on_route("/", Choices::new().sampled(sampled));
        let said = || async { cupola_context::current().unwrap().traceparent().to_string().into_response() };
        let app = Router::new().route("/", get(said)).layer(layer);
        let traceparent = read(call(app, request("/")).await).await;
        let flags = if sampled { b"-03" } else { b"-02" };
        assert!(traceparent.ends_with(flags), "{traceparent:?}");
        assert_eq!(records.one().0.context.trace().flags.is_sampled(), sampled);
    }
}
