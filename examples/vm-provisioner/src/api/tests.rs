//! The API from its outside, in process: requests into the router, answers out of it.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use tracing_subscriber::layer::SubscriberExt as _;
use utoipa_axum::router::OpenApiRouter;

use super::Api;
use super::openapi::tests::{document, wrong};
use crate::hypervisor::Simulated;
use crate::store::{DEMO_TOKENS, Store};
use crate::temporary::Folder;
use crate::worker::Worker;

pub(crate) const ADA: &str = DEMO_TOKENS[0].0;
const GRACE: &str = DEMO_TOKENS[1].0;
pub(crate) const READ_ONLY: &str = DEMO_TOKENS[2].0;
pub(crate) const ROOT: &str = DEMO_TOKENS[3].0;

pub(crate) struct Service {
    pub(crate) api: Api,
    pub(crate) store: Store,
    router: Router,
    document: Value,
    _worker: Worker,
    folder: Folder,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Service {
    pub(crate) async fn start() -> Self {
        let folder = Folder::new();
        let store = Store::open(folder.path(), cupola::client::Queries::new()).await.unwrap();
        let (worker, queue) = folder.worker(&store, Simulated::instant(), None).await;
        let api = Api { store: store.clone(), queue, demo: false };
        let router = api.clone().routes(OpenApiRouter::new());
        let document = document(&router).await;
        Self { api, store, router, document, _worker: worker, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What Ada sends as `Authorization`.
    pub(crate) fn ada(&self) -> String {
        format!("Bearer {ADA}")
    }

    pub(crate) async fn call(&self, token: Option<&str>, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or_else(Body::empty, |value| Body::from(value.to_string()));
        self.answer(request.body(body).unwrap()).await
    }

    async fn answer(&self, request: Request<Body>) -> Answer {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let read = tokio::time::timeout(Duration::from_secs(30), response.into_body().collect());
        let answer = Answer { status, headers, body: read.await.unwrap().unwrap().to_bytes() };
        assert_eq!(wrong(&self.document, &method, &path, status, &answer.json()), None, "{method} {path}");
        answer
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(Some(token), Method::GET, path, None).await
    }

    /// Makes a machine of Ada's, waits for its end, and gives its path.
    pub(crate) async fn made(&self, name: &str, template: &str) -> String {
        let body = json!({"name": name, "template": template, "size": "small"});
        let answer = self.call(Some(ADA), Method::POST, "/api/v1/vms", Some(body)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{:?}", answer.body);
        let path = answer.headers["location"].to_str().unwrap().to_owned();
        self.get(ADA, &format!("{path}/events")).await;
        path
    }
}

#[tokio::test]
async fn a_machine_lives() {
    let service = Service::start().await;
    let path = service.made("web-1", "debian-13").await;

    let vm = service.get(ADA, &path).await.json();
    assert_eq!((vm["state"].as_str(), vm["address"].as_str()), (Some("running"), Some("10.0.0.10")));

    let patched = service.call(Some(ADA), Method::PATCH, &path, Some(json!({"name": "web-2"}))).await.json();
    assert_eq!(patched["name"], "web-2");

    for (verb, state) in [("stop", "stopped"), ("start", "running")] {
        let answer = service.call(Some(ADA), Method::POST, &format!("{path}/{verb}"), None).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED);
        service.get(ADA, &format!("{path}/events")).await;
        assert_eq!(service.get(ADA, &path).await.json()["state"], state);
    }

    let deleted = service.call(Some(ADA), Method::DELETE, &path, None).await;
    assert_eq!((deleted.status, deleted.json()["state"].as_str()), (StatusCode::ACCEPTED, Some("deleting")));
    service.get(ADA, &format!("{path}/events")).await;
    assert_eq!(service.get(ADA, &path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(service.store.free_addresses().await.unwrap(), 245);
}

#[tokio::test]
async fn events_tell_the_way_and_end() {
    let service = Service::start().await;
    let path = service.made("web", "debian-13").await;
    let answer = service.get(ADA, &format!("{path}/events")).await;
    assert_eq!(answer.headers["content-type"], "text/event-stream");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(text.starts_with("event: progress\ndata: {"), "{text}");
    assert!(text.contains(r#""state":"running","step":"done","percent":100"#), "{text}");
}

#[tokio::test]
async fn a_machine_that_does_not_boot_fails_and_gives_its_address_back() {
    let service = Service::start().await;
    let path = service.made("web", "broken").await;
    let vm = service.get(ADA, &path).await.json();
    assert_eq!((vm["state"].as_str(), vm["failure"].as_str()), (Some("failed"), Some("the image does not boot")));
    assert_eq!(vm["address"], Value::Null);
    assert_eq!(service.store.free_addresses().await.unwrap(), 245);
}

#[tokio::test]
async fn who_may_do_what() {
    let service = Service::start().await;
    let path = service.made("web", "debian-13").await;
    let check = async |token: Option<&str>, method: Method, path: &str, expected: u16| {
        let answer = service.call(token, method.clone(), path, None).await;
        assert_eq!(answer.status, expected, "{method} {path} with {token:?}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        assert_eq!(answer.json()["status"], expected);
        answer
    };
    let refused = check(None, Method::GET, "/api/v1/vms", 401).await;
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
    check(Some("nobody's"), Method::GET, "/api/v1/vms", 401).await;
    check(None, Method::GET, "/api/v1/vms?token=demo-ada-6f1c2b7e", 401).await;
    check(Some(READ_ONLY), Method::POST, "/api/v1/vms", 403).await;
    check(Some(GRACE), Method::GET, &path, 404).await;
    check(Some(GRACE), Method::DELETE, &path, 404).await;
    check(Some(GRACE), Method::GET, &format!("{path}/events"), 404).await;
    check(Some(ADA), Method::GET, "/api/v1/vms/vm-42", 404).await;
    check(None, Method::GET, "/nowhere", 404).await;
    let method = check(Some(ADA), Method::PUT, "/api/v1/vms", 405).await;
    assert!(method.headers.contains_key("allow"));
    assert_eq!(service.get(READ_ONLY, "/api/v1/vms").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let service = Service::start().await;
    let body = json!({"name": "Web", "template": "dos", "admin_password": "short", "colour": "red"});
    let answer = service.call(Some(ADA), Method::POST, "/api/v1/vms", Some(body)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let problem = answer.json();
    let told = |field: &str| {
        let fields = problem["fields"].as_array().unwrap();
        fields.iter().find(|one| one["field"] == field).map(|one| one["problem"].as_str().unwrap().to_owned())
    };
    assert_eq!(told("name").as_deref(), Some("does not begin with a letter"));
    assert_eq!(told("template").as_deref(), Some("\"dos\" is not known"));
    assert_eq!(told("size").as_deref(), Some("is missing"));
    assert_eq!(told("admin_password").as_deref(), Some("has another length"));
    assert_eq!(told("colour").as_deref(), Some("is not a field of this body"));
    assert_eq!(service.get(ADA, "/api/v1/vms?limit=0").await.json()["fields"][0]["field"], "limit");
    assert_eq!(service.get(ADA, "/api/v1/vms?cursor=x").await.json()["fields"][0]["field"], "cursor");
}

#[tokio::test]
async fn a_body_that_is_not_json_is_not_shown_back() {
    let service = Service::start().await;
    let post = |kind: &str, body: &'static str| {
        let request = Request::post("/api/v1/vms").header("authorization", format!("Bearer {ADA}"));
        service.answer(request.header("content-type", kind).body(Body::from(body)).unwrap())
    };
    let cut = post("application/json", r#"{"admin_password": "s3cret"#).await;
    assert_eq!(
        (cut.status, cut.json()["detail"].as_str().unwrap().contains("s3cret")),
        (StatusCode::BAD_REQUEST, false)
    );
    assert_eq!(post("application/json", "[1]").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(post("text/plain", "{}").await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn what_does_not_fit_is_a_conflict() {
    let service = Service::start().await;
    let path = service.made("web", "debian-13").await;
    let check = async |method: Method, path: &str, body: Option<Value>, kind: &str| {
        let answer = service.call(Some(ADA), method, path, body).await;
        assert_eq!((answer.status, answer.json()["type"].as_str()), (StatusCode::CONFLICT, Some(kind)), "{path}");
    };
    let same = json!({"name": "web", "template": "debian-13", "size": "small"});
    check(Method::POST, "/api/v1/vms", Some(same), "/problems/name-taken").await;
    check(Method::POST, &format!("{path}/start"), None, "/problems/wrong-state").await;
    check(Method::PATCH, &path, Some(json!({"size": "large"})), "/problems/wrong-state").await;
}

#[tokio::test]
async fn pages_follow_each_other() {
    let service = Service::start().await;
    for name in ["a", "b", "c"] {
        service.made(name, "debian-13").await;
    }
    let names = |page: &Value| {
        let items = page["items"].as_array().unwrap();
        items.iter().map(|vm| vm["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = service.get(ADA, "/api/v1/vms?limit=2").await.json();
    let next = format!("/api/v1/vms?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    let second = service.get(ADA, &next).await.json();
    assert_eq!((names(&first), names(&second)), (vec!["c".into(), "b".into()], vec!["a".into()]));
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(names(&service.get(GRACE, "/api/v1/vms").await.json()), Vec::<String>::new());
}

#[tokio::test]
async fn an_empty_pool_is_told_when_asking() {
    let service = Service::start().await;
    service.store.take_all_addresses_but(1).await;
    let body = |name: &str| Some(json!({"name": name, "template": "debian-13", "size": "small"}));
    let first = service.call(Some(ADA), Method::POST, "/api/v1/vms", body("a")).await;
    let second = service.call(Some(ADA), Method::POST, "/api/v1/vms", body("b")).await;
    assert_eq!((first.status, second.status), (StatusCode::ACCEPTED, StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(second.json()["type"], "/problems/pool-empty");
    assert!(second.headers.contains_key("retry-after"));
}

/// Notes the names of spans.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<&'static str>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Spans {
    fn on_new_span(
        &self,
        attributes: &tracing::span::Attributes<'_>,
        _: &tracing::span::Id,
        _: tracing_subscriber::layer::Context<'_, S>,
    ) {
        self.0.lock().unwrap().push(attributes.metadata().name());
    }
}

#[tokio::test]
async fn each_operation_is_a_span() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
    let service = Service::start().await;
    let path = service.made("web", "debian-13").await;
    service.get(ADA, "/api/v1/vms").await;
    service.get(ADA, &path).await;
    service.call(Some(ADA), Method::PATCH, &path, Some(json!({"name": "web-2"}))).await;
    service.call(Some(ADA), Method::DELETE, &path, None).await;
    let seen: Vec<_> = spans.0.lock().unwrap().iter().copied().filter(|name| name.starts_with("api.")).collect();
    assert_eq!(seen, ["api.vm.create", "api.vm.watch", "api.vm.list", "api.vm.get", "api.vm.update", "api.vm.delete"]);
}
