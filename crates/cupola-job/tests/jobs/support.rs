//! What all tests of jobs have in common: a request, and the lines that are said.

use std::time::Duration;

use cupola_context::{Context, Fresh, RequestIdFormat};
use cupola_line::schema;
use cupola_telemetry::{Config, Memory, Telemetry};
use serde_json::Value;
use tracing::subscriber::DefaultGuard;

/// A request that has asked for something.
pub(crate) fn request() -> Context {
    let request = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    request.set("vm_id", "vm-7");
    request.set("password", "hunter2");
    request
}

/// The lines of this thread, from here on.
pub(crate) struct Said {
    memory: Memory,
    telemetry: Telemetry,
    _default: DefaultGuard,
}

impl Said {
    pub(crate) fn new() -> Self {
        let (memory, mut config) = (Memory::new(), Config::default());
        config.filter = Some("info".to_owned());
        let telemetry = Telemetry::builder(config).output(memory.clone()).build().unwrap();
        let _default = tracing::dispatcher::set_default(telemetry.dispatch());
        Self { memory, telemetry, _default }
    }

    /// All of them, each held to the schema, and none with a secret.
    pub(crate) fn lines(&self) -> Vec<Value> {
        assert!(self.telemetry.flush(Duration::from_secs(5)));
        let text = self.memory.text();
        assert!(!text.contains("hunter2"), "{text}");
        let read = |line: &str| {
            assert_eq!(schema::check(line.as_bytes()), Ok(()), "{line}");
            serde_json::from_str(line).unwrap()
        };
        text.lines().map(read).collect()
    }

    /// Those of jobs.
    pub(crate) fn of_jobs(&self) -> Vec<Value> {
        let mut lines = self.lines();
        lines.retain(|line| line["target"] == "cupola::job");
        lines
    }
}

/// That a line has these fields.
#[track_caller]
pub(crate) fn check(line: &Value, expected: &[(&str, Value)]) {
    for (name, value) in expected {
        assert_eq!(line[*name], *value, "{name}: {line}");
    }
}
