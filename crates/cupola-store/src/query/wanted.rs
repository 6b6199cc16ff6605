//! An expression, made ready to be asked of blocks.

mod text;

use crate::language::{Expression, Operand, Relation, Test};
use crate::level::Level;
use crate::value::{Value, is_hex_of};
use crate::{language, names};

pub(super) use text::Anywhere;

/// What an entry has to be.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// What costs least first.
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    /// By their places in [`Level::ALL`].
    Levels([bool; 5]),
    /// From a time on, in nanoseconds since 1970.
    Since(i64),
    /// Before a time.
    Until(i64),
    Field(Place, Relation, Operand),
    Has(Place),
    Text(Anywhere),
}

/// Where the value of a field is looked for: the first of these that an entry has.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// What it is called here, where that is something else.
    pub(crate) ours: Option<String>,
    /// A field that may be an object, and the path inside it.
    pub(crate) inside: Option<(String, String)>,
}

impl Wanted {
    pub(crate) fn new(expression: &Expression) -> Self {
        match expression {
            Expression::All(parts) => {
                let mut parts: Vec<_> = parts.iter().map(Self::new).collect();
                parts.sort_by_key(Self::cost);
                Self::All(parts)
            }
            Expression::Any(parts) => Self::Any(parts.iter().map(Self::new).collect()),
            Expression::Not(part) => Self::Not(Box::new(Self::new(part))),
            Expression::Test(test) => Self::of_test(test),
        }
    }

    fn of_test(test: &Test) -> Self {
        match test {
            Test::Level(relation, level) => Self::Levels(Level::ALL.map(|found| relation.holds(found.cmp(level)))),
            Test::Since(micros) => Self::Since(micros.saturating_mul(1_000)),
            Test::Until(micros) => Self::Until(micros.saturating_mul(1_000)),
            Test::Field { name, relation, value } => Self::Field(Place::of(name), *relation, value.clone()),
            Test::Has(name) => Self::Has(Place::of(name)),
            Test::Text(text) => Self::Text(Anywhere::of_text(text)),
            Test::Regex(pattern) => Self::Text(Anywhere::Pattern(pattern.clone())),
        }
    }

    /// About how much is read to judge it.
    fn cost(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).sum(),
            Self::Not(part) => part.cost(),
            Self::Since(_) | Self::Until(_) => 1,
            Self::Levels(_) => 2,
            Self::Field(_, Relation::Matches, _) => 8,
            Self::Field(..) | Self::Has(_) => 4,
            Self::Text(Anywhere::Pattern(_)) => 200,
            Self::Text(_) => 100,
        }
    }
}

impl Place {
    /// The names of the fields that may have it as their value, the first first.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [Some(self.name.as_str()), self.ours.as_deref()].into_iter().flatten()
    }

    pub(super) fn of(name: &str) -> Self {
        let ours = language::ours(name).unwrap_or_else(|| names::canonical(name));
        Self {
            name: name.to_owned(),
            ours: (ours != name).then(|| ours.to_owned()),
            inside: name.split_once('.').map(|(head, path)| (head.to_owned(), path.to_owned())),
        }
    }
}

/// Whether the level of an entry is one of these.
pub(super) fn is_level(wanted: &[bool; 5], found: &Value<'_>) -> bool {
    let level = match found {
        Value::Text(text) => Level::parse(text),
        _ => None,
    };
    level.is_some_and(|level| wanted[level as usize])
}

/// Whether a value stands so to the one that is asked for.
pub(super) fn stands(wanted: &Operand, relation: Relation, found: &Value<'_>) -> bool {
    // Of ids most are others, which their first byte tells.
    if let (Value::Id(id), Operand::Plain(text, _), Relation::Equal) = (found, wanted, relation) {
        return is_hex_of(text, id);
    }
    match found.as_f64() {
        Some(number) => wanted.stands_to_number(relation, number, || found.text()),
        None => wanted.stands_to_text(relation, &found.text()),
    }
}

/// Whether a field that is there says something.
pub(super) fn is_something(found: &Value<'_>) -> bool {
    !matches!(found, Value::Text(""))
}
