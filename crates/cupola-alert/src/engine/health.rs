//! How a rule is, apart from its alerts: neither an error nor that nothing is known fires or resolves anything.

use std::time::Duration;

use cupola_store::{Change, Document, Expect};
use serde::{Deserialize, Serialize};

use crate::delivery::json;

/// How a rule is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// In a word.
    pub status: HealthStatus,
    /// Why it cannot be evaluated, or is judged on less than all.
    pub problem: Option<String>,
    /// How often in a row it could not be evaluated.
    #[serde(default)]
    pub failures: u32,
    /// Since when it is so, in nanoseconds since 1970.
    pub since: i64,
    /// When it was last evaluated.
    #[serde(skip)]
    pub evaluated: Option<i64>,
    /// How long that took.
    #[serde(skip)]
    pub took: Duration,
    /// How many things it tells apart.
    #[serde(skip)]
    pub seen: usize,
    /// How many alerts are left out, since there are more than its limit.
    #[serde(skip)]
    pub beyond: usize,
}

/// How a rule is, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// It was not evaluated yet.
    #[default]
    New,
    /// It is evaluated.
    Ok,
    /// There is nothing that it could judge.
    NoData,
    /// It cannot be evaluated.
    Error,
}

impl Health {
    pub(super) const KIND: &'static str = "health";

    /// Whether anything is different that others should know, in other processes too.
    pub(super) fn differs(&self, other: &Self) -> bool {
        (self.status, &self.problem) != (other.status, &other.problem)
    }

    pub(super) fn put(&self, rule: &str) -> Change {
        Change::Put { kind: Self::KIND, key: rule.to_owned(), body: json(self), expect: Expect::Any }
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        serde_json::from_str(&document.body).ok()
    }
}

impl HealthStatus {
    /// As a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::NoData => "no data",
            Self::Error => "error",
        }
    }
}
