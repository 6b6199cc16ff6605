//! Lines as log records, from the log to a collector.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, Fresh, RequestIdFormat};
use cupola_record::{AccessLog, Exchange, OpenExchange, Outcome};
use cupola_telemetry::logs::LogsConfig;
use cupola_telemetry::otlp::ExportCounts;
use cupola_telemetry::{AccessLines, Config, Counts, Memory, Telemetry};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;

use crate::collector::{Answer, Collector};
use crate::support::PATIENCE;

struct Logs {
    telemetry: Telemetry,
    memory: Memory,
}

impl Logs {
    fn to(endpoint: &str, vars: &[(&str, &str)]) -> Self {
        let value = |asked: &str| match vars.iter().find(|(name, _)| *name == asked) {
            None if asked == "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.to_owned()),
            found => found.map(|(_, value)| (*value).to_owned()),
        };
        let (memory, config) = (Memory::new(), LogsConfig::from_vars("billing", &value).unwrap().unwrap());
        let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).logs(config).build().unwrap();
        Self { telemetry, memory }
    }

    fn run(&self, work: impl FnOnce()) {
        tracing::dispatcher::with_default(self.telemetry.dispatch(), work);
    }

    fn counts(&self) -> ExportCounts {
        self.telemetry.exporters()[0].counts()
    }

    fn end(&self) -> (Counts, ExportCounts) {
        (self.telemetry.shutdown(PATIENCE), self.counts())
    }
}

/// Records and the scopes that they came under, until there are so many.
fn records(collector: &Collector, number: usize) -> Vec<(String, LogRecord)> {
    let mut records = Vec::new();
    while records.len() < number {
        let request = ExportLogsServiceRequest::decode(&*collector.next().body).unwrap();
        for resource in request.resource_logs {
            let service = &resource.resource.unwrap().attributes[0];
            assert_eq!(service.key, "service.name");
            for scope in resource.scope_logs {
                let name = scope.scope.map(|scope| scope.name).unwrap_or_default();
                records.extend(scope.log_records.into_iter().map(|record| (name.clone(), record)));
            }
        }
    }
    records
}

fn attribute(record: &LogRecord, name: &str) -> Option<Value> {
    record.attributes.iter().find(|pair| pair.key == name)?.value.clone()?.value
}

fn text(text: &str) -> Option<Value> {
    Some(Value::StringValue(text.to_owned()))
}

/// A request that ends, with a line inside it.
#[allow(clippy::disallowed_methods, reason = "the clock of an exchange that is over at once")]
fn request() -> Context {
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [3; 40]));
    context.set("vm_id", "vm-7");
    let exchange = Exchange::server(context.clone(), SystemTime::UNIX_EPOCH, http::Method::GET);
    let mut open = OpenExchange::new(exchange, Arc::new(AccessLines::new(AccessLog::new())), Instant::now);
    context.enter(|| {
        tracing::warn!(target: "app::vms", attempt = 2, password = "hunter2", "no room, token=hunter2");
        open.end(Outcome::Complete);
    });
    context
}

#[test]
fn every_line_is_a_record_the_access_line_too() {
    let collector = Collector::start(vec![Answer::ok()]);
    let logs = Logs::to(&collector.url(), &[]);
    let mut context = None;
    logs.run(|| {
        context = Some(request());
        tracing::info!(target: "app", "of no request");
    });
    let (counts, exported) = logs.end();
    assert_eq!((counts.written, exported.accepted, exported.exported), (3, 3, 3));
    let records = records(&collector, 3);
    let of = |scope: &str| &records.iter().find(|(name, _)| name == scope).unwrap().1;

    let (context, inside) = (context.unwrap(), of("app::vms"));
    assert_eq!((inside.severity_number, inside.severity_text.as_str()), (13, "WARN"));
    assert_eq!(inside.body.clone().unwrap().value, text("no room, token=[REDACTED]"));
    assert_eq!(attribute(inside, "attempt"), Some(Value::IntValue(2)));
    assert_eq!((attribute(inside, "password"), attribute(inside, "vm_id")), (text("[REDACTED]"), text("vm-7")));
    assert!(inside.observed_time_unix_nano >= inside.time_unix_nano && inside.time_unix_nano > 0);

    let access = of("cupola::http");
    assert_eq!(access.body.clone().unwrap().value, text("request completed"));
    assert_eq!(attribute(access, "method"), text("GET"));
    assert!(matches!(attribute(access, "duration_ms"), Some(Value::DoubleValue(_))), "{access:?}");
    for record in [inside, access] {
        assert_eq!(record.trace_id, context.trace().trace_id.to_bytes());
        assert_eq!(record.span_id, context.trace().span_id.to_bytes());
        assert_eq!(record.flags, u32::from(u8::from_str_radix(&context.traceparent().as_str()[53..], 16).unwrap()));
        assert_eq!((attribute(record, "trace_id"), attribute(record, "trace_flags")), (None, None));
    }
    assert!(of("app").trace_id.is_empty());
    assert!(!logs.memory.text().contains("hunter2") && !format!("{records:?}").contains("hunter2"));
}

#[test]
fn lines_say_the_flags_of_their_trace_only_where_they_are_exported() {
    let collector = Collector::start(vec![Answer::ok()]);
    let logs = Logs::to(&collector.url(), &[]);
    logs.run(|| drop(request()));
    logs.end();
    assert_eq!(logs.memory.text().matches(r#","trace_flags":"0"#).count(), 2, "{}", logs.memory.text());

    let memory = Memory::new();
    let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).build().unwrap();
    tracing::dispatcher::with_default(telemetry.dispatch(), || drop(request()));
    telemetry.shutdown(PATIENCE);
    assert!(!memory.text().contains("trace_flags"));
}

#[test]
fn an_absent_collector_costs_no_line_and_every_record_is_accounted_for() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let logs = Logs::to(&format!("http://{nobody}"), &[("OTEL_BLRP_SCHEDULE_DELAY", "5")]);
    logs.run(|| (0..100).for_each(|number| tracing::info!(number, "line")));
    let (counts, exported) = logs.end();
    let written = logs.memory.text();
    assert_eq!((written.matches(r#""message":"line""#).count(), counts.dropped()), (100, 0));
    // What the log says of it stays here: a collector that is absent does not hear of it.
    let of_exports = written.matches(r#""target":"cupola::otlp""#).count() as u64;
    assert!(of_exports >= 2, "{written}");
    assert_eq!(counts.written, 100 + of_exports);
    assert_eq!((exported.accepted, exported.exported, exported.dropped_shutdown), (100, 0, 100));
    assert!(written.contains(r#""signal":"logs""#) && written.contains(r#""lost":100"#), "{written}");
}

#[test]
fn a_batch_goes_when_it_is_full_and_the_rest_after_a_while() {
    let collector = Collector::start(vec![Answer::ok()]);
    let vars = [("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "10"), ("OTEL_BLRP_SCHEDULE_DELAY", "20")];
    let logs = Logs::to(&collector.url(), &vars);
    logs.run(|| (0..25).for_each(|number| tracing::info!(number, "line")));
    assert_eq!(records(&collector, 25).len(), 25);
    let counts = logs.counts();
    assert_eq!((counts.accepted, counts.dropped()), (25, 0));
}

#[test]
fn a_collector_that_hangs_holds_the_end_up_no_longer_than_its_deadline() {
    let collector = Collector::start(vec![Answer::Hangs]);
    let logs = Logs::to(&collector.url(), &[]);
    logs.run(|| tracing::info!("line"));
    let took = crate::support::time(|| {
        logs.telemetry.shutdown(Duration::from_millis(400));
    });
    assert!(took < Duration::from_secs(4), "{took:?}");
    let counts = logs.counts();
    assert_eq!((counts.accepted, counts.dropped_shutdown), (1, 1));
    assert!(logs.memory.text().contains(r#""message":"line""#));
}
