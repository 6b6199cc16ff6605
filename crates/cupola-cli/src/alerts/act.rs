//! What people do about alerts.

use anyhow::anyhow;
use clap::Args;
use cupola_alert::Matcher;

use super::{By, Of, meant, now, say, until};

/// The alert that something is done about.
#[derive(Debug, Args)]
pub(super) struct One {
    /// As the list names it, or the beginning of its fingerprint
    #[arg(value_name = "ALERT")]
    alert: String,

    #[command(flatten)]
    of: Of,

    #[command(flatten)]
    by: By,
}

/// Says that somebody is at it: nobody is reminded that it goes on
#[derive(Debug, Args)]
pub(super) struct Ack {
    #[command(flatten)]
    one: One,

    /// What is known so far
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,

    /// For so long, and not until it is over: 2h, or a time
    #[arg(long = "for", value_name = "TIME")]
    until: Option<String>,
}

impl Ack {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let engine = self.one.of.engine()?;
        let alert = meant(&engine, &self.one.alert)?;
        let until = self.until.as_deref().map(until).transpose()?;
        engine.people().acknowledge(&alert, &self.one.by.by, &self.note, until, now())?;
        say(&format!("{alert} is acknowledged by {}", self.one.by.by))
    }
}

/// Takes an acknowledgement back
#[derive(Debug, Args)]
pub(super) struct Unack {
    #[command(flatten)]
    one: One,
}

impl Unack {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let engine = self.one.of.engine()?;
        let alert = meant(&engine, &self.one.alert)?;
        engine.people().unacknowledge(&alert, &self.one.by.by, now())?;
        say(&format!("{alert} is acknowledged by nobody"))
    }
}

/// Is silent about alerts for a while; what fires still when it ends is told then
#[derive(Debug, Args)]
pub(super) struct Silence {
    /// Which alerts, all of these: service=shop, route!=/healthz, rule=disk*, severity=warning, fingerprint=…
    #[arg(value_name = "LABEL=VALUE", required = true)]
    matchers: Vec<String>,

    #[command(flatten)]
    of: Of,

    #[command(flatten)]
    by: By,

    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,

    /// For how long, or until when
    #[arg(long = "for", value_name = "TIME", default_value = "2h")]
    until: String,
}

impl Silence {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let matchers = self.matchers.iter().map(|text| text.parse::<Matcher>()).collect::<Result<_, _>>()?;
        let until = until(&self.until)?;
        let id = self.of.engine()?.people().silence(matchers, &self.by.by, &self.note, until, now())?;
        say(&format!("silence {id} until {}", super::list::moment(until)))
    }
}

/// Ends a silence
#[derive(Debug, Args)]
pub(super) struct Unsilence {
    /// As `cupola alerts silences` lists it
    #[arg(value_name = "ID")]
    id: String,

    #[command(flatten)]
    of: Of,

    #[command(flatten)]
    by: By,
}

impl Unsilence {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        self.of.engine()?.people().unsilence(&self.id, &self.by.by, now())?;
        say(&format!("silence {} is over", self.id))
    }
}

/// Says whose an alert is
#[derive(Debug, Args)]
pub(super) struct Assign {
    #[command(flatten)]
    one: One,

    /// Whose; nobody's without
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
}

impl Assign {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let engine = self.one.of.engine()?;
        let alert = meant(&engine, &self.one.alert)?;
        engine.people().assign(&alert, &self.one.by.by, self.to.as_deref(), now())?;
        say(&format!("{alert} is {}", self.to.as_deref().map_or("nobody's".to_owned(), |to| format!("{to}'s"))))
    }
}

/// Adds a comment to an alert's history
#[derive(Debug, Args)]
pub(super) struct Comment {
    #[command(flatten)]
    one: One,

    /// What is to be said
    #[arg(long, value_name = "TEXT")]
    note: String,
}

impl Comment {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let engine = self.one.of.engine()?;
        let alert = meant(&engine, &self.one.alert)?;
        engine.people().comment(&alert, &self.one.by.by, &self.note, now())?;
        say(&format!("{alert} has a comment more"))
    }
}

/// Closes an alert by hand; it fires again only after all was well
#[derive(Debug, Args)]
pub(super) struct Resolve {
    #[command(flatten)]
    one: One,

    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

impl Resolve {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let engine = self.one.of.engine()?;
        let alert = meant(&engine, &self.one.alert)?;
        engine.people().resolve(&alert, &self.one.by.by, &self.note, now())?;
        say(&format!("{alert} is over with the next evaluation"))
    }
}

/// Sends a message to a receiver that variables or a file name, and says whether it was taken
#[derive(Debug, Args)]
pub(super) struct Test {
    /// slack, email, webhook, alertmanager, log, or a name of the file
    #[arg(value_name = "RECEIVER")]
    receiver: String,

    #[command(flatten)]
    of: Of,
}

impl Test {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        let receivers = self.of.receivers()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(receivers.test(&self.receiver, now())).map_err(|error| anyhow!(error))?;
        say(&format!("{} has taken the message", self.receiver))
    }
}

/// Sends a message that was given up once more, with the key it had: whoever took it after all knows it by that
#[derive(Debug, Args)]
pub(super) struct SendAgain {
    /// As `cupola alerts failed` lists it
    #[arg(value_name = "MESSAGE")]
    message: String,

    #[command(flatten)]
    of: Of,

    #[command(flatten)]
    by: By,
}

impl SendAgain {
    pub(super) fn run(&self) -> anyhow::Result<i32> {
        self.of.telling(self.of.receivers()?)?.send_again(&self.message, &self.by.by, now())?;
        say(&format!("{} is sent again by whoever evaluates this store", self.message))
    }
}
