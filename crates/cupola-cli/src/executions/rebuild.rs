//! Executions from lines.

use cupola_context::FieldValue;
use cupola_line::{Entry, Value};
use cupola_record::{Execution, names};
use cupola_redact::KeyPolicy;
use rustc_hash::FxHashMap;

use crate::log::block::RawLine;
use crate::log::collect::Found;
use crate::log::filter::{lookup, text_of};
use crate::log::line::{self, Line};

/// An execution, and when its first and its last line were said.
#[derive(Debug, Default)]
pub(super) struct Rebuilt {
    pub(super) facts: Execution,
    /// In microseconds since 1970.
    pub(super) first: Option<i64>,
    pub(super) last: Option<i64>,
}

/// All executions that lines tell of, in the order of their first lines.
pub(super) fn rebuild(found: &Found) -> Vec<Rebuilt> {
    let (mut all, mut places) = (Vec::<Rebuilt>::new(), FxHashMap::<String, usize>::default());
    let (policy, mut scratch) = (KeyPolicy::default(), Vec::new());
    for line in &found.lines {
        let raw = RawLine { at: 0, bytes: &line.raw, open: false };
        let Line::Entry(entry) = line::read(raw, &mut scratch) else { continue };
        let Some(event) = Execution::read_event(&policy, &|name| field(&entry, name)) else { continue };
        let Some(id) = lookup(&entry, names::EXECUTION_ID) else { continue };
        let place = *places.entry(text_of(&id).into_owned()).or_insert_with(|| {
            all.push(Rebuilt { first: line.time, ..Rebuilt::default() });
            all.len() - 1
        });
        let one = &mut all[place];
        one.facts.apply(event);
        one.last = line.time.or(one.last);
    }
    for (id, place) in places {
        name(&mut all[place].facts, &id);
    }
    all
}

/// One whose first line is not there has a name all the same.
fn name(facts: &mut Execution, id: &str) {
    if facts.id.is_empty() {
        facts.id = id.into();
        facts.name = "?".into();
    }
}

/// Only this one, first, and then those inside it.
pub(super) fn family(mut all: Vec<Rebuilt>, id: Option<&str>) -> Vec<Rebuilt> {
    let Some(id) = id else { return all };
    all.retain(|one| &*one.facts.id == id || one.facts.parent.as_deref() == Some(id));
    all.sort_by_key(|one| &*one.facts.id != id);
    all
}

fn field(entry: &Entry<'_>, name: &str) -> Option<FieldValue> {
    let value = lookup(entry, name)?;
    match value {
        Value::Str(text) => Some(text.unescape().into_owned().into()),
        Value::Bool(flag) => Some(flag.into()),
        Value::Number(digits) if !digits.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => whole(digits),
        Value::Number(_) => value.as_f64().map(FieldValue::from),
        _ => None,
    }
}

fn whole(digits: &[u8]) -> Option<FieldValue> {
    let digits = std::str::from_utf8(digits).ok()?;
    let number = digits.parse::<u64>().map(FieldValue::from);
    number.or_else(|_| digits.parse::<i64>().map(FieldValue::from)).ok()
}
