//! Configuration as variables give it, checked.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use cupola_context::{Identify, RequestIdFormat, TrustPolicy};
use cupola_record::KnownMethods;

use crate::layer::ObserveLayer;
use crate::rules::BodyRules;

/// What variables say about the layer; `None` where they say nothing.
///
/// | variable | accepted | what it does |
/// |---|---|---|
/// | `CUPOLA_TRUST` | `never` `private` `always` | whose ids are adopted |
/// | `CUPOLA_REQUEST_ID` | `uuid7` `uuid4` `ulid` `trace-id` | how new ids look |
/// | `CUPOLA_SLOW_MS` | milliseconds | what is marked as slow |
/// | `CUPOLA_TIMEOUT_MS` | milliseconds | 504 where there is no response by then |
/// | `CUPOLA_BODIES` | yes or no | bodies on the access line, masked |
/// | `CUPOLA_BODY_BYTES` | bytes | the most that is kept of each |
/// | `CUPOLA_HEADERS` | yes or no | headers on the access line, masked |
/// | `CUPOLA_REQUEST_START` | yes or no | a line when a request begins |
/// | `CUPOLA_SKIP` | paths, separated by commas; `*` at an end | what is not recorded |
/// | `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` | methods, separated by commas | what is shown by name |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// Whose ids are adopted.
    pub trust: Option<TrustPolicy>,
    /// How new ids look.
    pub request_id: Option<RequestIdFormat>,
    /// What is marked as slow.
    pub slow_after: Option<Duration>,
    /// When to give up.
    pub timeout: Option<Duration>,
    /// Whether bodies are captured.
    pub bodies: Option<bool>,
    /// The most that is kept of each body.
    pub body_bytes: Option<usize>,
    /// Whether headers are shown.
    pub headers: Option<bool>,
    /// Whether a request's beginning has a line.
    pub start_line: Option<bool>,
    /// What is not recorded.
    pub skip: Vec<String>,
    /// Which methods are shown by name.
    pub known_methods: Option<KnownMethods>,
}

impl Config {
    /// Reads the variables; an empty value is an unset one.
    ///
    /// ```
    /// let vars = |name: &str| (name == "CUPOLA_SLOW_MS").then(|| "soon".to_owned());
    /// let error = cupola_http::Config::from_vars(&vars).unwrap_err();
    /// assert_eq!(error.to_string(), "CUPOLA_SLOW_MS is `soon`: a number of milliseconds is accepted");
    /// ```
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let milliseconds =
            |name| parsed(vars, name, "a number of milliseconds").map(|ms| ms.map(Duration::from_millis));
        Ok(Self {
            trust: parsed(vars, "CUPOLA_TRUST", "never, private or always")?,
            request_id: parsed(vars, "CUPOLA_REQUEST_ID", "uuid7, uuid4, ulid or trace-id")?,
            slow_after: milliseconds("CUPOLA_SLOW_MS")?,
            timeout: milliseconds("CUPOLA_TIMEOUT_MS")?,
            bodies: yes_or_no(vars, "CUPOLA_BODIES")?,
            body_bytes: parsed(vars, "CUPOLA_BODY_BYTES", "a number of bytes")?,
            headers: yes_or_no(vars, "CUPOLA_HEADERS")?,
            start_line: yes_or_no(vars, "CUPOLA_REQUEST_START")?,
            skip: list(vars, "CUPOLA_SKIP"),
            known_methods: known_methods(vars),
        })
    }

    /// The layer, changed by what the variables say.
    pub fn apply(
        &self,
        mut layer: ObserveLayer,
        mut identify: Identify,
        mut bodies: Option<BodyRules>,
    ) -> ObserveLayer {
        identify.trust = self.trust.clone().unwrap_or(identify.trust);
        identify.format = self.request_id.unwrap_or(identify.format);
        layer = layer.identify(identify);
        if let Some(limit) = self.slow_after {
            layer = layer.slow_after(limit);
        }
        if let Some(limit) = self.timeout {
            layer = layer.timeout(limit);
        }
        if let Some(methods) = &self.known_methods {
            layer = layer.known_methods(methods.clone());
        }
        if self.headers == Some(true) {
            layer = layer.headers();
        }
        if let Some(on) = self.bodies {
            bodies = on.then(|| bodies.unwrap_or_default());
        }
        if let Some(rules) = bodies {
            layer = layer.bodies(self.body_bytes.map_or(rules.clone(), |bytes| rules.cap(bytes)));
        }
        self.skip.iter().fold(layer, |layer, path| layer.skip(path))
    }
}

fn value(vars: &dyn Fn(&str) -> Option<String>, name: &str) -> Option<String> {
    vars(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn parsed<T: FromStr>(
    vars: &dyn Fn(&str) -> Option<String>,
    name: &'static str,
    accepted: &'static str,
) -> Result<Option<T>, ConfigError> {
    let Some(value) = value(vars, name) else { return Ok(None) };
    value.parse().map(Some).map_err(|_| ConfigError { name, value, accepted })
}

fn yes_or_no(vars: &dyn Fn(&str) -> Option<String>, name: &'static str) -> Result<Option<bool>, ConfigError> {
    let Some(value) = value(vars, name) else { return Ok(None) };
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(Some(true)),
        "0" | "false" | "no" | "off" => Ok(Some(false)),
        _ => Err(ConfigError { name, value, accepted: "true or false" }),
    }
}

fn list(vars: &dyn Fn(&str) -> Option<String>, name: &str) -> Vec<String> {
    let value = value(vars, name).unwrap_or_default();
    value.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

fn known_methods(vars: &dyn Fn(&str) -> Option<String>) -> Option<KnownMethods> {
    let names = list(vars, "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS");
    (!names.is_empty()).then(|| KnownMethods::only(names.iter().map(String::as_str)))
}

/// A variable has a value that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    name: &'static str,
    value: String,
    accepted: &'static str,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is `{}`: {} is accepted", self.name, self.value, self.accepted)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_their_usual_spellings() {
        let read = |name: &'static str, value: &'static str| {
            Config::from_vars(&move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(read("CUPOLA_BODIES", "Yes").unwrap().bodies, Some(true));
        assert_eq!(read("CUPOLA_BODIES", "").unwrap().bodies, None);
        assert_eq!(read("CUPOLA_SLOW_MS", " 250 ").unwrap().slow_after, Some(Duration::from_millis(250)));
        assert_eq!(read("CUPOLA_SKIP", "/a, /b/*,").unwrap().skip, ["/a", "/b/*"]);
        let error = read("CUPOLA_TRUST", "everyone").unwrap_err().to_string();
        assert_eq!(error, "CUPOLA_TRUST is `everyone`: never, private or always is accepted");
    }
}
