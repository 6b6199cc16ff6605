//! Whether what an execution has made is what it should be.

use cupola_redact::Masked;

use crate::vocabulary::Validation;

/// One thing that was looked at, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "it is what the line has")]
pub struct Check {
    /// What was looked at: `schema`, `length`.
    pub name: Box<str>,
    /// What was found.
    pub verdict: Validation,
    /// What is wrong, or why nobody has looked.
    pub detail: Option<Masked>,
}
