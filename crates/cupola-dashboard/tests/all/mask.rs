//! Secrets that others send are nowhere: not in the files, not in answers, not for those who watch.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use cupola_dashboard::{Api, Receiver, replay, replay_with};
use cupola_redact::KeyPolicy;
use cupola_store::{Batch, Entry, KeepError, Kept, Settings, Signal, Store, Value as Field, Write};
use http::Request;
use http_body_util::BodyExt as _;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::trace::v1::span::Event;
use prost::Message as _;
use tower::ServiceExt as _;

use crate::support::{House, logs, serve, spans, text};

/// In everything that is a secret, and in nothing else.
const SECRET: &str = "hunter2";
const NUMBER: i64 = 77_718_181;

fn pair(key: &str, value: Option<AnyValue>) -> KeyValue {
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

fn any(value: Value) -> Option<AnyValue> {
    Some(AnyValue { value: Some(value) })
}

/// Attributes of all sorts that have secrets, and some that have none.
fn attributes() -> Vec<KeyValue> {
    let list = |texts: &[&str]| {
        any(Value::ArrayValue(ArrayValue { values: texts.iter().filter_map(|value| text(value)).collect() }))
    };
    let config = vec![pair("password", text("hunter2 g")), pair("port", any(Value::IntValue(5432)))];
    vec![
        pair("db.password", text("hunter2 a")),
        pair("api_key", any(Value::IntValue(NUMBER))),
        pair("private_key", list(&["hunter2 x"])),
        pair("http.request.header.authorization", list(&["Bearer hunter2"])),
        pair("http.request.header.x_internal_thing", text("hunter2")),
        pair("http.request.header.content_type", list(&["text/html"])),
        pair("url.full", text("https://bob:hunter2@example.org/cb?access_token=hunter2&page=2")),
        pair("url.query", text("api_key=hunter2&page=3")),
        pair("http.target", text("/cb;jsessionid=hunter2?token=hunter2")),
        pair("config", any(Value::KvlistValue(KeyValueList { values: config }))),
        pair("note", text("curl -H 'Authorization: Bearer hunter2hunter2hunter2' https://example.org")),
        pair("process.command_args", list(&["login", "--password", "hunter2"])),
        pair("max_tokens", any(Value::IntValue(53))),
        pair("tokens", any(Value::IntValue(12))),
        pair("user", text("bob")),
    ]
}

fn secret_logs() -> ExportLogsServiceRequest {
    let mut message = logs(&["login with password=hunter2 failed", "page 7 of 12: all is well"]);
    let of_resource = &mut message.resource_logs[0];
    of_resource.resource.as_mut().unwrap().attributes.push(pair("cloud.secret", text("hunter2")));
    of_resource.scope_logs[0].log_records[0].attributes = attributes();
    message
}

fn secret_spans() -> ExportTraceServiceRequest {
    let mut message = spans();
    let span = &mut message.resource_spans[0].scope_spans[0].spans[0];
    span.attributes = attributes();
    // Which headers may be seen is known of those of a request only, not of what is inside an event.
    let attributes =
        attributes().into_iter().filter(|pair| pair.key != "http.request.header.x_internal_thing").collect();
    span.events = vec![Event { name: "sent".to_owned(), attributes, ..Event::default() }];
    message
}

fn get<'a>(entry: &'a Entry, name: &str) -> Field<'a> {
    entry.get(name).unwrap_or_else(|| panic!("there is no {name}"))
}

fn check_entry(entry: &Entry) {
    const MASK: Field<'_> = Field::Text("[REDACTED]");
    for (name, value) in entry.fields() {
        let shown = value.text();
        assert!(!shown.contains(SECRET) && !shown.contains(&NUMBER.to_string()), "{name}: {shown}");
    }
    for name in ["db.password", "api_key", "private_key", "http.request.header.x_internal_thing"] {
        assert_eq!(get(entry, name), MASK, "{name}");
    }
    assert_eq!(get(entry, "http.request.header.authorization"), Field::Json(r#"["Bearer [REDACTED]"]"#));
    assert_eq!(get(entry, "http.request.header.content_type"), Field::Json(r#"["text/html"]"#));
    let url = "https://[REDACTED]@example.org/cb?access_token=[REDACTED]&page=2";
    assert_eq!(get(entry, "url.full"), Field::Text(url));
    assert_eq!(get(entry, "query"), Field::Text("api_key=[REDACTED]&page=3"));
    assert_eq!(get(entry, "path"), Field::Text("/cb;jsessionid=[REDACTED]?token=[REDACTED]"));
    assert_eq!(get(entry, "config"), Field::Json(r#"{"password":"[REDACTED]","port":5432}"#));
    assert_eq!((get(entry, "max_tokens"), get(entry, "tokens")), (Field::Int(53), Field::Int(12)));
    assert_eq!(get(entry, "user"), Field::Text("bob"));
}

async fn post(receiver: &Receiver, path: &str, kind: &str, sent: Vec<u8>) {
    let request = Request::post(path).header("content-type", kind).body(Body::from(sent)).unwrap();
    assert_eq!(receiver.clone().router().oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn no_secret_is_kept_whichever_way_it_comes() {
    let house = House::new();
    let receiver = house.receiver();
    let mut tail = house.store().tails().open(Signal::Logs, None).unwrap();
    let (protobuf, json) = ("application/x-protobuf", "application/json");
    post(&receiver, "/v1/logs", protobuf, secret_logs().encode_to_vec()).await;
    post(&receiver, "/v1/logs", json, serde_json::to_vec(&secret_logs()).unwrap()).await;
    post(&receiver, "/v1/traces", protobuf, secret_spans().encode_to_vec()).await;
    post(&receiver, "/v1/traces", json, serde_json::to_vec(&secret_spans()).unwrap()).await;
    let (address, _server) = serve(receiver.router()).await;
    LogsServiceClient::connect(address.clone()).await.unwrap().export(secret_logs()).await.unwrap();
    TraceServiceClient::connect(address).await.unwrap().export(secret_spans()).await.unwrap();

    let shown = tail.take().entries;
    let (logs, spans) = (house.found(Signal::Logs), house.found(Signal::Spans));
    assert_eq!((shown.len(), logs.len(), spans.len()), (6, 6, 3));
    let of = |message: &str| logs.iter().filter(|entry| get(entry, "message") == Field::Text(message)).count();
    assert_eq!((of("login with password=[REDACTED] failed"), of("page 7 of 12: all is well")), (3, 3));
    assert!(logs.iter().chain(&shown).all(|entry| get(entry, "cloud.secret") == Field::Text("[REDACTED]")));
    let full = |entry: &&Entry| entry.get("user").is_some();
    assert_eq!(logs.iter().chain(&shown).chain(&spans).filter(full).map(check_entry).count(), 9);
    assert!(spans.iter().all(|span| get(span, "events").text().contains(r#""db.password":"[REDACTED]""#)));

    let api = Api::new(Arc::new(house.reader())).router();
    for path in ["/logs", "/spans", "/logs/top?field=config", "/errors", "/traces/07070707070707070707070707070707"] {
        let request = Request::get(format!("/cupola/api/v1{path}")).body(Body::empty()).unwrap();
        let answer = api.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let said = String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        assert!(said.contains("REDACTED") && !said.contains(SECRET) && !said.contains("77718181"), "{path}: {said}");
    }
}

#[tokio::test]
async fn a_policy_of_ones_own_or_none_is_heeded() {
    let told = async |policy: Option<KeyPolicy>| {
        let house = House::new();
        let receiver = house.receiver().policy(policy);
        post(&receiver, "/v1/logs", "application/x-protobuf", secret_logs().encode_to_vec()).await;
        let entries = house.found(Signal::Logs);
        let entry = entries.iter().find(|entry| entry.get("user").is_some()).unwrap();
        ["user", "db.password", "api_key"].map(|name| get(entry, name).text().into_owned())
    };
    let own = KeyPolicy::builder().deny("user").build().unwrap();
    assert_eq!(told(Some(own)).await, ["[REDACTED]"; 3]);
    assert_eq!(told(None).await, ["bob", "hunter2 a", "77718181"]);
}

/// Takes what would stand in the journal, and keeps nothing.
#[derive(Debug, Default)]
struct Raw(Mutex<Option<(u8, Vec<u8>)>>);

impl Write for Raw {
    fn keep(&self, kind: u8, raw: &[u8], _: Vec<Batch>) -> Result<Kept, KeepError> {
        *self.0.lock().unwrap() = Some((kind, raw.to_vec()));
        Err(KeepError::Busy)
    }
}

#[tokio::test]
async fn what_is_made_again_from_the_journal_is_masked_as_it_was() {
    let (message, raw, house) = (secret_logs().encode_to_vec(), Arc::new(Raw::default()), House::new());
    post(&house.receiver(), "/v1/logs", "application/x-protobuf", message.clone()).await;
    let request = Request::post("/v1/logs").header("content-type", "application/x-protobuf");
    let lost = Receiver::new(raw.clone()).router().oneshot(request.body(Body::from(message)).unwrap()).await.unwrap();
    assert_eq!(lost.status(), 429);
    let (kind, raw) = raw.0.lock().unwrap().take().unwrap();
    let again = |batches: Vec<Batch>| {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), &Settings::default(), &replay).unwrap();
        let mut tail = store.tails().open(Signal::Logs, None).unwrap();
        batches.into_iter().for_each(|batch| store.writer().offer(batch));
        let shown = |entry: &Entry| {
            let mut fields: Vec<_> = entry.fields().map(|(name, value)| format!("{name}={}", value.text())).collect();
            fields.sort();
            (entry.time(), fields)
        };
        let mut entries: Vec<_> = tail.take().entries.iter().map(shown).collect();
        entries.sort();
        let mut kept: Vec<_> = house.found(Signal::Logs).iter().map(shown).collect();
        kept.sort();
        entries == kept
    };
    assert!(again(replay(kind, &raw).unwrap()));
    assert!(again(replay_with(Some(&KeyPolicy::default()), kind, &raw).unwrap()));
    assert!(!again(replay_with(None, kind, &raw).unwrap()));
}
