//! What an expression asks of the index of a closed file: whether a block may hold a line that matches.
//!
//! Of a canonical block the index says what reading it would say of levels, times, classes of status, routes and ids. Each answer
//! here is `true` unless it is certain that no line matches; what the index knows nothing of may always match.

use cupola_line::index::{Answers, Index, id_hash};
use cupola_store::Level;
use cupola_store::language::{Expression, Operand, Relation, Test};

use crate::log::dialect::canonical_key;

/// The ids to ask for, and the questions about one block.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) ids: Vec<u64>,
    question: Question,
}

#[derive(Debug)]
enum Question {
    All(Vec<Self>),
    Any(Vec<Self>),
    /// By their places in [`Level::ALL`].
    Levels([bool; 5]),
    Since(i64),
    Until(i64),
    /// Statuses of 1xx, 2xx, and so on.
    Classes([bool; 5]),
    Route(Relation, Operand),
    /// Places in the list of ids.
    Ids(Vec<usize>),
}

impl Ask {
    /// `None` where an index is of no use.
    pub(super) fn of(expression: &Expression) -> Option<Self> {
        let mut ids = Vec::new();
        let question = Question::of(expression, &mut ids)?;
        (ids.len() <= Answers::MAX_IDS).then_some(Self { ids, question })
    }

    /// Whether a block may hold what matches, by its place.
    pub(crate) fn may_match(&self, answers: &Answers, block: usize) -> bool {
        !answers.blocks()[block].is_canonical || self.question.may_match(answers, block)
    }
}

impl Question {
    fn of(expression: &Expression, ids: &mut Vec<u64>) -> Option<Self> {
        match expression {
            Expression::All(parts) => {
                let known: Vec<_> = parts.iter().filter_map(|part| Self::of(part, ids)).collect();
                (!known.is_empty()).then_some(Self::All(known))
            }
            Expression::Any(parts) => {
                parts.iter().map(|part| Self::of(part, ids)).collect::<Option<_>>().map(Self::Any)
            }
            Expression::Test(test) => Self::of_test(test, ids),
            Expression::Not(_) => None,
        }
    }

    fn of_test(test: &Test, ids: &mut Vec<u64>) -> Option<Self> {
        match test {
            Test::Level(relation, level) => {
                Some(Self::Levels(Level::ALL.map(|found| relation.holds(found.cmp(level)))))
            }
            Test::Since(time) => Some(Self::Since(*time)),
            Test::Until(time) => Some(Self::Until(*time)),
            Test::Field { name, relation, value } => match name.as_str() {
                "status" => classes(*relation, value).map(Self::Classes),
                "route" if !is_number(value) => Some(Self::Route(*relation, value.clone())),
                name if is_id(name) && *relation == Relation::Equal => {
                    let start = ids.len();
                    ids.extend(hashes(value)?);
                    Some(Self::Ids((start..ids.len()).collect()))
                }
                _ => None,
            },
            Test::Has(_) | Test::Text(_) | Test::Regex(_) => None,
        }
    }

    fn may_match(&self, answers: &Answers, place: usize) -> bool {
        let block = &answers.blocks()[place];
        let some = |wanted: &[bool; 5], counts: &[u64; 5]| {
            wanted.iter().zip(counts).any(|(wanted, lines)| *wanted && *lines > 0)
        };
        match self {
            Self::All(parts) => parts.iter().all(|part| part.may_match(answers, place)),
            Self::Any(parts) => parts.iter().any(|part| part.may_match(answers, place)),
            Self::Levels(wanted) => some(wanted, &block.levels),
            Self::Since(time) => block.times.is_none_or(|(_, last)| last >= *time),
            Self::Until(time) => block.times.is_none_or(|(first, _)| first < *time),
            Self::Classes(wanted) => some(wanted, &block.statuses),
            Self::Route(relation, value) => match answers.routes(block) {
                Some(mut routes) => routes.any(|(route, _)| value.stands_to_text(*relation, route)),
                None => true,
            },
            Self::Ids(ids) => ids.iter().any(|id| answers.may_hold(place, *id)),
        }
    }
}

/// Whether a field of this name is in the filters, and nothing else is meant by it in a line that has none.
fn is_id(name: &str) -> bool {
    !name.contains('.') && Index::is_id(name) && canonical_key(name).is_none_or(Index::is_id)
}

fn is_number(value: &Operand) -> bool {
    matches!(value, Operand::StatusClass(_) | Operand::Plain(_, Some(_)))
}

/// Under which hashes an id may be kept that equals this one: as a text, and as the whole number that it is.
fn hashes(value: &Operand) -> Option<Vec<u64>> {
    let Operand::Plain(text, number) = value else { return None };
    let mut hashes = vec![id_hash(text.as_bytes())];
    if let Some(number) = number {
        // Larger ones are no longer told from their neighbours.
        if number.abs() >= 1e15 {
            return None;
        }
        if number.fract() == 0.0 {
            hashes.push(id_hash((*number as i64).to_string().as_bytes()));
        }
    }
    Some(hashes)
}

/// Of which classes a status may be, which is a number of three digits or a word that is none.
fn classes(relation: Relation, value: &Operand) -> Option<[bool; 5]> {
    let bounds = [100.0, 200.0, 300.0, 400.0, 500.0];
    match (value, relation) {
        (Operand::StatusClass(class), _) => Some(bounds.map(|first| first / 100.0 == *class as f64)),
        (Operand::Plain(_, Some(number)), relation) => Some(bounds.map(|first| match relation {
            Relation::Equal => (first..first + 100.0).contains(number),
            Relation::Less => first < *number,
            Relation::LessOrEqual => first <= *number,
            Relation::Greater => first + 99.0 > *number,
            Relation::GreaterOrEqual => first + 99.0 >= *number,
            Relation::Matches => true,
        })),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cupola_line::index::IndexBuilder;

    use super::*;
    use cupola_store::language::{Meaning, parse};

    fn ask(expression: &str) -> Option<Ask> {
        let now = "2026-11-21T12:00:00+00:00[UTC]".parse().unwrap();
        Ask::of(&parse(expression, &Meaning { now, ignore_case: false }).unwrap())
    }

    fn may_match(expression: &str, rest: &str) -> Option<bool> {
        let ask = ask(expression)?;
        let line = format!(r#"{{"timestamp":"2026-11-21T03:46:02.123456Z","level":"WARN","target":"a"{rest}}}"#);
        let mut builder = IndexBuilder::new();
        builder.push(line.as_bytes());
        let index = builder.finish().to_bytes();
        Some(ask.may_match(&Answers::read(&mut &index[..], &ask.ids).unwrap(), 0))
    }

    #[test]
    fn what_can_be_denied() {
        let line =
            r#","status":404,"route":"/vms/{id}","request_id":"r-1","user_id":7,"job_id":"007","session_id":null"#;
        let check = |expression: &str, expected: Option<bool>| {
            assert_eq!(may_match(expression, line), expected, "{expression}");
        };
        for (yes, no) in [
            ("level>=info", "level>=error"),
            ("time>=2026-11-21", "time>=2026-11-22"),
            ("time<2026-11-22", "time<2026-11-21"),
            ("status=4xx", "status=5xx"),
            ("status=404", "status=204"),
            ("status>=404", "status>=500"),
            ("status<=400", "status<400"),
            ("status>498", "status>499"),
            ("route=/vms/{id}", "route=/vms"),
            ("route=/vms/*", "route=/users/*"),
            ("route~vms", "route~^vms"),
            ("request_id=r-1", "request_id=r-2"),
            ("user_id=7", "user_id=8"),
            ("user_id=7.0", "user_id=7.5"),
            ("job_id=007", "job_id=008"),
            ("session_id=null", "session_id=none"),
            ("request_id=r-1 level>=warn slow", "request_id=r-1 level>=error slow"),
            ("request_id=r-2 or trace_id=r-1", "request_id=r-2 or trace_id=r-3"),
        ] {
            check(yes, Some(true));
            check(no, Some(false));
        }
        for unknown in [
            "not level>=error",
            "slow",
            "/slow/",
            "duration_ms>5",
            "span_id=1",
            "user.request_id=r-2",
            "request_id~r",
            "request_id>r",
            "user_id=999999999999999",
            "status=completed",
            "request_id!=",
            "level>=error or slow",
        ] {
            let expected = if unknown.starts_with("user_id") { Some(false) } else { None };
            check(unknown, expected);
        }
    }

    #[test]
    fn a_block_that_is_not_canonical_may_hold_anything() {
        assert_eq!(may_match("level>=error", r#","level":"ERROR""#), Some(true));
        assert_eq!(may_match("status=5xx", r#","status":404,"status":500"#), Some(true));
        assert_eq!(may_match("request_id=r-1", r#","request\u005fid":"r-1""#), Some(true));
    }
}
