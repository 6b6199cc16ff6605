//! `cupola top`: what a server's routes do, what fires, and what the log says, on one screen that keeps itself up to date.

mod alerts;
mod draw;
mod key;
mod log;
mod news;
mod poll;
mod range;
mod routes;
mod screen;
mod source;
mod state;
mod tail;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::mpsc::{channel, sync_channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use tokio::sync::watch;

use self::log::Rows;
use self::poll::Pace;
use self::range::Range;
use self::screen::Orders;
use self::source::{Place, Source};
use self::state::State;
use self::tail::{Filter, Watcher};
use crate::Failure;
use crate::alerts::now;
use crate::options::Looks;
use crate::remote::Server;

/// So much of the news waits to be drawn; whoever tells more waits too, and a server counts what it drops meanwhile.
const WAITING: usize = 256;
/// The size of a frame that nobody has said.
const SIZE: (u16, u16) = (100, 40);

/// Shows live what a server's routes do, which alerts are open and what the log says.
///
/// Rate, errors and duration of each route; the log as it comes in, with a filter; alerts, to be acknowledged in place.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Top {
    /// The store's directory, rather than a server; alerts are not told of then
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    store: Option<PathBuf>,

    #[command(flatten)]
    server: Server,

    /// Of how much time routes are shown: 5m, 15m, 1h, 6h, 24h, 7d
    #[arg(short, long, value_name = "TIME", default_value = "15m", value_parser = Range::named)]
    range: Range,

    /// Of the log only what matches: words, "texts", status=5xx, level>=warn, -healthz
    #[arg(short, long, value_name = "EXPRESSION", default_value = "")]
    filter: String,

    /// How often routes and alerts are asked for
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,

    /// Shows one frame as text, and ends: for scripts, and where there is no terminal
    #[arg(long)]
    once: bool,

    #[command(flatten)]
    looks: Looks,
}

const EXAMPLES: &str = "\
Keys:
  q, ctrl-c  quit                      Tab        the next part of the screen
  ?          all keys                  j k ↓ ↑    choose a row, or scroll the log
  Enter      the log of the chosen route alone, or of all again
  /          filter the log            e          errors only         Esc    everything again
  p, space   the log stands still      + -        more time, less     s S    another order
  r          ask at once               a          acknowledge the chosen alert, or take it back

Examples:
  CUPOLA_READ_TOKEN=… cupola top --server https://logs.example.com
  cupola top --server http://127.0.0.1:4318 --range 1h --filter 'level>=warn -healthz'
  cupola top --store data
  cupola top --server http://127.0.0.1:4318 --once >now.txt

An alert is acknowledged by whom the server knows as an operator: with the token of an admin, where it has no other.
NO_COLOR is followed; colours are those of the terminal.

Exit codes: 0 done, 1 the terminal failed, 2 bad usage, or nobody answers at the start.";

impl Top {
    /// Shows it until somebody quits.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
        if !self.once && !is_terminal {
            return Err(Failure::Usage(anyhow!("top needs a terminal; cupola top --once shows one frame as text")));
        }
        let (mut state, source) = self.begin().map_err(Failure::Usage)?;
        let shown = if self.once { self.print(state, &source) } else { self.show(&mut state, source) };
        shown.map_err(Failure::Work)?;
        Ok(crate::DONE)
    }

    /// What is known at first. That nobody answers is an error now, and a line on the screen later.
    fn begin(&self) -> anyhow::Result<(State, Source)> {
        let zone = self.looks.zone()?;
        let source = self.place().open()?;
        let mut state = State::new(&source.to_string(), zone, self.range, now());
        state.filter = self.filter.trim().to_owned();
        state.expression().map_err(|error| anyhow!("--filter: {error}"))?;
        let routes = source.routes(state.range, state.now)?;
        state.routes.learn(Ok(routes), state.now);
        Ok((state, source))
    }

    fn place(&self) -> Place<'_> {
        Place { store: self.store.as_ref(), server: &self.server }
    }

    fn show(&self, state: &mut State, source: Source) -> anyhow::Result<()> {
        let (news, hears) = sync_channel(WAITING);
        let (routes, of_routes) = channel();
        let (alerts, of_alerts) = channel();
        let expression = state.expression().map_err(|error| anyhow!(error))?;
        let (filter, filters) = watch::channel(Filter { number: 0, expression });
        let (pace, range) = (Pace::new(Duration::from_secs(self.every)), state.range);
        // Each of them asks one question at a time.
        let (second, third) = (self.place().open()?, self.place().open()?);
        let told = news.clone();
        thread::spawn(move || poll::routes(&source, pace, range, &of_routes, &told));
        let told = news.clone();
        thread::spawn(move || poll::alerts(&second, pace, &of_alerts, &told));
        let watcher = Watcher::new(Rows::new(state.zone.clone()), news.clone());
        thread::spawn(move || watcher.run(&third, filters));
        screen::hear(&news);
        let orders = Orders { routes, alerts, filter };
        screen::show(state, self.looks.color.colors(), &orders, &hears).context("the terminal cannot be drawn on")
    }

    fn print(&self, mut state: State, source: &Source) -> anyhow::Result<()> {
        let alerts = Pace::new(Duration::ZERO).after(source.alerts()).1;
        state.alerts.learn(alerts, state.now);
        let expression = state.expression().map_err(|error| anyhow!(error))?;
        let entries = tail::recent(source, &Filter { number: 0, expression })?;
        let mut rows = Rows::new(state.zone.clone());
        state.log.push(entries.iter().rev().flat_map(|entry| rows.of(entry)));
        let told = terminal_size::terminal_size_of(io::stdout()).map_or(SIZE, |(width, height)| (width.0, height.0));
        let columns = crate::terminal::columns().and_then(|columns| u16::try_from(columns).ok());
        let text = draw::text(&mut state, columns.unwrap_or(told.0), told.1)?;
        Ok(io::stdout().write_all(text.as_bytes())?)
    }
}
