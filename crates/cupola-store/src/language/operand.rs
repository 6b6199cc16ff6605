//! What a field is compared with.

use super::pattern::Pattern;
use super::test::Relation;

/// What a field is compared with.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A text, and the number that it is, if it is one.
    Plain(String, Option<f64>),
    /// `5xx`.
    StatusClass(u64),
    /// A text with `*` in it, or a regular expression.
    Pattern(Pattern),
}

impl Operand {
    /// A text as it stands. One with more digits than a double holds is an id, and no number.
    pub fn plain(text: &str) -> Self {
        let is_number = text.len() <= 15 && text.starts_with(|c: char| c.is_ascii_digit() || "-.".contains(c));
        let number = text.parse().ok().filter(|number: &f64| is_number && number.is_finite());
        Self::Plain(text.to_owned(), number)
    }

    /// Whether a text stands so to this one. A number that is written as a text compares as one, but is equal to its own text only.
    pub fn stands_to_text(&self, relation: Relation, found: &str) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.is_match(found.as_bytes()),
            Self::StatusClass(class) => found.parse().is_ok_and(|status| is_of_class(status, *class)),
            Self::Plain(text, None) => relation.holds(found.cmp(text)),
            Self::Plain(text, _) if relation == Relation::Equal => found == text,
            Self::Plain(_, Some(number)) => {
                let ordering = found.parse().ok().and_then(|found: f64| found.partial_cmp(number));
                // A word is neither less nor more than a number.
                ordering.is_some_and(|ordering| relation.holds(ordering))
            }
        }
    }

    /// Whether a number stands so to this one; `text` tells how it is written, for what is no number.
    pub fn stands_to_number<T: AsRef<str>>(&self, relation: Relation, found: f64, text: impl FnOnce() -> T) -> bool {
        match self {
            Self::StatusClass(class) => is_of_class(found, *class),
            Self::Plain(_, Some(number)) => found.partial_cmp(number).is_some_and(|ordering| relation.holds(ordering)),
            Self::Plain(wanted, None) => relation.holds(text().as_ref().cmp(wanted.as_str())),
            Self::Pattern(pattern) => pattern.is_match(text().as_ref().as_bytes()),
        }
    }
}

fn is_of_class(status: f64, class: u64) -> bool {
    #[allow(clippy::cast_precision_loss, reason = "a class is one digit")]
    let class = class as f64;
    (status / 100.0).floor() == class
}

/// `5xx`.
pub(super) fn status_class(text: &str) -> Option<u64> {
    match text.as_bytes() {
        [digit @ b'1'..=b'9', b'x' | b'X', b'x' | b'X'] => Some(u64::from(digit - b'0')),
        _ => None,
    }
}
