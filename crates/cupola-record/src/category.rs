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
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
