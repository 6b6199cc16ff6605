//! The stub over real sockets.

use std::error::Error;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{FAULT_HEADER, Fault, Operation, Scenario, Stub};

struct Client {
    http: HttpClient<HttpConnector, Body>,
    stub: Stub,
}

struct Answer {
    head: axum::http::response::Parts,
    body: Bytes,
}

impl Answer {
    fn status(&self) -> u16 {
        self.head.status.as_u16()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

impl Client {
    async fn of(scenario: Scenario) -> Self {
        let http = HttpClient::builder(TokioExecutor::new()).build_http();
        Self { http, stub: Stub::start(7, scenario).await.unwrap() }
    }

    async fn send(&self, method: &str, path: &str, body: Value, fault: &str) -> Response<Body> {
        let request = Request::builder().method(method).uri(self.stub.url() + path);
        let request = request.header("authorization", format!("Bearer {}", self.stub.key()));
        let request = if fault.is_empty() { request } else { request.header(FAULT_HEADER, fault) };
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.http.request(request.body(body).unwrap()).await.unwrap().map(Body::new)
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Answer {
        whole(self.send(method, path, body, "").await).await.unwrap()
    }

    async fn offers(&self, filters: Value) -> Vec<Value> {
        let answer = self.ask("POST", "/api/v0/bundles", filters).await;
        assert_eq!(answer.status(), 200, "{:?}", answer.body);
        answer.json()["offers"].as_array().unwrap().clone()
    }

    async fn create(&self, image: &str) -> u64 {
        let offer = self.offers(json!({ "limit": 1 })).await[0]["id"].clone();
        let wanted = json!({ "image": image, "label": "web", "env": { "TOKEN": "hunter2" } });
        let answer = self.ask("PUT", &format!("/api/v0/asks/{offer}"), wanted).await;
        assert_eq!(answer.json()["success"], true);
        answer.json()["new_contract"].as_u64().unwrap()
    }

    /// Looks until the status is this one, and tells every status on the way.
    async fn until(&self, id: u64, status: &str) -> Vec<String> {
        let mut seen = Vec::new();
        for _ in 0..20 {
            let shown = self.ask("GET", &format!("/api/v0/instances/{id}"), Value::Null).await.json();
            let now = shown["instances"]["actual_status"].as_str().unwrap_or("null").to_owned();
            if seen.last() != Some(&now) {
                seen.push(now.clone());
            }
            if now == status {
                return seen;
            }
        }
        panic!("never {status}: {seen:?}");
    }
}

async fn whole(response: Response<Body>) -> Result<Answer, axum::Error> {
    let (head, body) = response.into_parts();
    Ok(Answer { head, body: body.collect().await?.to_bytes() })
}

#[tokio::test]
async fn offers_are_found_by_filters_and_the_same_for_the_same_seed() {
    let client = Client::of(Scenario::calm()).await;
    let all = client.offers(json!({})).await;
    let cheap = json!({ "verified": { "eq": true }, "num_gpus": { "gte": 2 }, "dph_total": { "lte": 2 }, "limit": 3 });
    let found = client.offers(cheap).await;
    assert_eq!((all.len(), found.len()), (40, 3));
    let prices: Vec<f64> = found.iter().map(|offer| offer["dph_total"].as_f64().unwrap()).collect();
    assert!(prices.is_sorted() && prices[2] <= 2.0, "{prices:?}");
    assert!(found.iter().all(|offer| offer["verified"] == true && offer["num_gpus"].as_u64() >= Some(2)));
    assert_eq!(all, Client::of(Scenario::calm()).await.offers(json!({})).await);

    let wrong = client.ask("POST", "/api/v0/bundles", json!({ "colour": { "eq": 1 } })).await;
    assert_eq!((wrong.status(), &wrong.json()["msg"]), (400, &json!("there is no field colour")));
    assert!(wrong.json().get("success").is_none());
}

#[tokio::test]
async fn an_instance_lives() {
    let client = Client::of(Scenario::calm()).await;
    let id = client.create("debian:13").await;
    assert_eq!(client.until(id, "running").await, ["null", "created", "loading", "running"]);
    let path = format!("/api/v0/instances/{id}");
    let shown = client.ask("GET", &path, Value::Null).await.json()["instances"].clone();
    assert!(shown["public_ipaddr"].as_str().unwrap().starts_with("203.0.113."), "{shown}");
    assert!(shown["jupyter_token"].as_str().unwrap().starts_with("stub-jupyter-"), "{shown}");
    assert!(!shown.to_string().contains("hunter2"));

    let stop = client.ask("PUT", &path, json!({ "state": "stopped", "label": "web-2" })).await;
    assert_eq!(stop.json(), json!({ "success": true }));
    assert_eq!(client.until(id, "stopped").await, ["running", "stopped"]);
    client.ask("PUT", &path, json!({ "state": "running" })).await;
    assert_eq!(client.until(id, "running").await, ["stopped", "loading", "running"]);
    assert_eq!(client.ask("DELETE", &path, Value::Null).await.json()["success"], true);
    let gone = client.ask("GET", &path, Value::Null).await;
    assert_eq!((gone.status(), &gone.json()["error"]), (404, &json!("no_such_instance")));
    assert_eq!(client.offers(json!({})).await.len(), 40, "it is offered again");
}

#[tokio::test]
async fn an_image_that_is_broken_never_runs() {
    let client = Client::of(Scenario::calm()).await;
    let id = client.create("registry.example/broken").await;
    assert_eq!(client.until(id, "exited").await.last().unwrap(), "exited");
}

#[tokio::test]
async fn pages_of_the_list_follow_each_other() {
    let client = Client::of(Scenario::calm()).await;
    let (first, second, third) = (client.create("a").await, client.create("b").await, client.create("c").await);
    let page = client.ask("GET", "/api/v1/instances?limit=2", Value::Null).await.json();
    assert_eq!((&page["instances_found"], &page["total_instances"]), (&json!(2), &json!(3)));
    assert_eq!((&page["instances"][0]["id"], &page["instances"][1]["id"]), (&json!(first), &json!(second)));
    let next = format!("/api/v1/instances?after_token={}", page["next_token"].as_str().unwrap());
    let page = client.ask("GET", &next, Value::Null).await.json();
    assert_eq!((&page["instances"][0]["id"], &page["next_token"]), (&json!(third), &Value::Null));
}

#[tokio::test]
async fn refusals_have_the_shapes_of_their_calls() {
    let client = Client::of(Scenario::calm()).await;
    let check = async |method: &str, path: &str, body: Value, status: u16, error: &str| {
        let answer = client.ask(method, path, body).await;
        assert_eq!((answer.status(), &answer.json()["error"]), (status, &json!(error)), "{method} {path}");
        answer.json()
    };
    check("GET", "/api/v0/instances", Value::Null, 410, "endpoint_gone").await;
    check("GET", "/api/v0/instances/1", Value::Null, 404, "no_such_instance").await;
    check("PUT", "/api/v0/instances/1", json!({ "state": "flying" }), 400, "invalid_args").await;
    check("DELETE", "/api/v0/instances/1", Value::Null, 404, "no_such_instance").await;
    check("PUT", "/api/v0/asks/1", json!({ "image": "a" }), 404, "invalid_ask").await;
    let offer = client.offers(json!({ "limit": 1 })).await[0]["id"].clone();
    let path = format!("/api/v0/asks/{offer}");
    let refused = check("PUT", &path, json!({}), 400, "invalid_args").await;
    assert_eq!(refused["ask_id"], offer);
    assert_eq!(client.ask("PUT", &path, json!({ "image": "a" })).await.status(), 200);
    check("PUT", &path, json!({ "image": "a" }), 410, "no_such_ask").await;

    let stranger = Request::get(client.stub.url() + "/api/v1/instances").body(Body::empty()).unwrap();
    let answer = whole(client.http.request(stranger).await.unwrap().map(Body::new)).await.unwrap();
    assert_eq!((answer.status(), &answer.json()["error"]), (401, &json!("auth_error")));
}

#[tokio::test]
async fn too_many_requests_are_told_in_the_marketplaces_ways() {
    let polite = Fault::TooMany { retry_after: Some(2) };
    let scenario = Scenario::calm().fault(Operation::List, polite, 1).any(Fault::TooMany { retry_after: None }, 2);
    let client = Client::of(scenario).await;
    let first = client.ask("GET", "/api/v1/instances", Value::Null).await;
    assert_eq!((first.status(), first.head.headers["retry-after"].as_bytes()), (429, &b"2"[..]));
    assert!(first.text().starts_with("API requests too frequent"), "{:?}", first.body);
    let second = client.ask("GET", "/api/v1/instances", Value::Null).await;
    assert_eq!((second.status(), second.head.headers.get("retry-after")), (429, None));
    let create = client.ask("PUT", "/api/v0/asks/1", json!({ "image": "a" })).await;
    assert!(create.status() == 429 && create.json()["detail"].is_string());
    assert_eq!(client.ask("GET", "/api/v1/instances", Value::Null).await.status(), 200);
    let seen: Vec<(Operation, u16)> = client.stub.seen().iter().map(|seen| (seen.operation, seen.status)).collect();
    let expected = [(Operation::List, 429), (Operation::List, 429), (Operation::Create, 429), (Operation::List, 200)];
    assert_eq!(seen, expected);
    assert_eq!(client.stub.seen()[0].fault, Some(polite));
}

#[tokio::test]
async fn failures_recover() {
    let client = Client::of(Scenario::named("flaky").unwrap()).await;
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(client.ask("POST", "/api/v0/bundles", json!({})).await.status());
        statuses.push(client.ask("GET", "/api/v1/instances", Value::Null).await.status());
    }
    assert_eq!(statuses, [502, 504, 200, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_is_slow_and_whole() {
    let client = Client::of(Scenario::calm()).await;
    let response = client.send("POST", "/api/v0/bundles", json!({}), "slow;250").await;
    assert_eq!(response.status(), StatusCode::OK);
    let began = Instant::now();
    let answer = whole(response).await.unwrap();
    assert_eq!(answer.json()["offers"].as_array().unwrap().len(), 40);
    assert!(began.elapsed() >= Duration::from_millis(7 * 250), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_reset_comes_in_the_middle_of_the_body_and_after_the_work() {
    let client = Client::of(Scenario::calm()).await;
    let offer = client.offers(json!({ "limit": 1 })).await[0]["id"].clone();
    let response = client.send("PUT", &format!("/api/v0/asks/{offer}"), json!({ "image": "a" }), "reset").await;
    assert_eq!(response.status(), StatusCode::OK);
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"{\""), "{first:?}");
    let error = body.frame().await.unwrap().unwrap_err();
    let chain = std::iter::successors(Some(&error as &dyn Error), |error| (*error).source());
    let cause = chain.filter_map(|error| error.downcast_ref::<std::io::Error>()).last().map(std::io::Error::kind);
    assert_eq!(cause, Some(std::io::ErrorKind::ConnectionReset), "{error:?}");
    assert_eq!(client.stub.instances(), 1, "it was created all the same");
}

#[tokio::test]
async fn garbage_is_no_json() {
    let client = Client::of(Scenario::calm()).await;
    let answer = whole(client.send("GET", "/api/v1/instances", Value::Null, "garbage").await).await.unwrap();
    assert_eq!((answer.status(), answer.head.headers["content-type"].as_bytes()), (200, &b"application/json"[..]));
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err() && std::str::from_utf8(&answer.body).is_err());

    let wrong = whole(client.send("GET", "/api/v1/instances", Value::Null, "fire").await).await.unwrap();
    assert_eq!(wrong.status(), 400);
    assert!(wrong.text().contains("`fire` is no fault"), "{:?}", wrong.body);
}
