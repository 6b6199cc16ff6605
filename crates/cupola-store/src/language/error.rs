//! What is wrong with an expression, and where.

use std::fmt;

/// What is wrong with an expression, and where. Shown, it has three lines: what is wrong, the expression, and a mark below the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    text: String,
    at: usize,
    message: String,
}

impl ParseError {
    pub(super) fn new(text: &str, at: usize, message: impl Into<String>) -> Self {
        Self { text: text.to_owned(), at, message: message.into() }
    }

    /// The place, in bytes from the beginning of the expression.
    pub fn at(&self) -> usize {
        self.at
    }

    /// What is wrong, and what is accepted.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.text[..self.at].chars().count();
        writeln!(f, "{} at character {}", self.message, column + 1)?;
        writeln!(f, "  {}", self.text)?;
        write!(f, "  {:column$}^", "")
    }
}

impl std::error::Error for ParseError {}
