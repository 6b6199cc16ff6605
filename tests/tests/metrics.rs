//! Metrics from the variables to whoever reads them: a scraper, a collector, and the person at the start.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use cupola::telemetry::Memory;
use cupola_tests::{Process, Service, builder, eventually, lines};

fn app() -> Router {
    Router::new().route("/vms/{id}", get(|| async { "up" }))
}

#[test]
fn metrics_speaks_the_language_that_it_is_asked_in() {
    let service = Service::start(&[], app());
    service.get("/vms/7");
    let ask = |headers: &str| service.client().get("/metrics", headers);
    let plain = ask("");
    assert_eq!(cupola_tests::metric(&plain.text(), r#"target_info{service_name="tested",telemetry_sdk"#), 1.0);
    assert_eq!(plain.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert!(plain.text().contains("http_route=\"/vms/{id}\""), "{}", plain.text());
    let open = ask("accept: application/openmetrics-text;version=1.0.0\r\n");
    assert_eq!(open.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(open.text().ends_with("# EOF\n") && open.text().contains(" # {trace_id=\""), "{}", open.text());
    let packed = ask("accept-encoding: gzip\r\n");
    assert_eq!(packed.header("content-encoding"), "gzip");
    service.stop();
}

/// Takes one message after another, and gives the request lines and bodies.
fn collector() -> (SocketAddr, Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, (send, asked)) = (listener.local_addr().unwrap(), channel());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut reader, send) = (BufReader::new(stream.unwrap()), send.clone());
            std::thread::spawn(move || {
                while let Some(request) = read(&mut reader) {
                    reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
                    send.send(request).unwrap();
                }
            });
        }
    });
    (address, asked)
}

fn read(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

#[test]
fn metrics_go_to_a_collector_where_the_variables_say_so() {
    let (address, asked) = collector();
    let url = format!("http://{address}");
    let vars = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_TRACES_EXPORTER", "none")];
    let service = Service::start(&vars, app());
    service.get("/vms/7");
    service.stop();
    let (head, body) = asked.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(head.starts_with("POST /v1/metrics "), "{head}");
    let said = |text: &str| body.windows(text.len()).any(|window| window == text.as_bytes());
    for text in ["tested", "http.server.request.duration", "/vms/{id}", "cupola.log.lines"] {
        assert!(said(text), "{text} is not sent");
    }
}

#[test]
fn a_bad_variable_is_one_error_at_the_start() {
    for (name, value, accepted) in [
        ("OTEL_METRICS_EXPORTER", "statsd", "otlp, prometheus or none"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "soon", "a number of milliseconds, at least 1"),
        ("CUPOLA_HOST_SAMPLE_MS", "0", "a number of milliseconds, at least 1"),
        ("CUPOLA_HOST_METRICS", "perhaps", "true or false"),
    ] {
        let error = builder(&[(name, value)]).output(std::io::sink()).build().unwrap_err();
        assert_eq!(error.to_string(), format!("{name} is `{value}`; accepted: {accepted}"));
    }
}

#[test]
fn a_layer_that_nobody_took_is_told_at_the_start() {
    let warned = |take: bool| {
        let memory = Memory::new();
        let cupola = builder(&[]).output(memory.clone()).build().unwrap();
        let app = if take { app().layer(cupola.layer()) } else { app() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
                cupola.serve_until(listener, app, std::future::ready(())).await.unwrap();
            });
        });
        let lines = lines(&memory.text());
        lines.iter().any(|line| line.text("message").starts_with("nobody has taken the layer"))
    };
    assert!(warned(false) && !warned(true));
}

#[test]
fn the_machine_is_on_metrics_and_by_choice_on_every_line() {
    let vars = [("CUPOLA_LOG_SYSTEM", "true"), ("CUPOLA_HOST_SAMPLE_MS", "20"), ("LOG_FORMAT", "json")];
    let mut process = Process::start(env!("CARGO_BIN_EXE_service"), &vars);
    // The second sample has something to compare with.
    eventually("samples", || process.metrics().contains("\nsystem_cpu_utilization_ratio "));
    let metrics = process.metrics();
    for name in ["process_memory_usage_bytes ", "process_cpu_time_seconds_total ", "tokio_runtime_workers{"] {
        assert!(metrics.contains(name), "no {name}: {metrics}");
    }
    process.client().get("/hello/ada", "");
    let line = process.wait_for("request completed");
    let system = &line["system"];
    for name in ["cpu", "memory", "disk"] {
        assert!(system[name].as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)), "{name}: {line:?}");
    }
    assert!(system["load"].as_f64().is_some_and(|load| load >= 0.0), "{line:?}");
    let text = |name: &str| system[name].as_str().unwrap_or_default();
    assert!(!text("host").is_empty() && text("runtime").starts_with("rustc 1."), "{line:?}");
    assert_eq!(text("platform"), format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    assert_eq!(line.keys().last(), Some(&"system"));
}
