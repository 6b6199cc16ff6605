//! Senders that nobody here wrote: OpenTelemetry's SDKs for Python and JavaScript, rotel, a collector, and Ansible.

use std::net::{TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use cupola_store::{Entry, Signal};
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use crate::support::{House, logs, metrics, serve, spans};

/// Runs a program that ends when it has sent everything.
async fn run(program: &str, script: &str, args: &[&str]) {
    let script = format!("{}/tests/all/clients/{script}", env!("CARGO_MANIFEST_DIR"));
    let ended = Command::new(program).arg(script).args(args).kill_on_drop(true).output();
    let ended = timeout(Duration::from_secs(60), ended).await.unwrap().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
}

fn has(entry: &Entry, fields: &[(&str, &str)]) {
    for (name, expected) in fields {
        assert_eq!(
            entry.get(name).map(|value| value.text().into_owned()).as_deref(),
            Some(*expected),
            "{name}: {entry:?}"
        );
    }
}

fn are_of_the_snake(house: &House) {
    let [logs, spans, points] = Signal::ALL.map(|signal| house.found(signal));
    let [log] = &logs[..] else { panic!("{logs:?}") };
    has(log, &[("level", "WARN"), ("message", "egg is cold"), ("egg", "7"), ("service", "snake")]);
    let [span] = &spans[..] else { panic!("{spans:?}") };
    has(span, &[("name", "hatch"), ("kind", "server"), ("route", "/eggs/{id}"), ("service", "snake")]);
    has(span, &[("error_type", "ValueError"), ("error", "cracked"), ("scope", "snake.nest")]);
    let id = |entry: &Entry| ["trace_id", "span_id"].map(|name| entry.get(name).unwrap().text().into_owned());
    assert_eq!(id(log), id(span));
    let point = points.iter().find(|point| point.get("metric").unwrap().text() == "egg.weight").unwrap();
    has(point, &[("type", "histogram"), ("unit", "g"), ("count", "1"), ("sum", "52.5"), ("colour", "white")]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3 with opentelemetry"]
async fn pythons_sdk_is_understood_over_http() {
    let house = House::new();
    let (address, _server) = serve(house.receiver().token("secret").router()).await;
    run("python3", "sends.py", &["http", &address]).await;
    are_of_the_snake(&house);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs python3 with opentelemetry"]
async fn pythons_sdk_is_understood_over_grpc() {
    let house = House::new();
    let (address, _server) = serve(house.receiver().token("secret").router()).await;
    run("python3", "sends.py", &["grpc", address.trim_start_matches("http://")]).await;
    are_of_the_snake(&house);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node with opentelemetry in NODE_PATH"]
async fn javascripts_sdk_is_understood() {
    let house = House::new();
    let (address, _server) = serve(house.receiver().token("secret").router()).await;
    run("node", "sends.js", &[&address]).await;
    let spans = house.found(Signal::Spans);
    let [span] = &spans[..] else { panic!("{spans:?}") };
    has(span, &[("name", "brew"), ("service", "coffee"), ("kind", "internal"), ("route", "/cups"), ("cups", "2")]);
    has(span, &[("otel.status_code", "ERROR"), ("otel.status_description", "burnt"), ("scope", "coffee.pot")]);
    let events = span.get("events").unwrap().text().into_owned();
    assert!(events.contains(r#""name":"boils","attributes":{"celsius":99.5}"#), "{events}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs ansible-playbook with community.general and opentelemetry"]
async fn ansibles_callback_is_understood() {
    let house = House::new();
    let (address, _server) = serve(house.receiver().token("secret").router()).await;
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut command = Command::new("ansible-playbook");
    command.args(["-i", "localhost,", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/all/clients/playbook.yml")]);
    command.env("ANSIBLE_CALLBACKS_ENABLED", "community.general.opentelemetry").env("ANSIBLE_NOCOLOR", "1");
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &address).env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf");
    command.env("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer secret").env("OTEL_SERVICE_NAME", "machines");
    command.env("TRACEPARENT", format!("00-{trace}-00f067aa0ba902b7-01"));
    let ended = timeout(Duration::from_secs(120), command.kill_on_drop(true).output()).await.unwrap().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()));

    let spans = house.found(Signal::Spans);
    let named = |name: &str| {
        let is = |span: &&Entry| span.get("name").is_some_and(|found| found.text().contains(name));
        spans.iter().find(is).unwrap_or_else(|| panic!("{name}: {spans:?}"))
    };
    for name in ["greet", "give a password", "stumble"] {
        has(named(name), &[("trace_id", trace), ("service", "machines")]);
    }
    has(named("greet"), &[("otel.status_code", "OK")]);
    assert!(!format!("{spans:?}").contains("hunter2"), "{spans:?}");
}

async fn through_rotel(protocol: &str) {
    let house = House::new();
    let (address, _server) = serve(house.receiver().router()).await;
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (grpc, http) = (free(), free());
    let mut command = Command::new("rotel-agent");
    command.args(["start", "--otlp-grpc-endpoint", &grpc, "--otlp-http-endpoint", &http, "--exporter", "otlp"]);
    command.args(["--otlp-exporter-endpoint", &address, "--otlp-exporter-protocol", protocol]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let _rotel = command.spawn().unwrap();
    until("rotel listens", || TcpStream::connect(&grpc).is_ok()).await;
    let rotel = format!("http://{grpc}");
    LogsServiceClient::connect(rotel.clone()).await.unwrap().export(logs(&["relayed"])).await.unwrap();
    TraceServiceClient::connect(rotel.clone()).await.unwrap().export(spans()).await.unwrap();
    MetricsServiceClient::connect(rotel).await.unwrap().export(metrics()).await.unwrap();
    until("all has come", || house.store().stats().accepted == 3).await;
    has(&house.found(Signal::Logs)[0], &[("message", "relayed"), ("level", "ERROR"), ("service", "billing")]);
    has(&house.found(Signal::Spans)[0], &[("name", "GET /vms"), ("duration_ms", "2")]);
    has(&house.found(Signal::Metrics)[0], &[("metric", "load"), ("value", "3")]);
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(timeout(Duration::from_secs(30), wait).await.is_ok(), "{what}: not within half a minute");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs rotel"]
async fn a_collector_relays_over_grpc() {
    through_rotel("grpc").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs rotel"]
async fn a_collector_relays_over_http() {
    through_rotel("http").await;
}
