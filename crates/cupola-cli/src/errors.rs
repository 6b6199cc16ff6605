//! `cupola errors`: errors that are alike, as one.

mod group;
mod report;
mod stored;

use std::io::{self, BufWriter, Write};
use std::ops::ControlFlow;

use anyhow::{Context, anyhow};
use clap::Args;
use cupola_store::Level;
use cupola_store::language::{Expression, Meaning, Relation, Test, parse};
use jiff::tz::TimeZone;

use crate::Failure;
use crate::log::filter::Filter;
use crate::log::input::Input;
use crate::log::pool::{Done, each_asked_block};
use crate::log::tally::Tally;
use crate::log::twins::Twins;
use crate::options::stored::FromStoreOrServer;
use crate::options::{Looks, Sources, Span};
use group::Groups;
use report::Report;

const FOUND: i32 = 0;
const NOTHING: i32 = 1;

/// Groups errors that are alike: how many there are of each, when the first and the last was, and one of them.
///
/// Alike are lines of one target, error type and route whose texts differ in numbers, ids, paths and quoted parts only.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Errors {
    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    from: FromStoreOrServer,

    /// This level and those above it: warn, error
    #[arg(short, long, value_name = "LEVEL", default_value = "error")]
    level: String,

    #[command(flatten)]
    span: Span,

    /// That match an expression, as in cupola view: field=value, field!=, field>500, field~regex, "text", and, or, not, ( )
    #[arg(short, long, value_name = "EXPRESSION")]
    filter: Vec<String>,

    /// The so many most frequent groups
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    groups: usize,

    /// Prints one JSON object for each group, the most frequent first
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    looks: Looks,
}

const EXAMPLES: &str = "\
Examples:
  cupola errors                                    in ./logs
  cupola errors --store data --hours 24            of a store
  cupola errors logs/ --hours 24 -f 'route=/vms/*'
  cupola errors api.log --json | jq -r 'select(.count > 10).fingerprint'

JSON: fingerprint, count, level, target, error_type, route, template, first, last (RFC 3339, UTC), example (the line), request_id.

Exit codes: 0 there are errors, 1 there are none, 2 something failed.";

impl Errors {
    /// Shows what there is; returns the exit code, as grep's is.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let zone = self.looks.zone().map_err(Failure::Usage)?;
        let (groups, has_problem) = self.groups(&zone).map_err(Failure::Usage)?;
        self.print(&groups, zone).map_err(|error| Failure::Work(error.into()))?;
        Ok(match (has_problem, groups.is_empty()) {
            (true, _) => crate::USAGE,
            (false, true) => NOTHING,
            (false, false) => FOUND,
        })
    }

    /// What there is; tells whether an input failed.
    fn groups(&self, zone: &TimeZone) -> anyhow::Result<(Groups, bool)> {
        if let Some(source) = self.from.source()? {
            return Ok((Groups::of_store(&source, self.expression(zone)?)?, false));
        }
        let inputs = self.sources.inputs()?;
        let filter = Filter::new(Some(self.expression(zone)?));
        let (groups, tally, has_problem) = read(&inputs, &filter);
        if tally.unread() > 0 {
            crate::complain(&anyhow!("{}", tally.unread_sentence()), FOUND);
        }
        Ok((groups, has_problem))
    }

    fn expression(&self, zone: &TimeZone) -> anyhow::Result<Expression> {
        let now = jiff::Timestamp::now().to_zoned(zone.clone());
        let level = Level::parse(&self.level)
            .with_context(|| format!("--level {}: a level is trace, debug, info, warn or error", self.level))?;
        let mut parts = vec![Test::Level(Relation::GreaterOrEqual, level).into()];
        parts.extend(self.span.tests(&now)?);
        let meaning = Meaning { now, ignore_case: false };
        for expression in &self.filter {
            parts.push(parse(expression, &meaning).map_err(|error| anyhow!("{error}"))?);
        }
        Ok(Expression::All(parts))
    }

    fn print(&self, groups: &Groups, zone: TimeZone) -> io::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        if self.json {
            report::json(&mut out, groups, self.groups)?;
        } else if !groups.is_empty() {
            Report { groups, shown: self.groups, color: self.looks.color.colors(), zone }.print(&mut out)?;
        }
        out.flush()
    }
}

/// Reads everything; tells whether an input failed.
fn read(inputs: &[Input], filter: &Filter) -> (Groups, Tally, bool) {
    let twins = Twins::of(inputs);
    let (mut groups, mut tally, mut has_problem) = (Groups::default(), Tally::default(), false);
    each_asked_block(
        inputs,
        filter.ask().as_ref(),
        |block| group::of_block(block, filter, &twins),
        |done, _| {
            match done {
                Done::Block { value: (found, counted), too_long, .. } => {
                    groups.add(found);
                    tally.add(&counted);
                    tally.lines += too_long;
                    tally.too_long += too_long;
                }
                Done::Failed { input, error } => {
                    has_problem = true;
                    crate::complain(&anyhow!("{}: {error}", inputs[input].name()), crate::USAGE);
                }
                Done::Ended { .. } => {}
            }
            ControlFlow::Continue(())
        },
    );
    if let Some(warning) = twins.warning() {
        crate::complain(&anyhow!("{warning}"), FOUND);
    }
    (groups, tally, has_problem)
}
