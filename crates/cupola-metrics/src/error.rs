//! Why a metric was not registered.

use std::error::Error;
use std::fmt;

/// A metric that the registry did not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterError {
    name: Box<str>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Duplicate,
    Name,
    Buckets,
}

impl RegisterError {
    pub(crate) fn duplicate(name: &str) -> Self {
        Self { name: name.into(), kind: Kind::Duplicate }
    }

    pub(crate) fn name(name: &str) -> Self {
        Self { name: name.into(), kind: Kind::Name }
    }

    pub(crate) fn buckets(name: &str) -> Self {
        Self { name: name.into(), kind: Kind::Buckets }
    }

    /// Another metric already has this name, or one that reads the same in Prometheus.
    pub fn is_duplicate(&self) -> bool {
        self.kind == Kind::Duplicate
    }

    /// The name is not one: a letter, then letters, digits and `_ . - /`, at most 255 in all.
    pub fn is_invalid_name(&self) -> bool {
        self.kind == Kind::Name
    }

    /// The bounds of the buckets do not rise, or are not positive numbers of seconds up to a year.
    pub fn is_invalid_buckets(&self) -> bool {
        self.kind == Kind::Buckets
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.kind {
            Kind::Duplicate => write!(f, "metric {name:?} is already registered, or reads the same as one that is"),
            Kind::Name => write!(f, "metric name {name:?} is not a letter followed by letters, digits and `_.-/`"),
            Kind::Buckets => write!(f, "buckets of metric {name:?} do not rise from above 0 to at most a year"),
        }
    }
}

impl Error for RegisterError {}
