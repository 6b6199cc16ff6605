//! Executions as a table.

use std::io::{self, Write};

use cupola_record::{Execution, ExecutionState};
use jiff::tz::TimeZone;

use super::rebuild::Rebuilt;
use crate::terminal::paint::{Paint, Tone};
use crate::terminal::table::{Cell, Side, Table};
use crate::terminal::{self, grouped, milliseconds, safe};

pub(super) fn print(out: &mut impl Write, all: &[Rebuilt], color: bool, zone: &TimeZone) -> io::Result<()> {
    let mut table = Table::new(&[
        ("began", Side::Whole),
        ("state", Side::Left),
        ("name", Side::Left),
        ("took", Side::Right),
        ("attempt", Side::Right),
        ("tokens", Side::Right),
        ("cost", Side::Right),
        ("id", Side::Whole),
        ("error", Side::Left),
    ]);
    for one in all {
        table.row(row(one, zone));
    }
    table.print(out, Paint(color), terminal::columns())
}

fn row(one: &Rebuilt, zone: &TimeZone) -> Vec<Cell> {
    let facts = &one.facts;
    vec![
        Cell::new(Tone::Dim, one.first.map(|first| moment(first, zone)).unwrap_or_default()),
        Cell::new(tone(facts.state), facts.state.as_str()),
        safe(&facts.name).into(),
        took(facts).into(),
        attempts(facts).into(),
        tokens(facts).into(),
        cost(facts).into(),
        Cell::new(Tone::Dim, safe(&facts.id)),
        Cell::new(Tone::Red, facts.error_type.as_deref().map(safe).unwrap_or_default()),
    ]
}

pub(super) const fn tone(state: ExecutionState) -> Tone {
    match state {
        ExecutionState::Completed => Tone::Green,
        ExecutionState::Failed => Tone::Red,
        ExecutionState::Cancelled => Tone::Yellow,
        ExecutionState::Running => Tone::Cyan,
        _ => Tone::Plain,
    }
}

/// Its day and its second.
pub(super) fn moment(micros: i64, zone: &TimeZone) -> String {
    let time = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub(super) fn took(facts: &Execution) -> String {
    facts.duration.map(|took| milliseconds(took.as_micros() as f64 / 1e3)).unwrap_or_default()
}

/// Which one of how many.
pub(super) fn attempts(facts: &Execution) -> String {
    match facts.max_retries {
        0 => facts.attempt.to_string(),
        retries => format!("{}/{}", facts.attempt, u64::from(retries) + 1),
    }
}

/// In and out together.
fn tokens(facts: &Execution) -> String {
    let of = |name| facts.total(name).map(|sum| sum.as_f64() as u64);
    let sums = [of("llm_input_tokens"), of("llm_output_tokens")];
    sums.into_iter().flatten().reduce(|sum, more| sum + more).map(grouped).unwrap_or_default()
}

/// In whole currency, as far as prices are known.
pub(super) fn cost(facts: &Execution) -> String {
    facts.total("llm_cost_micros").map(|sum| format!("${:.6}", sum.as_f64() / 1e6)).unwrap_or_default()
}
