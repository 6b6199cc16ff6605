//! Regular expressions within bounds.

use regex::bytes::{Regex, RegexBuilder};

/// So much memory a pattern may compile to, in bytes; as much again may be used by each thread that looks for it.
pub const MAX_PATTERN_BYTES: usize = 1 << 20;

/// A regular expression, found anywhere in bytes.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    ignores_case: bool,
}

impl Pattern {
    pub(crate) fn new(pattern: &str, ignore_case: bool) -> Result<Self, String> {
        let mut builder = RegexBuilder::new(pattern);
        builder.case_insensitive(ignore_case).size_limit(MAX_PATTERN_BYTES).dfa_size_limit(MAX_PATTERN_BYTES);
        builder.build().map(|regex| Self { regex, ignores_case: ignore_case }).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                "a pattern that is too large: one compiles to at most 1 MiB, so that repetitions like {1000} are not nested".to_owned()
            }
            error => {
                let error = error.to_string();
                let last = error.lines().last().unwrap_or_default();
                format!("not a regular expression: {}", last.trim_start_matches("error: "))
            }
        })
    }

    /// Text with `*` for anything.
    pub(crate) fn of_stars(text: &str, ignore_case: bool) -> Result<Self, String> {
        let parts: Vec<_> = text.split('*').map(regex::escape).collect();
        Self::new(&format!("(?s)^{}$", parts.join(".*")), ignore_case)
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// Whether it is found in small letters and capitals.
    pub fn ignores_case(&self) -> bool {
        self.ignores_case
    }

    /// Whether it is found.
    pub fn is_match(&self, bytes: &[u8]) -> bool {
        self.regex.is_match(bytes)
    }
}
