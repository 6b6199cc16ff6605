//! One test of one entry.

use std::cmp::Ordering;

use super::operand::Operand;
use super::pattern::Pattern;
use super::text::Text;
use crate::level::Level;

/// One test.
#[derive(Clone, Debug)]
pub enum Test {
    /// How serious it is.
    Level(Relation, Level),
    /// From a time on, in microseconds since 1970.
    Since(i64),
    /// Before a time, in microseconds since 1970.
    Until(i64),
    /// A field that stands so to a value. An entry without the field does not pass.
    Field {
        /// As it was typed.
        name: String,
        /// How the field's value stands to the one that is asked for.
        relation: Relation,
        /// The value that is asked for.
        value: Operand,
    },
    /// Whether a field is there, and not empty.
    Has(String),
    /// A text anywhere.
    Text(Box<Text>),
    /// A pattern that is found anywhere.
    Regex(Pattern),
}

/// How a field's value stands to the one that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// It is that.
    Equal,
    /// It is less.
    Less,
    /// It is less, or that.
    LessOrEqual,
    /// It is more.
    Greater,
    /// It is more, or that.
    GreaterOrEqual,
    /// The pattern is found in it.
    Matches,
}

impl Relation {
    /// Whether what compares so stands in this relation.
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Matches => false,
        }
    }
}
