//! The resource: which service speaks, as every message says.

use cupola_record::{VarError, Vars};
use percent_encoding::percent_decode_str;

use super::wire::Wire;

/// What is known of the service that exports.
///
/// ```
/// use cupola_telemetry::otlp::Resource;
///
/// let vars = |name: &str| match name {
///     "OTEL_RESOURCE_ATTRIBUTES" => Some("deployment.environment.name=test,service.name=ignored".to_owned()),
///     "OTEL_SERVICE_NAME" => Some("billing".to_owned()),
///     _ => None,
/// };
/// let resource = Resource::from_vars("in-code", &vars)?;
/// assert_eq!(resource.get("service.name"), Some("billing"));
/// assert_eq!(resource.get("deployment.environment.name"), Some("test"));
/// # Ok::<(), cupola_record::VarError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource(Vec<(String, String)>);

impl Resource {
    /// The service of this name.
    pub fn new(service: &str) -> Self {
        let mut resource = Self(Vec::new());
        resource.set("service.name", service);
        resource.set("telemetry.sdk.name", "cupola");
        resource.set("telemetry.sdk.language", "rust");
        resource.set("telemetry.sdk.version", env!("CARGO_PKG_VERSION"));
        resource
    }

    /// The same, with what variables say of it: `OTEL_RESOURCE_ATTRIBUTES`, and `OTEL_SERVICE_NAME`, which wins over all.
    pub fn from_vars(service: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, VarError> {
        let vars = Vars::new(vars);
        let mut resource = Self::new(service);
        let accepted = "key=value pairs, separated by commas, values percent-encoded";
        let said = vars.read("OTEL_RESOURCE_ATTRIBUTES", accepted, pairs)?;
        said.into_iter().flatten().for_each(|(key, value)| resource.set(&key, &value));
        vars.text("OTEL_SERVICE_NAME").iter().for_each(|name| resource.set("service.name", name));
        Ok(resource)
    }

    /// Says something more, or something else.
    pub fn set(&mut self, key: &str, value: &str) {
        match self.0.iter_mut().find(|(known, _)| known == key) {
            Some((_, known)) => value.clone_into(known),
            None => self.0.push((key.to_owned(), value.to_owned())),
        }
    }

    /// The value of an attribute.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// All attributes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// As the first field of a message of spans, log records or data points.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        Wire(&mut out).message(1, |resource| {
            for (key, value) in self.iter() {
                resource.message(1, |pair| {
                    pair.bytes(1, key.as_bytes());
                    pair.message(2, |any| any.always_bytes(1, value.as_bytes()));
                });
            }
        });
        out
    }
}

/// `key=value` pairs as `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_EXPORTER_OTLP_HEADERS` have them.
pub(crate) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(pair).collect()
}

fn pair(item: &str) -> Option<(String, String)> {
    let (key, value) = item.split_once('=')?;
    let decoded = |text: &str| Some(percent_decode_str(text.trim()).decode_utf8().ok()?.into_owned());
    Some((decoded(key)?, decoded(value)?)).filter(|(key, _)| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded() {
        let check = |text: &str, expected: Option<&[(&str, &str)]>| {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            assert_eq!(pairs(text), expected.map(|pairs| pairs.iter().map(owned).collect()), "{text}");
        };
        check("a=1, b = x%20y ,", Some(&[("a", "1"), ("b", "x y")]));
        check("auth=Basic%20dXNlcg==", Some(&[("auth", "Basic dXNlcg==")]));
        check("a", None);
        check("=1", None);
        check("a=%ff", None);
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        let vars = |name: &str| (name == "OTEL_RESOURCE_ATTRIBUTES").then(|| "team".to_owned());
        let error = Resource::from_vars("hello", &vars).unwrap_err().to_string();
        let accepted = "key=value pairs, separated by commas, values percent-encoded";
        assert_eq!(error, format!("OTEL_RESOURCE_ATTRIBUTES is `team`; accepted: {accepted}"));
    }
}
