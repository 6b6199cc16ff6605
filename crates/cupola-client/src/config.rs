//! What variables say about calls.

use cupola_record::{KnownMethods, VarError, Vars};

use crate::layer::CallLayer;
use crate::propagation::Propagation;
use crate::settings::Settings;

/// What variables say about calls to other services.
///
/// | variable | accepted | unset |
/// |---|---|---|
/// | `CUPOLA_PROPAGATE_TO` | hosts, separated by commas: `private`, `none`, `all`, `example.com`, `.example.com` | what the code says, else `private` |
/// | `CUPOLA_CALL_BODIES` | yes or no: bodies on the call's line, masked | what the code says, else no |
/// | `CUPOLA_CALL_HEADERS` | yes or no: headers on the call's line, masked | what the code says, else no |
/// | `CUPOLA_BODY_BYTES` | bytes: the most that is kept of each body | 8192 |
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
    /// Which methods are shown by name.
    pub known_methods: Option<KnownMethods>,
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
            known_methods: KnownMethods::from_vars(vars)?,
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
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
