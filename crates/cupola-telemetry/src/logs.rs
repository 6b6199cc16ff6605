//! Log records to a collector: every line of the log once more, as OpenTelemetry's log records.
//!
//! ```
//! use std::time::Duration;
//! use cupola_telemetry::{Telemetry, logs::LogsConfig};
//!
//! let vars = |name: &str| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "http://127.0.0.1:1".to_owned());
//! let config = LogsConfig::from_vars("billing", &vars)?.expect("there is an endpoint");
//! let telemetry =
//!     Telemetry::builder(cupola_telemetry::Config::default()).output(std::io::sink()).logs(config).build()?;
//! tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::info!("machine is up"));
//! telemetry.shutdown(Duration::from_secs(5));
//! let counts = telemetry.exporters()[0].counts();
//! assert_eq!((counts.accepted, counts.dropped()), (1, 1)); // nobody listens there
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A record is made of the finished line, on the thread that writes lines out: what a line shows was masked before, and
//! whoever logs waits for nothing. A line that the log itself has dropped is none here either.
//!
//! | of the line | of the record |
//! |---|---|
//! | `timestamp` | time; the observed time is when the line was written out |
//! | `level` | severity: 1, 5, 9, 13, 17, and 21 where the line is `critical` |
//! | `target` | the scope's name |
//! | `message` | body |
//! | `trace_id`, `span_id`, `trace_flags` | the record's own |
//! | `event` | event name, if it is a text |
//! | every other field | attribute; an object or an array as its JSON |

mod record;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cupola_line::keys;
use cupola_record::{VarError, Vars};
use rustc_hash::FxHashMap;

use crate::exports::Exports;
use crate::otlp::{self, ExportError, Gather, Resource, ScopeId, Signal};
use crate::queue::Lines;
use crate::writer::{self, Tap};

/// What variables say about log records.
///
/// | variable | accepted | unset |
/// |---|---|---|
/// | `OTEL_SDK_DISABLED` | yes or no: nothing is exported at all | no |
/// | `OTEL_LOGS_EXPORTER` | `otlp`, `console`, `none`; several separated by commas. The console has the log itself, and needs nothing more | `otlp` where an endpoint is set, else none |
/// | `OTEL_BLRP_SCHEDULE_DELAY` | milliseconds after which what has gathered is sent | 1000 |
/// | `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE` | records of one message | 512 |
/// | `OTEL_BLRP_MAX_QUEUE_SIZE` | records that may wait | as many as there is room for in bytes |
/// | `OTEL_BLRP_EXPORT_TIMEOUT` | milliseconds for which a message is tried again and again | 300000 |
///
/// Where to and how is in [`otlp::Config`]; who is, in [`Resource`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogsConfig {
    /// Where records are sent.
    pub otlp: otlp::Config,
    /// After how long what has gathered is sent.
    pub schedule_delay: Duration,
    /// The most records of one message.
    pub batch_records: usize,
    /// Which service speaks.
    pub resource: Resource,
}

impl LogsConfig {
    /// Reads the variables; `service` is the name that the code gives. `None` where nothing is to be sent.
    pub fn from_vars(service: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, VarError> {
        let read = Vars::new(vars);
        let named = read.read("OTEL_LOGS_EXPORTER", "otlp, console or none", |_| {
            let names = read.list("OTEL_LOGS_EXPORTER");
            let known = names.iter().all(|name| matches!(name.as_str(), "otlp" | "console" | "none"));
            known.then(|| names.iter().any(|name| name == "otlp"))
        })?;
        let disabled = read.yes_or_no("OTEL_SDK_DISABLED")? == Some(true);
        let records = |name| read.read(name, "a number of records, at least 1", number);
        let batch_records = records("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE")?;
        let queue_records = records("OTEL_BLRP_MAX_QUEUE_SIZE")?;
        let give_up = read.milliseconds("OTEL_BLRP_EXPORT_TIMEOUT")?;
        let schedule_delay = read.milliseconds("OTEL_BLRP_SCHEDULE_DELAY")?.unwrap_or(Duration::from_secs(1));
        if disabled || !named.unwrap_or_else(|| otlp::has_endpoint(Signal::Logs, read)) {
            return Ok(None);
        }
        let mut otlp = otlp::Config::from_vars(Signal::Logs, vars)?;
        otlp.queue_items = queue_records.map(|records| records as u64);
        otlp.give_up = give_up.unwrap_or(otlp.give_up);
        // No message is larger than what may wait.
        let batch_records = batch_records.unwrap_or(512).min(queue_records.unwrap_or(usize::MAX));
        let resource = Resource::from_vars(service, vars)?;
        Ok(Some(Self { otlp, schedule_delay, batch_records, resource }))
    }

    /// Starts the way to the collector, and gives what the writer is to show its lines to.
    pub(crate) fn start(&self, exports: &Exports, lines: &Arc<Lines>) -> Result<Tap, ExportError> {
        let exporter = exports.start(Signal::Logs, &self.otlp, lines)?;
        let mut records = Records::new(Gather::new(&exporter, &self.resource, self.batch_records, self.schedule_delay));
        Ok(writer::tap(move |batch| records.take(batch, now())))
    }
}

fn number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number| *number > 0)
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(0)
}

/// The most targets that are scopes of their own; they come from code. Of further ones it is an attribute.
const MAX_TARGETS: usize = 200;

/// A giant record's memory is given back.
const KEPT_BYTES: usize = 64 * 1024;

/// Makes records of lines, and gathers them.
#[derive(Debug)]
struct Records {
    gather: Gather,
    scopes: FxHashMap<String, ScopeId>,
    /// Where targets go that found no scope.
    others: ScopeId,
    buffer: Vec<u8>,
}

impl Records {
    fn new(gather: Gather) -> Self {
        let others = gather.scope("", "");
        Self { gather, scopes: FxHashMap::default(), others, buffer: Vec::new() }
    }

    /// Takes whole lines, each with its newline.
    fn take(&mut self, batch: &[u8], observed: u64) {
        for line in batch.split_inclusive(|byte| *byte == b'\n') {
            self.buffer.clear();
            let Some(target) = record::encode(line, observed, &mut self.buffer) else { continue };
            let scope = self.scope(&target);
            self.gather.add(scope, &self.buffer);
        }
        if self.buffer.capacity() > KEPT_BYTES {
            self.buffer = Vec::new();
        }
    }

    fn scope(&mut self, target: &str) -> ScopeId {
        if let Some(scope) = self.scopes.get(target) {
            return *scope;
        }
        if self.scopes.len() >= MAX_TARGETS {
            record::attribute(keys::TARGET, target, &mut self.buffer);
            return self.others;
        }
        let scope = self.gather.scope(target, "");
        self.scopes.insert(target.to_owned(), scope);
        scope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<LogsConfig>, VarError> {
        let value = |asked: &str| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
        LogsConfig::from_vars("hello", &value)
    }

    #[test]
    fn records_go_where_the_variables_say() {
        let check = |pairs: &[(&str, &str)], expected: Option<&str>| {
            let config = read(pairs).unwrap();
            assert_eq!(config.map(|config| config.otlp.endpoint.to_string()).as_deref(), expected, "{pairs:?}");
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        check(&[], None);
        check(&[endpoint], Some("http://collector:4318/v1/logs"));
        check(&[("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs/in")], Some("http://logs/in"));
        check(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://spans/in")], None);
        check(&[("OTEL_LOGS_EXPORTER", "console, otlp")], Some("http://localhost:4318/v1/logs"));
        check(&[("OTEL_LOGS_EXPORTER", "console"), endpoint], None);
        check(&[("OTEL_LOGS_EXPORTER", "none"), endpoint], None);
        check(&[("OTEL_SDK_DISABLED", "true"), endpoint], None);
    }

    #[test]
    fn batches_as_the_specification_names_them() {
        let config = read(&[
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "250"),
            ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "1000"),
            ("OTEL_BLRP_MAX_QUEUE_SIZE", "100"),
            ("OTEL_BLRP_EXPORT_TIMEOUT", "30000"),
        ]);
        let config = config.unwrap().unwrap();
        assert_eq!((config.schedule_delay.as_millis(), config.batch_records), (250, 100));
        assert_eq!((config.otlp.queue_items, config.otlp.give_up.as_secs()), (Some(100), 30));
    }

    #[test]
    fn targets_beyond_all_measure_share_a_scope() {
        let nobody = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")];
        let (lines, exports) = (Arc::new(Lines::new(1 << 20)), Exports::default());
        let exporter = exports.start(Signal::Logs, &read(&nobody).unwrap().unwrap().otlp, &lines).unwrap();
        let gather = Gather::new(&exporter, &Resource::new("hello"), 1_000_000, Duration::from_secs(3600));
        let mut records = Records::new(gather);
        let line = |number: usize| format!("{{\"target\":\"t{number}\",\"message\":\"m\"}}\n");
        (0..MAX_TARGETS + 2).for_each(|number| records.take(line(number).as_bytes(), 1));
        assert_eq!((records.scopes.len(), exporter.counts().accepted), (MAX_TARGETS, MAX_TARGETS as u64 + 2));
        let last = String::from_utf8_lossy(&records.buffer).into_owned();
        assert!(last.contains("target") && last.contains(&format!("t{}", MAX_TARGETS + 1)), "{last:?}");
        exports.end(Duration::ZERO);
    }

    #[test]
    fn a_bad_value_names_itself() {
        let check = |name, value, text: &str| assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), text);
        check("OTEL_LOGS_EXPORTER", "syslog", "OTEL_LOGS_EXPORTER is `syslog`; accepted: otlp, console or none");
        check(
            "OTEL_BLRP_MAX_QUEUE_SIZE",
            "0",
            "OTEL_BLRP_MAX_QUEUE_SIZE is `0`; accepted: a number of records, at least 1",
        );
    }
}
