//! What variables say about calls and queries.

use std::num::NonZeroU32;
use std::time::Duration;

use cupola_record::{KnownMethods, VarError, Vars};

use crate::layer::CallLayer;
use crate::propagation::Propagation;
use crate::queries::Queries;
use crate::settings::Settings;

/// What variables say about calls to other services and queries of databases.
///
/// | variable | accepted | unset |
/// |---|---|---|
/// | `CUPOLA_PROPAGATE_TO` | hosts, separated by commas: `private`, `none`, `all`, `example.com`, `.example.com` | what the code says, else `private` |
/// | `CUPOLA_CALL_BODIES` | yes or no: bodies on the call's line, masked | what the code says, else no |
/// | `CUPOLA_CALL_HEADERS` | yes or no: headers on the call's line, masked | what the code says, else no |
/// | `CUPOLA_CALL_DEADLINE_MS` | a number of milliseconds: how long a call of `Client` may take to the head of its response | what the client's builder says, else 30,000 |
/// | `CUPOLA_CALL_ATTEMPTS` | a whole number from 1: how often `Client` sends a request at most | what the client's builder says, else 3 |
/// | `CUPOLA_BODY_BYTES` | bytes: the most that is kept of each body | 8192 |
/// | `CUPOLA_SLOW_QUERY_MS` | a number of milliseconds | what the code says, else 200 |
/// | `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` | methods, separated by commas | RFC 9110's |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// To whom trace, baggage and request id go.
    pub propagation: Option<Propagation>,
    /// Whether bodies are captured.
    pub bodies: Option<bool>,
    /// The most that is kept of each body.
    pub body_bytes: Option<usize>,
    /// Whether headers are shown.
    pub headers: Option<bool>,
    /// How long a call of `Client` may take to the head of its response; what one call says stands.
    pub call_deadline: Option<Duration>,
    /// How often `Client` sends a request at most; what one host or one call says stands.
    pub call_attempts: Option<NonZeroU32>,
    /// Which methods are shown by name.
    pub known_methods: Option<KnownMethods>,
    /// From when on a query is slow.
    pub slow_query: Option<Duration>,
}

impl Config {
    /// Reads the variables.
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, VarError> {
        let vars = Vars::new(vars);
        let accepted = "private, none, all, a name such as example.com or .example.com, or several separated by commas";
        Ok(Self {
            propagation: vars.parsed("CUPOLA_PROPAGATE_TO", accepted)?,
            bodies: vars.yes_or_no("CUPOLA_CALL_BODIES")?,
            body_bytes: vars.parsed("CUPOLA_BODY_BYTES", "a number of bytes")?,
            headers: vars.yes_or_no("CUPOLA_CALL_HEADERS")?,
            call_deadline: vars.milliseconds("CUPOLA_CALL_DEADLINE_MS")?,
            call_attempts: vars.parsed("CUPOLA_CALL_ATTEMPTS", "a whole number from 1")?,
            known_methods: KnownMethods::from_vars(vars)?,
            slow_query: vars.milliseconds("CUPOLA_SLOW_QUERY_MS")?,
        })
    }

    /// Puts it over what a layer says.
    #[must_use]
    pub fn apply(&self, mut layer: CallLayer) -> CallLayer {
        layer.settings = self.over(layer.settings);
        layer
    }

    pub(crate) fn over(&self, mut settings: Settings) -> Settings {
        self.propagation.iter().for_each(|list| settings.propagation = list.clone());
        self.known_methods.iter().for_each(|methods| settings.methods = methods.clone());
        if let Some(on) = self.bodies {
            settings.bodies = on.then(|| settings.bodies.unwrap_or_default());
        }
        if let Some(bytes) = self.body_bytes {
            settings.bodies = settings.bodies.map(|rules| rules.cap(bytes));
        }
        settings.headers = self.headers.unwrap_or(settings.headers);
        settings.call_deadline = self.call_deadline.or(settings.call_deadline);
        settings.call_attempts = self.call_attempts.or(settings.call_attempts);
        settings
    }

    /// Puts it over what is said of queries.
    #[must_use]
    pub fn apply_to_queries(&self, queries: Queries) -> Queries {
        self.slow_query.into_iter().fold(queries, Queries::slow_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_and_how_often_calls_are_made() {
        let read = |name: &'static str, value: &'static str| {
            Config::from_vars(&move |asked| (asked == name).then(|| value.to_owned()))
        };
        let deadline = |value| read("CUPOLA_CALL_DEADLINE_MS", value).map(|config| config.call_deadline);
        let attempts =
            |value| read("CUPOLA_CALL_ATTEMPTS", value).map(|config| config.call_attempts.map(NonZeroU32::get));
        assert_eq!((deadline("2500"), deadline("")), (Ok(Some(Duration::from_millis(2500))), Ok(None)));
        assert_eq!((attempts("1"), attempts("5"), attempts("")), (Ok(Some(1)), Ok(Some(5)), Ok(None)));
        for bad in ["0", "-1", "1.5", "many"] {
            let error = attempts(bad).unwrap_err().to_string();
            assert_eq!(error, format!("CUPOLA_CALL_ATTEMPTS is `{bad}`; accepted: a whole number from 1"));
        }
        for bad in ["-1", "1.5", "2s"] {
            let error = deadline(bad).unwrap_err().to_string();
            assert!(error.starts_with(&format!("CUPOLA_CALL_DEADLINE_MS is `{bad}`; accepted: ")), "{error}");
        }
    }

    #[test]
    fn a_bad_value_names_what_is_accepted() {
        let read = |value: &str| {
            let source = |name: &str| (name == "CUPOLA_PROPAGATE_TO").then(|| value.to_owned());
            Config::from_vars(&source).map(|config| config.propagation)
        };
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("private,.example.com"), Ok(Some("private, .example.com".parse().unwrap())));
        let methods =
            |name: &str| (name == "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS").then(|| "GET, no method".to_owned());
        assert!(Config::from_vars(&methods).unwrap_err().to_string().contains("methods, separated by commas"));
        let error = read("https://example.com").unwrap_err().to_string();
        assert!(error.starts_with("CUPOLA_PROPAGATE_TO is `https://example.com`; accepted: private, none"), "{error}");
    }
}
