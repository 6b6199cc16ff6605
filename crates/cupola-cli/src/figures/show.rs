//! Figures from reading to exit code, as grep's is.

use std::io::{self, BufWriter, Write};

use anyhow::anyhow;

use super::report::Report;
use super::survey::Figures;
use crate::terminal::safe;

const COUNTED: i32 = 0;
const NOTHING: i32 = 1;

/// Prints what was counted, as text or as JSON; returns the exit code.
pub(crate) fn show(figures: &Figures, report: &Report<'_>, json: bool) -> io::Result<i32> {
    for problem in &figures.problems {
        crate::complain(problem, crate::USAGE);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    if json {
        writeln!(out, "{}", safe(&report.json(figures).to_string()))?;
    } else if figures.counts.entries > 0 {
        report.print(&mut out, figures)?;
    } else if figures.tally.missing() > 0 {
        crate::complain(&anyhow!("{}", figures.tally.sentence_of("not counted", "counted once already")), NOTHING);
    }
    out.flush()?;
    Ok(match (figures.problems.is_empty(), figures.counts.entries) {
        (false, _) => crate::USAGE,
        (true, 0) => NOTHING,
        (true, _) => COUNTED,
    })
}
