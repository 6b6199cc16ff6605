//! An exporter under these variables, whose lines are kept.

use std::time::{Duration, Instant};

use cupola_telemetry::otlp::{Config, Exporter, Message, Signal};
use cupola_telemetry::{Memory, Telemetry};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
pub(crate) struct Exports {
    pub(crate) telemetry: Telemetry,
    pub(crate) exporter: Exporter,
    memory: Memory,
}

#[cfg(feature = "tls")]
pub(crate) fn telemetry() -> Telemetry {
    Telemetry::builder(cupola_telemetry::Config::default()).output(std::io::sink()).build().unwrap()
}

impl Exports {
    pub(crate) fn to(endpoint: &str, vars: &[(&str, &str)]) -> Self {
        let memory = Memory::new();
        let telemetry = Telemetry::builder(cupola_telemetry::Config::default()).output(memory.clone()).build().unwrap();
        let value = |asked: &str| match vars.iter().find(|(name, _)| *name == asked) {
            None if asked == "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(endpoint.to_owned()),
            found => found.map(|(_, value)| (*value).to_owned()),
        };
        let config = Config::from_vars(Signal::Traces, &value).unwrap();
        let exporter = telemetry.export(Signal::Traces, &config).unwrap();
        Self { telemetry, exporter, memory }
    }

    /// A message of one byte.
    pub(crate) fn offer(&self, byte: u8, items: u64) -> bool {
        self.exporter.offer(Message::new(vec![byte], items))
    }

    /// Ends, and gives what the log says.
    pub(crate) fn end(&self, deadline: Duration) -> String {
        self.telemetry.shutdown(deadline);
        self.memory.text()
    }
}

/// What it takes, in real time.
#[allow(clippy::disallowed_methods, reason = "what is measured is real time")]
pub(crate) fn time(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}
