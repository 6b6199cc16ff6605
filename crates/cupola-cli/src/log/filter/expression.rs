//! Tests joined by and, or and not.

use cupola_line::Entry;

use super::test::{Subject, Test};

/// What an entry has to be.
#[derive(Clone, Debug)]
pub(crate) enum Expression {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(Test),
}

impl Expression {
    pub(crate) fn all(mut parts: Vec<Self>) -> Option<Self> {
        match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(Self::All(parts)),
        }
    }

    pub(crate) fn accepts(&self, entry: &Entry<'_>, line: &[u8]) -> bool {
        self.holds(&Subject { entry: Some(entry), line })
    }

    /// Whether a line that is no entry has the text that is asked for.
    pub(crate) fn accepts_text(&self, line: &[u8]) -> bool {
        self.holds(&Subject { entry: None, line })
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(subject)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(subject)),
            Self::Not(part) => !part.holds(subject),
            Self::Test(test) => test.holds(subject),
        }
    }

    /// Whether it asks for nothing but text.
    pub(crate) fn is_text_only(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().all(Self::is_text_only),
            Self::Not(part) => part.is_text_only(),
            Self::Test(test) => test.is_text(),
        }
    }
}

impl From<Test> for Expression {
    fn from(test: Test) -> Self {
        Self::Test(test)
    }
}
