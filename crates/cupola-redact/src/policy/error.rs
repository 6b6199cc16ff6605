//! Why a policy cannot be built.

use std::fmt;

/// A rule that a policy cannot be built with: which one, and where it stands if it came from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    name: String,
    problem: Problem,
    line: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    Unreadable,
    Strong,
    Contradiction,
    NotAHeader,
    NotAPath,
    TooManyPaths,
    KeyId,
    ShortKey,
    /// Said by the reader of the file.
    #[cfg_attr(not(feature = "toml"), allow(dead_code, reason = "only files say it"))]
    File(String),
}

impl PolicyError {
    pub(crate) fn new(name: &str, problem: Problem) -> Self {
        Self { name: name.into(), problem, line: None }
    }

    pub(crate) fn key_id(id: &str) -> Self {
        Self::new(id, Problem::KeyId)
    }

    pub(crate) fn short_key(id: &str) -> Self {
        Self::new(id, Problem::ShortKey)
    }

    #[cfg_attr(not(feature = "toml"), allow(dead_code, reason = "only files have lines"))]
    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// The name, path or setting that is at fault.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The line of the file in which it stands, counted from one.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redaction policy")?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        let name = &self.name;
        match &self.problem {
            Problem::Unreadable => write!(f, ": the name {name:?} has no letters, or more than 64 bytes"),
            Problem::Strong => write!(f, ": the name {name:?} always holds a secret and cannot be shown"),
            Problem::Contradiction => write!(f, ": the name {name:?} is both denied and kept"),
            Problem::NotAHeader => write!(f, ": the name {name:?} is not a header name"),
            Problem::NotAPath => {
                write!(f, ": {name:?} is no path such as `$.user.email`, `$..card` or `$.items[*].id`")
            }
            Problem::TooManyPaths => write!(f, ": with the path {name:?} there are more than 63 steps in all paths"),
            Problem::KeyId => write!(f, ": the key id {name:?} is not 1 to 16 letters, digits, `-` or `_`"),
            Problem::ShortKey => write!(f, ": the key {name:?} has less than 16 bytes"),
            Problem::File(why) => write!(f, ": {name}: {why}"),
        }
    }
}

impl std::error::Error for PolicyError {}
