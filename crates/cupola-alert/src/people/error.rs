//! Why something was not done.

use std::error::Error;
use std::fmt;

use cupola_store::MetadataError;

use crate::rule::RuleError;

/// Why something that somebody wanted was not done.
#[derive(Debug)]
pub struct PeopleError(Kind);

#[derive(Debug)]
enum Kind {
    Bad(String),
    Rule(RuleError),
    Metadata(MetadataError),
}

impl PeopleError {
    pub(crate) fn bad(problem: impl Into<String>) -> Self {
        Self(Kind::Bad(problem.into()))
    }

    pub(crate) fn rule(error: RuleError) -> Self {
        Self(Kind::Rule(error))
    }

    /// Whether what was asked for is at fault, and not the metadata.
    pub fn is_of_asker(&self) -> bool {
        !matches!(self.0, Kind::Metadata(_))
    }

    /// What is wrong with a rule, where that is it.
    pub fn rule_error(&self) -> Option<&RuleError> {
        match &self.0 {
            Kind::Rule(error) => Some(error),
            _ => None,
        }
    }
}

impl From<MetadataError> for PeopleError {
    fn from(error: MetadataError) -> Self {
        Self(Kind::Metadata(error))
    }
}

impl fmt::Display for PeopleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Bad(problem) => f.write_str(problem),
            Kind::Rule(error) => error.fmt(f),
            Kind::Metadata(_) => f.write_str("what people decided cannot be read or written"),
        }
    }
}

impl Error for PeopleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Metadata(error) => Some(error),
            Kind::Bad(_) | Kind::Rule(_) => None,
        }
    }
}
