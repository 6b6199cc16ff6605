//! Tests joined by and, or and not.

use super::test::Test;

/// What an entry has to be.
#[derive(Clone, Debug)]
pub enum Expression {
    /// All of these hold.
    All(Vec<Self>),
    /// At least one of these holds.
    Any(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// One test.
    Test(Test),
}

impl Expression {
    /// All of these; `None` of none.
    pub fn all(mut parts: Vec<Self>) -> Option<Self> {
        match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(Self::All(parts)),
        }
    }
}

impl From<Test> for Expression {
    fn from(test: Test) -> Self {
        Self::Test(test)
    }
}
