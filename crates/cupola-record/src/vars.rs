//! Variables: how a configuration reads one, and the error that names it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use cupola_redact::{KeyPolicy, REDACTED};

/// Where variables come from: the environment, or whatever a test says.
///
/// An empty value is an unset one, and spaces around a value are none of it.
///
/// ```
/// use cupola_record::Vars;
///
/// let source = |name: &str| (name == "CUPOLA_SLOW_MS").then(|| "soon".to_owned());
/// let vars = Vars::new(&source);
/// assert_eq!(vars.yes_or_no("CUPOLA_BODIES")?, None);
/// let error = vars.milliseconds("CUPOLA_SLOW_MS").unwrap_err();
/// assert_eq!(error.to_string(), "CUPOLA_SLOW_MS is `soon`; accepted: a number of milliseconds, at least 1");
/// # Ok::<(), cupola_record::VarError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Vars<'a>(&'a dyn Fn(&str) -> Option<String>);

impl<'a> Vars<'a> {
    /// Variables from this source.
    pub const fn new(source: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self(source)
    }

    /// A variable's text.
    pub fn text(self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// A variable that `read` understands.
    pub fn read<T>(
        self,
        name: &'static str,
        accepted: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, VarError> {
        let Some(value) = self.text(name) else { return Ok(None) };
        read(&value).map(Some).ok_or_else(|| VarError::new(name, value, accepted))
    }

    /// A variable of any type that has a text form.
    pub fn parsed<T: FromStr>(self, name: &'static str, accepted: &'static str) -> Result<Option<T>, VarError> {
        self.read(name, accepted, |value| value.parse().ok())
    }

    /// A variable that is on or off, in any usual spelling.
    pub fn yes_or_no(self, name: &'static str) -> Result<Option<bool>, VarError> {
        self.read(name, "true or false", |value| match value.to_ascii_lowercase().as_str() {
            "1" | "true" | "t" | "yes" | "y" | "on" | "enabled" => Some(true),
            "0" | "false" | "f" | "no" | "n" | "off" | "disabled" => Some(false),
            _ => None,
        })
    }

    /// A variable that is a time, in milliseconds.
    pub fn milliseconds(self, name: &'static str) -> Result<Option<Duration>, VarError> {
        self.read(name, "a number of milliseconds, at least 1", |value| {
            value.parse().ok().filter(|ms| *ms > 0).map(Duration::from_millis)
        })
    }

    /// A variable that is a list, separated by commas.
    pub fn list(self, name: &str) -> Vec<String> {
        let value = self.text(name).unwrap_or_default();
        value.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
    }
}

impl fmt::Debug for Vars<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vars")
    }
}

/// A variable has a value that is not accepted. The value of one that is named like a secret is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VarError {
    name: &'static str,
    value: String,
    detail: Option<String>,
    accepted: &'static str,
}

impl VarError {
    /// `accepted` says what would be: "true or false".
    pub fn new(name: &'static str, value: String, accepted: &'static str) -> Self {
        let value = if KeyPolicy::default().denies(name) { REDACTED.to_owned() } else { value };
        Self { name, value, detail: None, accepted }
    }

    /// Says which part of the value is at fault. Nothing of a secret's value is shown.
    #[must_use]
    pub fn because(self, detail: Option<String>) -> Self {
        let detail = detail.filter(|_| self.value != REDACTED);
        Self { detail, ..self }
    }

    /// The variable.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl fmt::Display for VarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, detail, accepted } = self;
        write!(f, "{name} is `{value}`")?;
        detail.iter().try_for_each(|detail| write!(f, ": {detail}"))?;
        write!(f, "; accepted: {accepted}")
    }
}

impl std::error::Error for VarError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_their_usual_spellings() {
        let source = |name: &str| match name {
            "YES" => Some(" Yes ".to_owned()),
            "EMPTY" => Some("  ".to_owned()),
            "LIST" => Some("/a, /b/*,".to_owned()),
            "SMTP_PASSWORD" => Some("hunter2".to_owned()),
            _ => None,
        };
        let vars = Vars::new(&source);
        assert_eq!(vars.yes_or_no("YES"), Ok(Some(true)));
        assert_eq!(vars.yes_or_no("EMPTY"), Ok(None));
        assert_eq!(vars.list("LIST"), ["/a", "/b/*"]);
        let error = vars.yes_or_no("SMTP_PASSWORD").unwrap_err();
        assert_eq!(error.to_string(), "SMTP_PASSWORD is `[REDACTED]`; accepted: true or false");
    }
    #[test]
    fn yes_and_no_have_many_spellings() {
        let read = |text: &str| {
            let source = |_: &str| Some(text.to_owned());
            Vars::new(&source).yes_or_no("CUPOLA_BODIES").ok()
        };
        for (spelling, expected) in [
            ("1 true True TRUE t yes Yes YES y Y on On ON enabled", Some(Some(true))),
            ("0 false False FALSE f no No NO n N off Off OFF disabled", Some(Some(false))),
            ("2 -1 maybe tru yess 1.0 true,false", None),
        ] {
            spelling.split(' ').for_each(|text| assert_eq!(read(text), expected, "{text}"));
        }
        assert_eq!((read(""), read("  "), read(" true ")), (Some(None), Some(None), Some(Some(true))));
    }
}
