//! `cupola executions`: units of work, each put together from its lines.

mod detail;
mod list;
mod rebuild;

use std::io::{self, BufWriter, Write};

use clap::Args;
use cupola_record::names;
use cupola_store::language::{Expression, Test};

use crate::Failure;
use crate::log::collect::{Found, is};
use crate::log::input::Input;
use crate::options::{Looks, Sources, Span};
use crate::terminal;
use rebuild::Rebuilt;

const FOUND: i32 = 0;
const NOTHING: i32 = 1;

/// Shows executions, each put together from its lines: states, attempts, steps, checks, files, tokens and cost.
///
/// Without an id they are a table, in the order in which they began. With one, everything that is known of it is shown, and those that
/// ran inside it.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Executions {
    /// Only this one, with everything that is known of it
    #[arg(short, long, value_name = "ID")]
    id: Option<String>,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    span: Span,

    /// Prints one JSON object for each
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    looks: Looks,
}

const EXAMPLES: &str = "\
Examples:
  cupola executions                                     in ./logs
  cupola executions logs/ --hours 24
  cupola executions --id report_1795232762_1a2b3c4d     everything that is known of one
  cupola executions --json | jq 'select(.state == \"failed\") | [.name, .error_type]'

JSON: id, name, mode, state, parent, depends_on, attempt, max_retries, waited_ms, duration_ms, error_type, error, input, output, steps,
checks, retries, files, overrides, process, totals. What is not known is absent.

Exit codes: 0 there are executions, 1 there are none, 2 an error.";

impl Executions {
    /// Shows what there is; returns the exit code, as grep's is.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let inputs = self.sources.inputs().map_err(Failure::Usage)?;
        let zone = self.looks.zone().map_err(Failure::Usage)?;
        let now = jiff::Timestamp::now().to_zoned(zone.clone());
        let span = self.span.tests(&now).map_err(Failure::Usage)?;
        let found = self.find(&inputs, span);
        for problem in &found.problems {
            crate::complain(problem, crate::USAGE);
        }
        if found.tally.unread() > 0 {
            crate::complain(&anyhow::anyhow!("{}", found.tally.unread_sentence()), FOUND);
        }
        if found.untold > 0 {
            crate::complain(
                &anyhow::anyhow!("{} more lines were not read: choose a shorter time", found.untold),
                FOUND,
            );
        }
        let all = rebuild::rebuild(&found);
        let shown = rebuild::family(all, self.id.as_deref());
        self.print(&shown, &zone).map_err(|error| Failure::Work(error.into()))?;
        Ok(match (found.problems.is_empty(), shown.is_empty()) {
            (false, _) => crate::USAGE,
            (true, true) => NOTHING,
            (true, false) => FOUND,
        })
    }

    /// The lines of all executions, or of one and those inside it.
    fn find(&self, inputs: &[Input], span: Vec<Expression>) -> Found {
        let wanted = match &self.id {
            Some(id) => Expression::Any(vec![is(names::EXECUTION_ID, id), is("parent_execution_id", id)]),
            None => Test::Has(names::EXECUTION_ID.to_owned()).into(),
        };
        let mut found = Found::default();
        found.read(inputs, |_| true, &[Expression::All(span.into_iter().chain([wanted]).collect())]);
        if self.id.is_some() {
            self.find_inner(inputs, &mut found);
        }
        found.drop_twins(inputs);
        found.sort();
        found
    }

    /// Of those inside only their first lines name the one around them.
    fn find_inner(&self, inputs: &[Input], found: &mut Found) {
        let inner: Vec<_> = rebuild::rebuild(found).into_iter().map(|one| one.facts.id).collect();
        let wanted: Vec<_> = inner.iter().map(|id| is(names::EXECUTION_ID, id)).collect();
        if !wanted.is_empty() {
            let kept = |input: usize| !inputs[input].is_live();
            found.lines.retain(|line| inputs[line.input].is_live());
            found.read(inputs, kept, &wanted);
        }
    }

    fn print(&self, shown: &[Rebuilt], zone: &jiff::tz::TimeZone) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        let color = self.looks.color.colors();
        match (&self.id, shown.first()) {
            _ if self.json => {
                for one in shown {
                    // The same JSON, with everything escaped that a terminal would obey.
                    writeln!(out, "{}", terminal::safe(&serde_json::to_string(&one.facts)?))?;
                }
            }
            (Some(_), Some(first)) => detail::print(&mut out, first, &shown[1..], color, zone)?,
            (None, Some(_)) => list::print(&mut out, shown, color, zone)?,
            (_, None) => {}
        }
        out.flush()
    }
}
