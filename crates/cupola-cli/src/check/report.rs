//! What is told of all lines.

use std::io::{self, Write};

use cupola_store::Level;
use serde_json::{Value, json};

use super::count::{Count, IDS};
use crate::terminal::{counted, safe};

/// So many targets, and so many reasons, are told; the others are counted.
const SHOWN_NAMES: usize = 20;

/// The counts of every file, and their sum.
#[derive(Debug)]
pub(super) struct Report {
    names: Vec<String>,
    files: Vec<Count>,
    shown: usize,
}

impl Report {
    pub(super) fn new(names: Vec<String>, shown: usize) -> Self {
        let files = names.iter().map(|_| Count::default()).collect();
        Self { names, files, shown }
    }

    pub(super) fn add(&mut self, input: usize, count: Count, too_long: u64) {
        let file = &mut self.files[input];
        for _ in 0..too_long {
            file.lines += 1;
            file.fail("too long".to_owned(), self.shown);
        }
        file.add(count, self.shown);
    }

    pub(super) fn failed(&self) -> u64 {
        self.files.iter().map(|file| file.failed).sum()
    }

    fn sum(&self) -> Count {
        let mut sum = Count::default();
        for file in &self.files {
            let Count { lines, blank, entries, failed, with_id, .. } = *file;
            let (reasons, targets) = (file.reasons.clone(), file.targets.clone());
            let count = Count { lines, blank, entries, failed, with_id, reasons, targets, failures: Vec::new() };
            sum.add(count, 0);
        }
        sum
    }

    fn failures(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        let files = self.names.iter().zip(&self.files);
        let failures =
            files.flat_map(|(name, file)| file.failures.iter().map(move |(line, why)| (&**name, *line, &**why)));
        failures.take(self.shown)
    }

    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let sum = self.sum();
        for (name, line, why) in self.failures() {
            writeln!(out, "{}:{line}: {}", safe(name), safe(why))?;
        }
        let untold = sum.failed - self.failures().count() as u64;
        if untold > 0 {
            writeln!(out, "... and {}", counted(untold, "more line"))?;
        }
        if sum.failed > 0 {
            print_counts(
                out,
                "\nWhy lines fail",
                &sum.reasons.iter().map(|(why, count)| (why, *count)).collect::<Vec<_>>(),
            )?;
            writeln!(out)?;
        }
        if sum.entries > 0 {
            print_targets(out, &sum)?;
            print_ids(out, &sum)?;
        }
        let verdict = if sum.failed == 0 { "all hold".to_owned() } else { format!("{} fail", sum.failed) };
        writeln!(out, "{} in {}: {verdict}", counted(sum.lines, "line"), counted(self.files.len() as u64, "file"))
    }

    pub(super) fn json(&self) -> Value {
        let sum = self.sum();
        let failures = self.failures().map(|(file, line, why)| json!({"file": file, "line": line, "why": why}));
        let levels: serde_json::Map<_, _> =
            level_names().zip(sum.levels()).map(|(level, count)| (level.to_owned(), count.into())).collect();
        let targets: serde_json::Map<_, _> =
            sum.targets.iter().map(|(target, levels)| (target.clone(), levels.iter().sum::<u64>().into())).collect();
        let ids: serde_json::Map<_, _> =
            IDS.iter().zip(sum.with_id).map(|(id, count)| ((*id).to_owned(), count.into())).collect();
        json!({
            "files": self.files.len(),
            "lines": sum.lines,
            "blank": sum.blank,
            "entries": sum.entries,
            "failed": sum.failed,
            "reasons": sum.reasons,
            "failures": failures.collect::<Vec<_>>(),
            "by_level": levels,
            "by_target": targets,
            "with_id": ids,
        })
    }
}

fn level_names() -> impl Iterator<Item = &'static str> {
    Level::ALL.into_iter().map(Level::as_str).chain(["none"])
}

/// The most frequent first.
fn print_counts(out: &mut impl Write, title: &str, counts: &[(&String, u64)]) -> io::Result<()> {
    let mut counts = counts.to_vec();
    counts.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
    writeln!(out, "{title}")?;
    for (name, count) in counts.iter().take(SHOWN_NAMES) {
        writeln!(out, "{count:>12}  {}", safe(name))?;
    }
    rest(out, counts.iter().skip(SHOWN_NAMES).map(|(_, count)| *count))
}

/// A row for each target, a column for each level that there is, the most serious first.
fn print_targets(out: &mut impl Write, sum: &Count) -> io::Result<()> {
    let levels = sum.levels();
    let columns: Vec<usize> = (0..5).rev().chain([5]).filter(|at| levels[*at] > 0).collect();
    let names: Vec<_> = level_names().collect();
    write!(out, "{:>12}", "Entries")?;
    columns.iter().try_for_each(|at| write!(out, "{:>11}", names[*at]))?;
    writeln!(out, "  Target")?;
    let mut rows: Vec<_> = sum.targets.iter().collect();
    rows.sort_by_key(|(target, levels)| (std::cmp::Reverse(levels.iter().sum::<u64>()), *target));
    for (target, levels) in rows.iter().take(SHOWN_NAMES) {
        row(out, levels, &columns, &safe(target))?;
    }
    rest(out, rows.iter().skip(SHOWN_NAMES).map(|(_, levels)| levels.iter().sum()))?;
    row(out, &levels, &columns, "(all)")
}

fn row(out: &mut impl Write, levels: &[u64; 6], columns: &[usize], name: &str) -> io::Result<()> {
    write!(out, "{:>12}", levels.iter().sum::<u64>())?;
    columns.iter().try_for_each(|at| write!(out, "{:>11}", levels[*at]))?;
    writeln!(out, "  {name}")
}

fn rest(out: &mut impl Write, counts: impl Iterator<Item = u64>) -> io::Result<()> {
    let (number, sum) = counts.fold((0_u64, 0), |(number, sum), count| (number + 1, sum + count));
    if number == 0 { Ok(()) } else { writeln!(out, "{sum:>12}  ({number} others)") }
}

fn print_ids(out: &mut impl Write, sum: &Count) -> io::Result<()> {
    writeln!(out, "\n{:>12}  Share with", "Entries")?;
    for (id, count) in IDS.iter().zip(sum.with_id) {
        writeln!(out, "{count:>12}  {id} {:.1} %", count as f64 * 100.0 / sum.entries as f64)?;
    }
    writeln!(out)
}
