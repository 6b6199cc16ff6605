//! Numbers, looked for by the name of their field, in lines of our own writer that are not read otherwise.

use cupola_line::Value;
use cupola_store::language::{Expression, Operand, Relation, Test};
use memchr::memmem::Finder;

use crate::log::dialect::canonical_key;
use crate::log::filter::judge::stands;

/// Tests of numbers of which a line that matches passes at least one.
#[derive(Debug)]
pub(super) struct Probe(Vec<One>);

#[derive(Debug)]
struct One {
    /// The field's names, with their quotes.
    names: Vec<Finder<'static>>,
    relation: Relation,
    value: Operand,
}

impl Probe {
    /// What each entry that matches must pass.
    pub(super) fn all(expression: &Expression) -> Vec<Self> {
        match expression {
            Expression::All(parts) => parts.iter().filter_map(Self::of).collect(),
            other => Self::of(other).into_iter().collect(),
        }
    }

    fn of(expression: &Expression) -> Option<Self> {
        match expression {
            Expression::Any(parts) => {
                let all: Option<Vec<_>> = parts.iter().map(Self::of).collect();
                Some(Self(all?.into_iter().flat_map(|probe| probe.0).collect()))
            }
            Expression::Test(test) => Some(Self(vec![One::of(test)?])),
            _ => None,
        }
    }

    /// Whether a line, which begins and is spelled as our own do, may pass. Whatever of several values of a name counts, it is one of
    /// these.
    pub(super) fn admits(&self, line: &[u8]) -> bool {
        self.0.iter().any(|one| one.names.iter().any(|name| one.admits(line, name)))
    }
}

impl One {
    fn of(test: &Test) -> Option<Self> {
        let Test::Field { name, relation, value } = test else { return None };
        let is_number = matches!(value, Operand::Plain(_, Some(_)) | Operand::StatusClass(_));
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-@".contains(&byte));
        if !is_number || !is_plain || *relation == Relation::Matches {
            return None;
        }
        let finder = |name: &str| Finder::new(format!("\"{name}\"").as_bytes()).into_owned();
        let names = [Some(name.as_str()), canonical_key(name).filter(|key| key != name)];
        let names = names.into_iter().flatten().map(finder).collect();
        Some(Self { names, relation: *relation, value: value.clone() })
    }

    fn admits(&self, line: &[u8], name: &Finder<'_>) -> bool {
        name.find_iter(line).any(|at| {
            let rest = line[at + name.needle().len()..].trim_ascii_start();
            let Some(value) = rest.strip_prefix(b":").map(<[u8]>::trim_ascii_start) else { return false };
            let end =
                value.iter().position(|byte| !byte.is_ascii_digit() && !b"+-.eE".contains(byte)).unwrap_or(value.len());
            // What is no number is left to whoever reads the line.
            end == 0 || stands(&self.value, self.relation, &Value::Number(&value[..end]))
        })
    }
}
