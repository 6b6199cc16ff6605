//! `cupola check`: logs, held to the schema.

mod count;
mod report;

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use crate::Failure;
use crate::log::block::Block;
use crate::log::input;
use crate::log::pool::{Done, each_block};
use count::{Count, Counter};
use report::Report;

const HOLDS: i32 = 0;
const FAILS: i32 = 1;

/// Holds every line to the schema: the envelope, names that come once, values of the right kind, the form our writer writes.
///
/// Tells which lines fail and why, how many entries there are by level and target, and which share of them has ids.
#[derive(Debug, Args)]
#[command(after_long_help = "Exit codes: 0 every line holds, 1 a line fails, 2 an error.")]
pub struct Check {
    /// Files, folders, `-` for standard input; rotated and compressed ones too
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Shows so many of the lines that fail; the others are counted
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    lines: usize,

    /// Prints one JSON object
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let inputs = input::expand(&self.files).map_err(|error| Failure::Usage(error.into()))?;
        let mut report = Report::new(inputs.iter().map(input::Input::name).collect(), self.lines);
        let mut has_problem = false;
        each_block(
            &inputs,
            |block: Block<'_>| Counter::default().block(block, self.lines),
            |done: Done<Count>, _| {
                match done {
                    Done::Block { input, value, too_long } => report.add(input, value, too_long),
                    Done::Failed { input, error } => {
                        has_problem = true;
                        crate::complain(&anyhow!("{}: {error}", inputs[input].name()), crate::USAGE);
                    }
                    Done::Ended { .. } => {}
                }
                ControlFlow::Continue(())
            },
        );
        self.print(&report).map_err(|error| Failure::Work(error.into()))?;
        Ok(match (has_problem, report.failed()) {
            (true, _) => crate::USAGE,
            (false, 0) => HOLDS,
            (false, _) => FAILS,
        })
    }

    fn print(&self, report: &Report) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        if self.json {
            writeln!(out, "{}", crate::terminal::safe(&report.json().to_string()))?
        } else {
            report.print(&mut out)?
        }
        out.flush()
    }
}
