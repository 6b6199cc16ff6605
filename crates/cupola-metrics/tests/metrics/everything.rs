//! A registry with a series of each kind, and with texts that want to break out.

use std::time::Duration;

use cupola_metrics::ready::{Caches, Evaluations, JobOutcome, Jobs, Llm, Usage, Verdict};
use cupola_metrics::{DURATION_BUCKETS, Family, Label, Registry, RouteMetrics, Values};
use cupola_record::{Outcome, Record, Sink, Upgraded};

use crate::support::{ended, exchange, served};

pub(crate) struct State(pub(crate) &'static str);

impl Label for State {
    const NAME: &str = "vm.state";
    const VALUES: Values = Values::Only(&["running", "stopped"]);

    fn value(&self) -> &str {
        self.0
    }
}

pub(crate) struct Template(pub(crate) String);

impl Label for Template {
    const NAME: &str = "template";
    const VALUES: Values = Values::AtMost(3);

    fn value(&self) -> &str {
        &self.0
    }
}

pub(crate) fn everything() -> Registry {
    const LINES: Family = Family::counter("log.lines", "Lines,\nby \\ \"file\".").unit("{line}");
    const LOAD: Family = Family::gauge("system.load", "Load.").unit("1");
    let registry = Registry::new();
    let metrics = RouteMetrics::new(&registry);
    requests(&metrics);
    registry.target_info([
        ("service.name", "a \"b\""),
        ("service.version", "1.2.3"),
        ("service_name", "reads the same"),
    ]);
    registry.counter("jobs.done", "Jobs that are done.", "{job}").unwrap().increment();
    registry.float_counter("llm.cost", "What was paid.", "USD").unwrap().add(0.25);
    registry.gauge("queue.depth", "Jobs that wait.", "{job}").unwrap().set(-1);
    registry.float_gauge("room.temperature", "How warm it is.", "Cel").unwrap().set(21.5);
    let waits = registry.duration_histogram("queue.wait", "How long jobs wait.", &[0.1, 1.0]).unwrap();
    waits.observe(Duration::MAX);
    registry.duration_histogram("nothing", "Nothing was observed.", &DURATION_BUCKETS).unwrap();
    registry.histogram("batch.size", "Rows in a batch.", "{row}", &[1.0, 10.0]).unwrap().observe(7.0);
    let machines = registry.gauge_by::<(State, Template)>("vms", "Machines.", "{vm}").unwrap();
    machines.with(&(State("running"), Template("debian \"13\"\n\\".into()))).set(3);
    machines.with(&(State("lost"), Template(String::new()))).set(1);
    ready_instruments(&registry);
    #[cfg(feature = "host")]
    cupola_metrics::host::Host::new(&registry).sample();
    registry.source(|encoder| {
        encoder.family(&LINES).value(&[("file", "a\"b\\c\nd")], 1);
        encoder.family(&LOAD).value(&[], f64::INFINITY);
    });
    registry
}

fn requests(metrics: &RouteMetrics) {
    served(metrics, &exchange("GET", Some("/vms/{id}")), Some(200), Outcome::Complete, 30);
    served(metrics, &exchange("GET", Some("/\"\n\\{ü}")), None, Outcome::ClosedBeforeHead, 30);
    served(metrics, &exchange("GET", Some("/ws")), Some(101), Outcome::Upgraded, 30);
    let exchange = exchange("POST", Some("/vms"));
    let mut ended = ended(&exchange, Some(503), Outcome::TimedOut, Duration::from_secs(6));
    (ended.head, ended.busy, ended.slow) = (Some(Duration::from_secs(5)), Some(Duration::from_millis(2)), true);
    (ended.request_bytes, ended.response_bytes) = (300, 1_000_000_000);
    metrics.opened(&exchange);
    metrics.record(Record::Exchange(&exchange, &ended));
    metrics.record(Record::Upgraded(&Upgraded::new(&exchange, Duration::from_secs(90))));
}

fn ready_instruments(registry: &Registry) {
    let cache = Caches::new(registry).unwrap().named("users");
    cache.hit();
    cache.miss();
    cache.evict(3);
    let jobs = Jobs::new(registry).unwrap();
    jobs.depth("mail").set(2);
    jobs.waited("mail", Duration::from_secs(3));
    jobs.ended("send_mail", JobOutcome::Retried, Duration::from_secs(1));
    Evaluations::new(registry).unwrap().record("tone", Verdict::Fail, Some(0.2));
    let mut usage = Usage::default();
    (usage.input, usage.cached, usage.output, usage.reasoning) = (Some(900), Some(100), Some(20), Some(5));
    usage.cost = Some(0.004);
    Llm::new(registry).unwrap().record("anthropic", "claude", Duration::from_secs(2), &usage);
    assert!(Llm::new(registry).unwrap_err().is_duplicate());
}
