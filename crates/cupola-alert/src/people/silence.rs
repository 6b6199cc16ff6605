//! Silences: alerts of which nobody is told for a while.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use cupola_store::{Change, Expect};
use serde::{Deserialize, Serialize};

use super::error::PeopleError;
use crate::Severity;
use crate::delivery::json;

/// Nobody is told of alerts that match, until it ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// By what it is known.
    pub id: String,
    /// All of these must match.
    pub matchers: Vec<Matcher>,
    /// Since when, in nanoseconds since 1970.
    pub from: i64,
    /// Until when.
    pub until: i64,
    /// Who wants it.
    pub by: String,
    /// Why.
    pub note: String,
}

/// What a label has to be: `service=shop`, `route!=/healthz`, `rule=disk*`. `rule`, `severity` and `fingerprint` are labels of every alert;
/// a label that an alert does not have is nothing, and is not equal to anything, not even to that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// The label's name.
    pub label: String,
    /// Whether it has to be this, or must not be.
    pub is_equal: bool,
    /// In which `*` stands for anything.
    pub value: String,
}

/// What a matcher looks at of an alert.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    pub(crate) rule: &'a str,
    pub(crate) fingerprint: &'a str,
    pub(crate) severity: Severity,
    pub(crate) labels: &'a BTreeMap<String, String>,
}

impl Silence {
    pub(crate) const KIND: &'static str = "silence";

    /// Whether it is in force.
    pub fn is_active(&self, now: i64) -> bool {
        self.from <= now && now < self.until
    }

    pub(crate) fn matches(&self, about: About<'_>) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(about))
    }

    pub(super) fn put(&self, expect: Expect) -> Change {
        Change::Put { kind: Self::KIND, key: self.id.clone(), body: json(self), expect }
    }

    pub(super) fn subject(&self) -> String {
        format!("silence/{}", self.id)
    }
}

impl Matcher {
    fn matches(&self, about: About<'_>) -> bool {
        let found = match self.label.as_str() {
            "rule" => Some(about.rule),
            "fingerprint" => Some(about.fingerprint),
            "severity" => Some(about.severity.as_str()),
            label => about.labels.get(label).map(String::as_str),
        };
        found.is_some_and(|found| is_like(&self.value, found)) == self.is_equal
    }
}

/// Whether a text is like a pattern, in which `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

impl FromStr for Matcher {
    type Err = PeopleError;

    fn from_str(text: &str) -> Result<Self, PeopleError> {
        let (label, value) = text.split_once('=').unwrap_or_default();
        let (label, is_equal) = label.strip_suffix('!').map_or((label, true), |label| (label, false));
        if label.trim().is_empty() {
            let problem =
                format!("{text:?} matches nothing: LABEL=VALUE or LABEL!=VALUE is accepted, such as service=shop");
            return Err(PeopleError::bad(problem));
        }
        Ok(Self { label: label.trim().to_owned(), is_equal, value: value.trim().to_owned() })
    }
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.label, if self.is_equal { "=" } else { "!=" }, self.value)
    }
}
