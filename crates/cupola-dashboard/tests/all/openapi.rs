//! The OpenAPI document: that it tells of what is there, and that what is there is told of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use cupola_dashboard::{Access, Api, Caretaker, Role};
use cupola_store::{Metadata, MetadataFile, Tails};
use http::Request;
use http::response::Parts;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use crate::alerts::failing;
use crate::support::House;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// All that there can be.
pub(crate) fn whole(house: &House) -> Api {
    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(house.dir()).unwrap());
    let backups = house.dir().join("backups");
    let caretaker = Caretaker::new(Arc::new(house.store().upkeep(Some(backups))), Arc::clone(&metadata));
    let access = Access::default()
        .users(Arc::clone(&metadata))
        .token("view-token", Role::Viewer)
        .token("operator-token", Role::Operator)
        .token("admin-token", Role::Admin);
    let alerts = failing(house, Arc::clone(&metadata));
    Api::new(Arc::new(house.reader()))
        .access(access)
        .tails(Tails::new(64))
        .alerting(alerts)
        .caretaker(caretaker)
        .metadata(metadata)
}

async fn ask(app: &Router, method: &str, path: &str, role: &str) -> (Parts, Value) {
    let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {role}-token"));
    let (head, body) = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap().into_parts();
    if head.headers["content-type"] == "text/event-stream" {
        return (head, Value::Null);
    }
    let bytes = body.collect().await.unwrap().to_bytes();
    (head, serde_json::from_slice(&bytes).unwrap_or_default())
}

async fn document(app: &Router, role: &str) -> Value {
    let (head, document) = ask(app, "GET", "/cupola/api/v1/openapi.json", role).await;
    assert_eq!((head.status.as_u16(), &head.headers["content-type"]), (200, &"application/json".parse().unwrap()));
    document
}

/// Each operation by its path and method.
fn operations(document: &Value) -> BTreeMap<(String, String), Value> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        let methods = METHODS.iter().filter_map(|method| Some(((*method).to_owned(), item.get(method)?.clone())));
        methods.map(|(method, operation)| ((path.clone(), method), operation))
    });
    all.collect()
}

/// An address of a path, whose steps are those of something that is not there.
fn address(path: &str) -> String {
    path.replace("{trace_id}", &"0".repeat(32)).replace("{id}", "none").replace("{name}", "none")
}

#[tokio::test]
async fn every_route_is_in_the_document_and_the_reverse() {
    let house = House::new();
    let app = whole(&house).router();
    let operations = operations(&document(&app, "view").await);
    assert!(operations.len() > 40, "{:?}", operations.keys());
    let mut by_path: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (path, method) in operations.keys() {
        by_path.entry(path).or_default().insert(method.to_uppercase());
    }
    for (path, mut methods) in by_path {
        // The router says itself what it has at a path.
        let (head, problem) = ask(&app, "QUERY", &address(path), "admin").await;
        assert_eq!(head.status.as_u16(), 405, "{path}: {problem}");
        if methods.contains("GET") {
            methods.insert("HEAD".to_owned());
        }
        let allowed = head.headers["allow"].to_str().unwrap().split(',').map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn each_operation_refuses_whom_the_document_says_and_names_the_parameters_that_it_has() {
    let house = House::new();
    let app = whole(&house).router();
    let roles = ["viewer", "operator", "admin"];
    let mut ids = BTreeSet::new();
    for ((path, method), operation) in operations(&document(&app, "admin").await) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{path}: {operation}");
        let role = operation["security"][0]["bearer"][0].as_str().unwrap();
        let needs = roles.iter().position(|known| *known == role).unwrap();
        let asked = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice).iter();
        let asked =
            asked.filter(|parameter| parameter["in"] == "query").map(|parameter| parameter["name"].as_str().unwrap());
        let accepted = asked.collect::<Vec<_>>().join(", ");
        let accepted = if accepted.is_empty() { "none" } else { &accepted };
        for (rank, role) in ["view", "operator", "admin"].into_iter().enumerate() {
            let (head, problem) =
                ask(&app, &method.to_uppercase(), &format!("{}?nonsense=1", address(&path)), role).await;
            let status = head.status.as_u16();
            assert_eq!(head.headers["content-type"], "application/problem+json", "{method} {path}");
            assert!(operation["responses"].get(status.to_string()).is_some(), "{method} {path}: {status}");
            if rank < needs {
                assert_eq!(status, 403, "{method} {path} {role}: {problem}");
            } else {
                assert_eq!(
                    (status, problem["parameter"].as_str()),
                    (400, Some("nonsense")),
                    "{method} {path}: {problem}"
                );
                assert_eq!(problem["accepted"].as_str(), Some(accepted), "{method} {path}");
            }
        }
    }
}

/// What a generated client would be made of.
#[tokio::test]
async fn the_document_is_whole() {
    let house = House::new();
    let document = self::document(&whole(&house).router(), "view").await;
    assert_eq!((&document["openapi"], &document["info"]["title"]), (&"3.1.0".into(), &"Cupola".into()));
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name} is not there");
    }
    for name in ["bearer", "session", "form"] {
        assert!(document["components"]["securitySchemes"].get(name).is_some(), "{name}");
    }
    let query = &document["paths"]["/cupola/api/v1/logs"]["get"]["parameters"][0];
    assert!(query["schema"]["examples"].as_array().unwrap().contains(&"level>=warn".into()), "{query}");
    // What has no alerting has no routes of it, and says so.
    let bare = Api::new(Arc::new(house.reader())).token("view-token").router();
    let bare = self::document(&bare, "view").await;
    assert!(bare["paths"].get("/cupola/api/v1/logs").is_some() && bare["paths"].get("/cupola/api/v1/alerts").is_none());
}
