//! The language in which people say which entries they want; one for lines of log files and for what the store holds.
//!
//! ```text
//! expression = conjunction { ("or" | "||") conjunction }
//! conjunction = part { ["and" | "&&"] part }
//! part = ["not" | "!" | "-"] ( "(" expression ")" | test )
//! test = FIELD ("=" | "!=" | ">" | ">=" | "<" | "<=" | "~" | "!~") VALUE | FIELD "!=" | FIELD "=" | /REGEX/ | "TEXT" | WORD
//! ```
//!
//! ```
//! use cupola_store::language::{Expression, Meaning, parse};
//!
//! let meaning = Meaning { now: jiff::Zoned::now(), ignore_case: false };
//! assert!(matches!(parse("level>=warn status=5xx -healthz", &meaning).unwrap(), Expression::All(parts) if parts.len() == 3));
//!
//! let error = parse("status=500 and", &meaning).unwrap_err();
//! assert_eq!(error.at(), 14);
//! ```
//!
//! Of lines in files, a word and a text are found as they stand, anywhere. The store finds a bare word of letters, digits and underscores as a
//! whole word, in small letters and capitals (`refused` is in `Refused:`, not in `unrefused`): that is what its filters know, so that a rare
//! word is found without reading everything. A text in quotes is found in the store as it stands, inside words too.
//!
//! An expression comes from people and from the network, so that it is bounded: [`MAX_BYTES`] of text, [`MAX_DEPTH`], [`MAX_TESTS`], and
//! [`MAX_PATTERN_BYTES`] for what a pattern compiles to.

mod display;
mod duration;
mod error;
mod expression;
mod names;
mod operand;
mod parse;
mod pattern;
mod test;
mod text;
mod when;

pub use duration::milliseconds;
pub use error::ParseError;
pub use expression::Expression;
pub(crate) use names::ours;
pub use operand::Operand;
pub use parse::{MAX_BYTES, MAX_DEPTH, MAX_TESTS, Meaning, field, parse, text};
pub use pattern::{MAX_PATTERN_BYTES, Pattern};
pub use test::{Relation, Test};
pub use text::Text;
pub use when::{Moment, moment};
