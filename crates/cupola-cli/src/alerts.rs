//! `cupola alerts` and `cupola rules`: what fires, what people do about it, and what makes it fire.

mod act;
mod health;
mod list;
mod rules;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use cupola_alert::{Alert, AlertId, Alerts as Engine, Receivers, Rules as RuleSet};
use cupola_store::MetadataFile;
use cupola_store::language::moment;
use jiff::tz::TimeZone;

use crate::Failure;
use crate::options::stored::open;

pub use rules::Rules;

/// Shows the alerts of a store, and does what people do about them: acknowledge, silence, assign, comment, resolve, try a receiver,
/// send again what was given up; and says how alerting itself is.
///
/// It works beside the process that judges the store, which takes up what was done at its next look, a second later.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Alerts {
    #[command(subcommand)]
    what: Option<What>,

    #[command(flatten)]
    list: list::List,
}

#[derive(Debug, Subcommand)]
enum What {
    List(list::List),
    History(list::History),
    Silences(list::Silences),
    Ack(act::Ack),
    Unack(act::Unack),
    Silence(act::Silence),
    Unsilence(act::Unsilence),
    Assign(act::Assign),
    Comment(act::Comment),
    Resolve(act::Resolve),
    Test(act::Test),
    Health(Box<health::Health>),
    Failed(health::Failed),
    SendAgain(act::SendAgain),
}

const EXAMPLES: &str = "\
Examples:
  cupola alerts --store data                                  what is pending, firing, or over since lately
  cupola alerts ack 'api errors/9f86d081884c7d65' --store data --note 'the bank is down' --for 2h
  cupola alerts silence service=shop rule=disk* --store data --for 8h --note 'moving'
  cupola alerts history --store data -n 20
  cupola alerts health --store data                           whether rules are evaluated, and messages arrive
  SLACK_WEBHOOK_URL=… cupola alerts test slack                sends a message, and says whether it was taken

An alert is named as the list names it, or by the beginning of its fingerprint.

Exit codes: 0 done, or nothing fires, or all is healthy; 1 something fires, or is not healthy; 2 an error.";

/// The store whose alerts they are.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Of {
    /// The store's directory
    #[arg(long, value_name = "DIR", env = "CUPOLA_STORE", default_value = "cupola-store")]
    store: PathBuf,

    /// Rules, receivers and routes: a TOML file with [[rule]], [[receiver]] and [[route]] tables, as `cupola serve --alerts` reads it
    #[arg(long, value_name = "FILE", env = "CUPOLA_ALERTS")]
    alerts: Option<PathBuf>,
}

/// Who does it, in the history.
#[derive(Clone, Debug, Args)]
pub(super) struct By {
    /// Who does it, for the history
    #[arg(long, value_name = "NAME", env = "USER", default_value = "somebody")]
    by: String,
}

impl Alerts {
    /// Does what was asked for; returns the exit code.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let done = match self.what.unwrap_or(What::List(self.list)) {
            What::List(list) => list.run(),
            What::History(history) => history.run(),
            What::Silences(silences) => silences.run(),
            What::Ack(ack) => ack.run(),
            What::Unack(unack) => unack.run(),
            What::Silence(silence) => silence.run(),
            What::Unsilence(unsilence) => unsilence.run(),
            What::Assign(assign) => assign.run(),
            What::Comment(comment) => comment.run(),
            What::Resolve(resolve) => resolve.run(),
            What::Test(test) => test.run(),
            What::Health(health) => health.run(),
            What::Failed(failed) => failed.run(),
            What::SendAgain(again) => again.run(),
        };
        done.map_err(Failure::Usage)
    }
}

impl Of {
    /// The alerts as they were written last; nothing is evaluated.
    fn engine(&self) -> anyhow::Result<Engine> {
        self.telling(Receivers::default())
    }

    /// The same, with those who can be told.
    fn telling(&self, receivers: Receivers) -> anyhow::Result<Engine> {
        let reader = open(&self.store)?;
        if !self.store.join("metadata.sqlite").exists() {
            bail!("the store in {} has no alerts: nobody has judged it yet", self.store.display());
        }
        let metadata = MetadataFile::open(&self.store)?;
        Ok(Engine::new(Arc::new(reader), Arc::new(metadata), self.rules()?, receivers))
    }

    fn rules(&self) -> anyhow::Result<RuleSet> {
        self.alerts.as_deref().map_or_else(|| Ok(RuleSet::default()), rules_of)
    }

    fn receivers(&self) -> anyhow::Result<Receivers> {
        let receivers = Receivers::from_vars(&crate::environment::variable)?;
        let Some(path) = &self.alerts else { return Ok(receivers) };
        let more = Receivers::from_toml(&text_of(path)?).with_context(|| path.display().to_string())?;
        Ok(receivers.and(more))
    }
}

fn text_of(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

fn rules_of(path: &Path) -> anyhow::Result<RuleSet> {
    RuleSet::from_toml(&text_of(path)?).map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// The one alert that is meant.
fn meant(engine: &Engine, named: &str) -> anyhow::Result<AlertId> {
    let all = engine.alerts_at(now())?;
    let is = |alert: &&Alert| alert.id().to_string() == named || alert.fingerprint.starts_with(named);
    match &all.iter().filter(is).collect::<Vec<_>>()[..] {
        [one] if !named.is_empty() => Ok(one.id()),
        [] => bail!("no alert is named {named:?}: `cupola alerts` lists them"),
        some => bail!("{} alerts begin with {named:?}: name one as `cupola alerts` lists it", some.len()),
    }
}

/// Now, in nanoseconds since 1970.
pub(crate) fn now() -> i64 {
    i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

/// `2h` from now on, or a time.
fn until(text: &str) -> anyhow::Result<i64> {
    let from = jiff::Timestamp::now().to_zoned(TimeZone::system());
    if let Ok(span) = text.parse::<jiff::Span>() {
        let ends = from.checked_add(span.abs()).with_context(|| format!("{text} from now is beyond all time"))?;
        return Ok(i64::try_from(ends.timestamp().as_nanosecond())?);
    }
    let moment = moment(text, &from).map_err(|error| anyhow!(error))?;
    Ok(moment.start.saturating_mul(1_000))
}

fn say(text: &str) -> anyhow::Result<i32> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(crate::DONE)
}
