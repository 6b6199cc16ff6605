//! What the callback plugin writes, a line an event.

use serde::Deserialize;

use crate::named::named;

named! {
    /// How a task ended on a host.
    TaskStatus {
        /// Everything was as it should be.
        Ok = "ok",
        /// It has changed something.
        Changed = "changed",
        /// Its condition was not met.
        Skipped = "skipped",
        /// It failed.
        Failed = "failed",
        /// The host was not reached.
        Unreachable = "unreachable",
    }
}

/// One event.
#[derive(Debug)]
pub(super) enum Event {
    /// A task begins.
    Start,
    /// A task has ended on a host, or one item of it.
    Ended(TaskEnd),
    /// The playbook has ended.
    Stats(Totals),
}

/// The end of a task on a host, or of one of its items.
#[derive(Clone, Debug, Deserialize)]
pub struct TaskEnd {
    /// The task's name.
    pub task: String,
    /// The host's name: the machine's id.
    pub host: String,
    /// How it ended.
    pub status: TaskStatus,
    /// Which of its items this is of.
    pub item: Option<String>,
    /// How long it took.
    pub duration_ms: f64,
    message: Option<String>,
    ignored: Option<bool>,
}

impl TaskEnd {
    /// Whether it ends the playbook. What one item says, the task says once more.
    pub fn is_failure(&self) -> bool {
        let failed = matches!(self.status, TaskStatus::Failed | TaskStatus::Unreachable);
        failed && self.item.is_none() && self.is_ignored().is_none()
    }

    /// True where it failed and the playbook goes on nevertheless.
    pub(super) fn is_ignored(&self) -> Option<bool> {
        self.ignored.filter(|ignored| *ignored)
    }

    /// Why it failed, where it did.
    pub(super) fn reason(&self) -> Option<&str> {
        let failed = matches!(self.status, TaskStatus::Failed | TaskStatus::Unreachable);
        self.message.as_deref().filter(|_| failed)
    }
}

/// How many tasks of a playbook ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Totals {
    /// Did what they should, whether or not there was anything to do.
    pub ok: u64,
    /// Changed something.
    pub changed: u64,
    /// Failed.
    pub failed: u64,
    /// Did not reach their host.
    pub unreachable: u64,
    /// Were left out.
    pub skipped: u64,
    /// Failed, and were allowed to.
    pub ignored: u64,
}

impl Event {
    /// The event of this line, if it is one: modules and plugins may write others.
    pub(super) fn read(line: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Kind {
            event: String,
        }
        match serde_json::from_str::<Kind>(line).ok()?.event.as_str() {
            "start" => Some(Self::Start),
            "result" | "item" => serde_json::from_str(line).ok().map(Self::Ended),
            "stats" => serde_json::from_str(line).ok().map(Self::Stats),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for TaskStatus {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::named(&text).ok_or_else(|| serde::de::Error::unknown_variant(&text, Self::NAMES))
    }
}
