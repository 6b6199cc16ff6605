//! The environment, which only the binary reads.

/// A variable that is set, and not empty.
#[allow(clippy::disallowed_methods, reason = "the binary reads it for all")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether a variable is set and says nothing.
#[allow(clippy::disallowed_methods, reason = "the binary reads it for all")]
pub(crate) fn is_empty(name: &std::ffi::OsStr) -> bool {
    std::env::var_os(name).is_some_and(|value| value.is_empty())
}
