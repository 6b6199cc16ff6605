//! Why a message is none, and where.

use std::error::Error;
use std::fmt;

/// A message is not what it should be.
#[derive(Debug, PartialEq, Eq)]
pub struct DecodeError {
    place: Place,
    what: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In protobuf: which messages it is in, the innermost first.
    In(Vec<(&'static str, usize)>),
    /// In JSON.
    At { line: usize, column: usize },
}

/// A flaw on its way out of the message that has it; a small one, for it is in every result.
#[derive(Debug)]
pub(super) struct Flaw(Box<DecodeError>);

impl Flaw {
    #[cold]
    pub(super) fn new(what: &'static str) -> Self {
        Self(Box::new(DecodeError { place: Place::In(Vec::new()), what }))
    }

    /// It is in the field of this name, which is the one of this number among its like.
    #[cold]
    pub(super) fn within(mut self, name: &'static str, number: usize) -> Self {
        if let Place::In(path) = &mut self.0.place {
            path.push((name, number));
        }
        self
    }
}

impl From<Flaw> for DecodeError {
    fn from(flaw: Flaw) -> Self {
        *flaw.0
    }
}

impl From<serde_json::Error> for DecodeError {
    /// What serde says of it may have the sender's texts in it: only the place is kept.
    fn from(error: serde_json::Error) -> Self {
        let what = match error.classify() {
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => "this is not JSON",
            serde_json::error::Category::Data => "another value is expected here",
            serde_json::error::Category::Eof => "it ends here, in the middle",
        };
        Self { place: Place::At { line: error.line(), column: error.column() }, what }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::At { line, column } => write!(f, "line {line}, column {column}: {}", self.what),
            Place::In(path) if path.is_empty() => write!(f, "the message: {}", self.what),
            Place::In(path) => {
                for (depth, (name, number)) in path.iter().rev().enumerate() {
                    let dot = if depth == 0 { "" } else { "." };
                    write!(f, "{dot}{name}[{number}]")?;
                }
                write!(f, ": {}", self.what)
            }
        }
    }
}

impl Error for DecodeError {}
