//! Categories: which drawer an entry belongs in.

use std::fmt;

/// The drawers that every service has; an application may name its own as plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// Requests, served or made.
    Api,
    /// Units of work: jobs, executions, file operations, configuration changes.
    Operations,
    /// Measurements.
    Performance,
    /// Failures.
    Errors,
    /// The life of machines and other instances.
    Instances,
    /// Everything else.
    General,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 6] =
        [Self::Api, Self::Operations, Self::Performance, Self::Errors, Self::Instances, Self::General];

    /// The category as entries and folders name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Operations => "operations",
            Self::Performance => "performance",
            Self::Errors => "errors",
            Self::Instances => "instances",
            Self::General => "general",
        }
    }

    /// The target of the vocabulary's events in this category, so that a filter can name them: `cupola::performance=off`.
    pub const fn target(self) -> &'static str {
        match self {
            Self::Api => "cupola::api",
            Self::Operations => "cupola::operations",
            Self::Performance => "cupola::performance",
            Self::Errors => "cupola::errors",
            Self::Instances => "cupola::instances",
            Self::General => "cupola::general",
        }
    }

    /// The category of an event with this target that names none itself; `None` where its level decides.
    pub fn of_target(target: &str) -> Option<Self> {
        if let Some(category) = Self::of_record(target) {
            return Some(category);
        }
        Self::ALL.into_iter().find(|category| category.target() == target)
    }

    /// The category of every event with this target, where it is that of records which are all of one.
    #[doc(hidden)]
    pub fn of_record(target: &str) -> Option<Self> {
        match target {
            crate::TARGET | crate::CALL_TARGET | crate::LLM_TARGET => Some(Self::Api),
            crate::JOB_TARGET | crate::EXECUTION_TARGET => Some(Self::Operations),
            _ => None,
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
