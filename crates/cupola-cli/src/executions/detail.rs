//! One execution, with everything that is known of it.

use std::io::{self, Write};
use std::time::Duration;

use cupola_record::{Execution, Status, Validation};
use jiff::tz::TimeZone;

use super::list::{attempts, moment, tone, took};
use super::rebuild::Rebuilt;
use crate::terminal::paint::{Paint, Tone};
use crate::terminal::table::{Cell, Side, Table};
use crate::terminal::{self, milliseconds, safe};

pub(super) fn print(
    out: &mut impl Write,
    one: &Rebuilt,
    inner: &[Rebuilt],
    color: bool,
    zone: &TimeZone,
) -> io::Result<()> {
    let (paint, facts) = (Paint(color), &one.facts);
    head(out, one, paint, zone)?;
    section(out, paint, "steps", steps(facts))?;
    section(out, paint, "inside", inside(inner))?;
    section(out, paint, "attempts that failed", retries(facts))?;
    section(out, paint, "checks", checks(facts))?;
    section(out, paint, "files", files(facts))?;
    section(out, paint, "settings", settings(facts))?;
    section(out, paint, "sums", sums(facts))?;
    section(out, paint, "the process meanwhile", process(facts))?;
    for (name, snapshot) in [("input", &facts.input), ("output", &facts.output)] {
        let Some(snapshot) = snapshot else { continue };
        let cut = if snapshot.truncated { ", cut" } else { "" };
        writeln!(out, "\n{}", paint.text(Tone::Bold, &format!("{name} ({} bytes{cut})", snapshot.bytes)))?;
        writeln!(out, "  {}", safe(snapshot.text.as_str()))?;
    }
    Ok(())
}

fn head(out: &mut impl Write, one: &Rebuilt, paint: Paint, zone: &TimeZone) -> io::Result<()> {
    let facts = &one.facts;
    let state = paint.text(tone(facts.state), facts.state.as_str());
    let name = paint.text(Tone::Bold, &safe(&facts.name));
    writeln!(out, "{name} {state} {}", took(facts))?;
    let mut parts = vec![format!("id={}", safe(&facts.id)), format!("attempt={}", attempts(facts))];
    let named = [("mode", &facts.mode), ("parent", &facts.parent), ("error_type", &facts.error_type)];
    let known = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", safe(value.as_deref()?))));
    parts.extend(known);
    parts.extend((!facts.depends_on.is_empty()).then(|| format!("depends_on={}", safe(&facts.depends_on.join(",")))));
    parts.extend(facts.waited.map(|waited| format!("waited={}", time(waited))));
    parts.extend(one.first.map(|first| format!("began=\"{}\"", moment(first, zone))));
    writeln!(out, "{}", paint.text(Tone::Dim, &parts.join(" ")))?;
    match &facts.error {
        Some(error) => writeln!(out, "{}", paint.text(Tone::Red, &safe(error.as_str()))),
        None => Ok(()),
    }
}

fn section(out: &mut impl Write, paint: Paint, name: &str, rows: Vec<Vec<Cell>>) -> io::Result<()> {
    let Some(columns) = rows.iter().map(Vec::len).max() else { return Ok(()) };
    writeln!(out, "\n{}", paint.text(Tone::Bold, name))?;
    let mut table = Table::new(&vec![("", Side::Whole); columns]);
    rows.into_iter().for_each(|row| table.row(row));
    table.print(out, paint, terminal::columns())
}

fn steps(facts: &Execution) -> Vec<Vec<Cell>> {
    let row = |step: &cupola_record::Step| {
        let progress = step.progress.map(|share| format!("{:.0}%", share * 100.0)).unwrap_or_default();
        let took = step.duration.map(time).unwrap_or_default();
        let tone = match step.status {
            Status::Success => Tone::Green,
            Status::Failed => Tone::Red,
            Status::Cancelled => Tone::Yellow,
            _ => Tone::Cyan,
        };
        vec![safe(&step.name).into(), Cell::new(tone, step.status.as_str()), progress.into(), took.into()]
    };
    facts.steps.iter().map(row).collect()
}

fn inside(inner: &[Rebuilt]) -> Vec<Vec<Cell>> {
    let row = |one: &Rebuilt| {
        let facts = &one.facts;
        vec![
            safe(&facts.name).into(),
            Cell::new(tone(facts.state), facts.state.as_str()),
            took(facts).into(),
            super::list::cost(facts).into(),
            Cell::new(Tone::Dim, safe(&facts.id)),
        ]
    };
    inner.iter().map(row).collect()
}

fn retries(facts: &Execution) -> Vec<Vec<Cell>> {
    let row = |retried: &cupola_record::Retried| {
        let why = retried.reason.as_ref().map(|reason| safe(reason.as_str())).unwrap_or_default();
        vec![retried.attempt.to_string().into(), Cell::new(Tone::Red, safe(&retried.error_type)), why.into()]
    };
    facts.retries.iter().map(row).collect()
}

fn checks(facts: &Execution) -> Vec<Vec<Cell>> {
    let row = |check: &cupola_record::Check| {
        let why = check.detail.as_ref().map(|detail| safe(detail.as_str())).unwrap_or_default();
        vec![safe(&check.name).into(), verdict(check.verdict), why.into()]
    };
    facts.checks.iter().map(row).collect()
}

fn verdict(verdict: Validation) -> Cell {
    let tone = match verdict {
        Validation::Passed => Tone::Green,
        Validation::Failed => Tone::Red,
        _ => Tone::Dim,
    };
    Cell::new(tone, verdict.as_str())
}

fn files(facts: &Execution) -> Vec<Vec<Cell>> {
    let row = |file: &cupola_record::FileUse| {
        let bytes = file.bytes.map(|bytes| format!("{bytes} bytes")).unwrap_or_default();
        let validation = file.validation.map(verdict).unwrap_or_default();
        vec![file.kind.as_str().into(), safe(file.path.as_str()).into(), bytes.into(), validation]
    };
    facts.files.iter().map(row).collect()
}

fn settings(facts: &Execution) -> Vec<Vec<Cell>> {
    let of = |change: &cupola_record::Override| {
        let scope = safe(change.of.as_str());
        let lines: Vec<_> =
            change.changes.as_str().lines().map(|line| vec![scope.clone().into(), safe(line).into()]).collect();
        lines
    };
    facts.overrides.iter().flat_map(of).collect()
}

fn sums(facts: &Execution) -> Vec<Vec<Cell>> {
    facts.totals.iter().map(|(name, sum)| vec![safe(name).into(), sum.to_string().into()]).collect()
}

fn process(facts: &Execution) -> Vec<Vec<Cell>> {
    let used = &facts.resources;
    let numbers = [
        ("cpu", used.cpu.map(time)),
        ("memory", used.memory.map(|bytes| format!("{bytes:+} bytes"))),
        ("read", used.read.map(|bytes| format!("{bytes} bytes"))),
        ("written", used.written.map(|bytes| format!("{bytes} bytes"))),
        ("open files", used.open_files.map(|files| format!("{files:+}"))),
        ("GPU memory", used.gpu_memory.map(|bytes| format!("{bytes:+} bytes"))),
    ];
    numbers.into_iter().filter_map(|(name, number)| Some(vec![name.into(), number?.into()])).collect()
}

fn time(duration: Duration) -> String {
    milliseconds(duration.as_micros() as f64 / 1e3)
}
