//! The `cupola` command: what one asks of logs, and does with them, in a terminal.
//!
//! ```no_run
//! // `cupola redact --as application/json request.json` does this:
//! use clap::Parser;
//!
//! let cli = cupola_cli::Cli::parse_from(["cupola", "redact", "--as", "application/json", "request.json"]);
//! std::process::exit(cli.run());
//! ```
//!
//! # Where this sits
//!
//! On the roof. Each subcommand is a module with a `clap` structure and one `run`; what it does, a crate below does. A
//! subcommand must not know the others.
//!
//! Exit codes are those of usual tools: 0 done, 1 an input or output failed, 2 bad usage. Where something is looked for they are
//! grep's: 0 found, 1 not found, 2 an error.

mod alerts;
mod check;
mod clock;
mod completions;
mod environment;
mod errors;
mod executions;
mod figures;
mod index;
mod ingest;
mod input;
mod log;
mod options;
mod redact;
mod remote;
mod search;
mod serve;
mod stats;
mod store;
mod terminal;
mod top;
mod trace;
mod view;

use std::io::{ErrorKind, Write};

use clap::{CommandFactory, FromArgMatches as _, Parser, Subcommand};

pub use alerts::{Alerts, Rules};
pub use check::Check;
pub use completions::{Completions, Man};
pub use errors::Errors;
pub use executions::Executions;
pub use index::Index;
pub use ingest::Ingest;
pub use redact::Redact;
pub use search::Search;
pub use serve::Serve;
pub use stats::Stats;
pub use store::Maintain;
pub use top::Top;
pub use trace::Trace;
pub use view::View;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "cupola", version, about = "Observability for services built on Tower and Axum", max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Files of variables, and those who start containers, set many that say nothing.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let set = |arg: clap::Arg| match arg.get_env().is_some_and(environment::is_empty) {
        true => arg.env(None),
        false => arg,
    };
    command.mut_args(set).mut_subcommands(without_empty_variables)
}

#[derive(Debug, Subcommand)]
enum Command {
    View(Box<View>),
    Search(Box<Search>),
    Stats(Stats),
    Store(Maintain),
    Trace(Trace),
    Errors(Errors),
    Executions(Executions),
    Check(Check),
    Index(Index),
    Ingest(Ingest),
    Redact(Redact),
    Serve(Serve),
    Top(Box<Top>),
    Alerts(Box<Alerts>),
    Rules(Rules),
    Completions(Completions),
    Man(Man),
}

const DONE: i32 = 0;
const FAILED: i32 = 1;
const USAGE: i32 = 2;

impl Cli {
    /// What this process was started with: its arguments, and variables, of which one that is empty is not set. It ends where they are no
    /// good, and says why.
    pub fn of_process() -> Self {
        let matches = without_empty_variables(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Does what was asked for; returns the exit code.
    pub fn run(self) -> i32 {
        let result = match self.command {
            Command::View(view) => view.run(),
            Command::Search(search) => search.run(),
            Command::Stats(stats) => stats.run(),
            Command::Store(store) => store.run(),
            Command::Trace(trace) => trace.run(),
            Command::Errors(errors) => errors.run(),
            Command::Executions(executions) => executions.run(),
            Command::Check(check) => check.run(),
            Command::Index(index) => index.run(),
            Command::Ingest(ingest) => ingest.run(),
            Command::Serve(serve) => serve.run(),
            Command::Top(top) => top.run(),
            Command::Alerts(alerts) => alerts.run(),
            Command::Rules(rules) => rules.run(),
            Command::Redact(redact) => redact.run().map(|()| DONE),
            Command::Completions(completions) => completions.run(Self::command()).map(|()| DONE),
            Command::Man(man) => man.run(Self::command()).map(|()| DONE),
        };
        match result {
            Ok(code) => code,
            Err(Failure::Usage(error)) => complain(&error, USAGE),
            // Whoever read the output has seen enough.
            Err(Failure::Work(error)) if is_broken_pipe(&error) => DONE,
            Err(Failure::Work(error)) => complain(&error, FAILED),
        }
    }
}

/// Why a subcommand has not done its work.
#[derive(Debug)]
enum Failure {
    /// It was asked in the wrong way.
    Usage(anyhow::Error),
    /// Something failed on the way.
    Work(anyhow::Error),
}

fn complain(error: &anyhow::Error, code: i32) -> i32 {
    // Where standard error is gone there is nobody to tell.
    _ = writeln!(std::io::stderr(), "cupola: {error:#}");
    code
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
