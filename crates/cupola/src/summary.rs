//! The start-up summary: what is in force, and which variables have a say in it.

use std::fmt::Write as _;
use std::time::Duration;

use cupola_context::TrustPolicy;
use cupola_redact::{KeyPolicy, REDACTED};

use crate::error::InitError;

/// Every variable that is read, so that the summary can name those that are set.
const VARIABLES: [&str; 18] = [
    "OTEL_SERVICE_NAME",
    "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS",
    "RUST_LOG",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "LOG_API_CALLS",
    "NO_COLOR",
    "CUPOLA_BODIES",
    "CUPOLA_BODY_BYTES",
    "CUPOLA_HEADERS",
    "CUPOLA_LOG_QUEUE_BYTES",
    "CUPOLA_REQUEST_ID",
    "CUPOLA_REQUEST_START",
    "CUPOLA_SHUTDOWN_MS",
    "CUPOLA_SKIP",
    "CUPOLA_SLOW_MS",
    "CUPOLA_TIMEOUT_MS",
    "CUPOLA_TRUST",
];

pub(crate) struct Summary {
    settings: String,
    trust: String,
}

pub(crate) fn of(vars: &dyn Fn(&str) -> Option<String>, policy: &KeyPolicy, trust: &TrustPolicy) -> Summary {
    let mut settings = String::new();
    for name in VARIABLES {
        if let Some(value) = set(vars, name) {
            let value = if policy.denies(name) { REDACTED.to_owned() } else { value };
            let space = if settings.is_empty() { "" } else { " " };
            write!(settings, "{space}{name}={value}").expect("a String takes all");
        }
    }
    Summary { settings, trust: set(vars, "CUPOLA_TRUST").unwrap_or_else(|| trust.name().to_owned()) }
}

impl Summary {
    pub(crate) fn write(&self, service: &str) {
        tracing::info!(
            target: "cupola",
            service,
            version = env!("CARGO_PKG_VERSION"),
            trust = self.trust,
            settings = (!self.settings.is_empty()).then_some(self.settings.as_str()),
            "cupola is on"
        );
    }
}

/// A variable's value; an empty one is unset.
pub(crate) fn set(vars: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    vars(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

pub(crate) fn milliseconds(
    vars: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<Option<Duration>, InitError> {
    let Some(value) = set(vars, name) else { return Ok(None) };
    let parsed = value.parse().map(|ms| Some(Duration::from_millis(ms)));
    parsed.map_err(|_| InitError::variable(name, value, "a number of milliseconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trust_in_force_is_named() {
        let trust = |set: &'static str| {
            let vars = move |name: &str| (name == "CUPOLA_TRUST").then(|| set.to_owned());
            of(&vars, &KeyPolicy::default(), &TrustPolicy::Never).trust
        };
        assert_eq!(trust(""), "never");
        assert_eq!(trust("always"), "always");
    }
}
