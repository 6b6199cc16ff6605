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
pub(crate) enum Kind {
    Duplicate,
    Name,
    Help,
    Unit,
    Buckets,
    Label,
}

impl RegisterError {
    pub(crate) fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.into(), kind }
    }

    /// Another metric already has this name, or one that reads the same in Prometheus.
    pub fn is_duplicate(&self) -> bool {
        self.kind == Kind::Duplicate
    }

    /// The name is not one: a letter, then letters, digits and `_ . - /`, at most 255 in all.
    pub fn is_invalid_name(&self) -> bool {
        self.kind == Kind::Name
    }

    /// The help says nothing.
    pub fn is_missing_help(&self) -> bool {
        self.kind == Kind::Help
    }

    /// The unit says nothing, or is longer than 63 characters of ASCII.
    pub fn is_invalid_unit(&self) -> bool {
        self.kind == Kind::Unit
    }

    /// The bounds of the buckets do not rise, or are not positive.
    pub fn is_invalid_buckets(&self) -> bool {
        self.kind == Kind::Buckets
    }

    /// Two labels have the same name, or one has a name that is no label's.
    pub fn is_invalid_label(&self) -> bool {
        self.kind == Kind::Label
    }
}

impl fmt::Display for RegisterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.kind {
            Kind::Duplicate => write!(f, "metric {name:?} is already registered, or reads the same as one that is"),
            Kind::Name => write!(f, "metric name {name:?} is not a letter followed by letters, digits and `_.-/`"),
            Kind::Help => write!(f, "metric {name:?} has no help"),
            Kind::Unit => write!(f, "metric {name:?} has no unit, as `s`, `By`, `{{request}}` or `1`"),
            Kind::Buckets => write!(f, "buckets of metric {name:?} do not rise, or are not above zero"),
            Kind::Label => {
                write!(f, "metric {name:?} has two labels of one name, or one named `le`, `quantile` or not at all")
            }
        }
    }
}

impl Error for RegisterError {}
