//! The description is held to the router, and every answer of the API's tests to the description.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use cupola::Cupola;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::PATH;
use crate::api::tests::Service;
use crate::marketplace::{self, Marketplace};

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The description, as it is served.
pub(crate) async fn document(router: &Router) -> Value {
    let response = router.clone().oneshot(Request::get(PATH).body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap()
}

/// What an answer has that is not as the description says; nothing where it does not speak of the path.
pub(crate) fn wrong(document: &Value, method: &Method, path: &str, status: StatusCode, body: &Value) -> Option<String> {
    let path = path.split('?').next().unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operation =
        paths.iter().filter(|(template, _)| matches(template, path)).find_map(|(_, item)| item.get(name(method)))?;
    let responses = &operation["responses"];
    let response = responses.get(status.as_str()).unwrap_or(&responses["default"]);
    let json =
        ["application/json", "application/problem+json"].into_iter().find_map(|kind| response["content"].get(kind))?;
    let known = responses.get(status.as_str()).is_some() || !status.is_success();
    if !known {
        return Some(format!("{status} is not described"));
    }
    check(document, &json["schema"], body)
}

fn check(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    let root = json!({ "allOf": [schema], "components": document["components"] });
    let validator = jsonschema::draft202012::new(&root).unwrap();
    validator.validate(value).err().map(|error| format!("{error}: {value}"))
}

fn name(method: &Method) -> String {
    method.as_str().to_lowercase()
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len() && template.iter().zip(&path).all(|(one, other)| one == other || one.starts_with('{'))
}

/// The router with all that the service adds to it.
async fn whole() -> (Router, Service) {
    let service = Service::start().await;
    let cupola = Cupola::builder("test").vars(|_| None).output(std::io::sink()).build().unwrap();
    let market = Marketplace::new(&cupola, "http://127.0.0.1:9", "key").unwrap();
    let router = service.api.clone().routes(marketplace::routes(service.store.clone(), market));
    (router, service)
}

#[tokio::test]
async fn every_route_is_described_and_nothing_else() {
    let (router, _service) = whole().await;
    let document = document(&router).await;
    // A router shows its paths, as text, and nowhere else.
    let shown = format!("{router:?}");
    let routed: BTreeSet<&str> = shown.split('"').filter(|text| text.starts_with("/api/") && *text != PATH).collect();
    let paths = document["paths"].as_object().unwrap();
    let described: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    assert!(routed.len() > 10, "{shown}");
    assert_eq!(routed, described);

    for (path, item) in paths {
        for method in METHODS {
            let request =
                Request::builder().method(&method).uri(path.replace("{id}", "1")).body(Body::empty()).unwrap();
            let status = router.clone().oneshot(request).await.unwrap().status();
            // Who is served is asked for a token first.
            let served = if item.get(name(&method)).is_some() {
                StatusCode::UNAUTHORIZED
            } else {
                StatusCode::METHOD_NOT_ALLOWED
            };
            assert_eq!(status, served, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_not_as_described_is_found() {
    let (router, _service) = whole().await;
    let document = document(&router).await;
    let finds =
        |path: &str, status: StatusCode, body: Value| wrong(&document, &Method::GET, path, status, &body).is_some();
    assert!(finds("/api/v1/vms", StatusCode::OK, json!({ "items": [{}], "next_cursor": null })));
    assert!(finds("/api/v1/vms", StatusCode::NOT_FOUND, json!({ "type": "/problems/not-found", "status": 404 })));
    assert!(finds("/api/v1/vms/vm-1", StatusCode::CREATED, json!({})), "a status that is not described");
    assert!(!finds("/api/v1/vms", StatusCode::OK, json!({ "items": [], "next_cursor": null })));
}

#[tokio::test]
async fn operations_have_names_of_their_own_and_their_examples_are_valid() {
    let (router, _service) = whole().await;
    let document = document(&router).await;
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let names: Vec<&str> = operations.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");

    let mut examples = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        for (field, property) in properties.chain([(name, schema)]) {
            if let Some(example) = property.get("example") {
                examples += 1;
                assert_eq!(check(&document, property, example), None, "{name}.{field}");
            }
        }
    }
    assert!(examples >= 10, "{examples} examples");
}

#[tokio::test]
async fn what_a_marketplaces_route_refuses_is_a_problem() {
    let (router, service) = whole().await;
    for (method, path) in [
        (Method::GET, "/api/v1/gpus/offers?limit=many"),
        (Method::POST, "/api/v1/gpus"),
        (Method::GET, "/api/v1/gpus/x"),
    ] {
        let request = Request::builder().method(method).uri(path).header("authorization", service.ada());
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert!(response.status().is_client_error(), "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{path}");
    }
}
