//! `cupola trace`: all that one request has left in the logs, in the order in which it happened.

mod collect;
mod picture;
mod rows;
mod stored;

use std::io::{self, BufWriter, IsTerminal, Write};

use anyhow::bail;
use clap::Args;
use jiff::tz::TimeZone;

use crate::Failure;
use crate::log::collect::Found;
use crate::log::input::Input;
use crate::options::stored::{FromStoreOrServer, Source};
use crate::options::{Looks, Sources};
use crate::terminal;

const FOUND: i32 = 0;
const NOTHING: i32 = 1;

/// Shows one request across files as a waterfall, with every line of its jobs and calls.
///
/// The id is that of a request, a trace, a job or an execution. Of all but a trace, the lines of the whole trace are shown: those of jobs
/// and of other services too, where their files are among those that are read.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Trace {
    /// The id of a request, a trace, a job or an execution
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    from: FromStoreOrServer,

    /// The lines as they stand in the files, in the order of time
    #[arg(long)]
    json: bool,

    /// Fields too that are seldom worth their room: system, span ids, user agent, ...
    #[arg(short, long)]
    all_fields: bool,

    #[command(flatten)]
    looks: Looks,
}

const EXAMPLES: &str = "\
Examples:
  cupola trace 0193f2a4-0719-79ca-a8d8-0ff831a7272b                 in ./logs
  cupola trace 4bf92f3577b34da6a3ce929d0e0e4736 api/logs jobs/logs  a trace across services
  cupola trace 0193f2a4-0719-79ca-a8d8-0ff831a7272b --json | jq .
  cupola trace 4bf92f3577b34da6a3ce929d0e0e4736 --store data        its spans and its lines
  cupola trace 4bf92f3577b34da6a3ce929d0e0e4736 --server http://127.0.0.1:4318

Exit codes: 0 there are lines of it, 1 there are none, 2 an error.";

impl Trace {
    /// Shows what there is; returns the exit code, as grep's is.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let source = self.from.source().map_err(Failure::Usage)?;
        let inputs = self.inputs(source.as_ref()).map_err(Failure::Usage)?;
        let zone = self.looks.zone().map_err(Failure::Usage)?;
        let found = match &source {
            Some(source) => stored::collect(source, &self.id).map_err(Failure::Usage)?,
            None => collect::collect(&inputs, &self.id),
        };
        for problem in &found.problems {
            crate::complain(problem, crate::USAGE);
        }
        if found.tally.unread() > 0 {
            crate::complain(&anyhow::anyhow!("{}", found.tally.unread_sentence()), FOUND);
        }
        self.print(&found, &inputs, zone).map_err(|error| Failure::Work(error.into()))?;
        Ok(match (found.problems.is_empty(), found.lines.is_empty()) {
            (false, _) => crate::USAGE,
            (true, true) => NOTHING,
            (true, false) => FOUND,
        })
    }

    fn inputs(&self, source: Option<&Source>) -> anyhow::Result<Vec<Input>> {
        if self.id.is_empty() {
            bail!("the id is empty");
        }
        match source {
            Some(source) => Ok(vec![Input::file(source.to_string())]),
            None => self.sources.inputs(),
        }
    }

    fn print(&self, found: &Found, inputs: &[Input], zone: TimeZone) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        if self.json {
            let is_terminal = io::stdout().is_terminal();
            for line in &found.lines {
                match is_terminal {
                    true => out.write_all(terminal::safe(&String::from_utf8_lossy(&line.raw)).as_bytes())?,
                    false => out.write_all(&line.raw)?,
                }
                out.write_all(b"\n")?;
            }
        } else if !found.lines.is_empty() {
            let look = picture::Options { color: self.looks.color.colors(), all_fields: self.all_fields, zone };
            out.write_all(&picture::draw(found, inputs, &self.id, &look))?;
        }
        out.flush()
    }
}
