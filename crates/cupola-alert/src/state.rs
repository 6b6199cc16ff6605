//! The life of an alert, as a pure function: from a state, what was seen and the time to the next state and what changed.
//!
//! ```text
//! inactive ── breach ──▶ pending ── `for` ──▶ firing ── well ──▶ recovering ── `keep_firing_for` ──▶ resolved
//!     ▲                     │                   ▲                    │                                 │
//!     └─────── well ────────┘                   └────── breach ──────┘          breach: pending again ─┘
//! ```

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Severity;
use crate::rule::{NoData, Rule};

/// Where an alert is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// All is well, and was.
    #[default]
    Inactive,
    /// It is too much, and not for long enough.
    Pending,
    /// It is too much.
    Firing,
    /// It is well again, and not for long enough.
    Recovering,
    /// It is over.
    Resolved,
}

/// Why a phase ended, or a severity changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is too much.
    Breach,
    /// It was too much for long enough.
    Held,
    /// It is well.
    Well,
    /// It was well for long enough.
    Recovered,
    /// It got more severe.
    Escalated,
    /// Nothing is said of it any more.
    Missing,
    /// Somebody has closed it.
    Closed,
    /// Its rule was deleted or turned off.
    RuleGone,
}

/// From firing to resolved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// Its name: no other of any alert has it.
    pub id: String,
    /// When it began to fire, in nanoseconds since 1970.
    pub starts_at: i64,
    /// When it was over.
    pub ends_at: Option<i64>,
    /// How bad it was at its worst.
    pub severity: Severity,
    /// Why it was over.
    pub reason: Option<Why>,
    /// The episode that ended a short time before.
    pub flap_of: Option<String>,
}

/// An alert: what a rule says of one thing that it tells apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) phase: Phase,
    /// When the phase began; where the clock was set, moved with it.
    pub(crate) since: i64,
    pub(crate) value: Option<f64>,
    /// How bad it is, where it is too much.
    pub(crate) severity: Severity,
    /// The present one, or the last.
    pub(crate) episode: Option<Episode>,
    /// How many evaluations in a row did not tell of it.
    #[serde(skip)]
    pub(crate) missed: u32,
    /// Somebody has closed it while it was too much: it has to be well before it is too much anew.
    #[serde(default)]
    pub(crate) is_closed: bool,
}

/// What is seen of an alert.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Seen {
    Breach(Option<f64>, Severity),
    /// Not too much, and not well either if it was too much before.
    Between(f64),
    Well(Option<f64>),
    /// Nothing at all is known.
    NoData,
    /// Of others something is said, of this nothing.
    Missing,
    /// It cannot be evaluated.
    Error,
    /// Somebody closes it.
    Close,
    RuleGone,
}

/// What changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Transition {
    pub(crate) from: Phase,
    pub(crate) to: Phase,
    pub(crate) why: Why,
}

/// What a rule says of the life of its alerts, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Policy {
    pub(crate) r#for: i64,
    pub(crate) keep_firing_for: i64,
    pub(crate) flap_window: i64,
    pub(crate) missing: u32,
    pub(crate) no_data: NoData,
    pub(crate) severity: Severity,
}

impl From<&Rule> for Policy {
    fn from(rule: &Rule) -> Self {
        let nanoseconds = |span: std::time::Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        Self {
            r#for: nanoseconds(rule.r#for),
            keep_firing_for: nanoseconds(rule.keep_firing_for),
            flap_window: nanoseconds(rule.flap_window),
            missing: rule.missing,
            no_data: rule.no_data,
            severity: rule.severity,
        }
    }
}

impl State {
    /// The next state of this one, and how it came to it.
    pub(crate) fn next(&self, seen: Seen, policy: &Policy, identity: &str, now: i64) -> (Self, Vec<Transition>) {
        let mut step = Step { state: self.clone(), changes: Vec::new(), policy, identity, now };
        step.see(seen);
        (step.state, step.changes)
    }

    /// What was waited for so far stays so long when the clock is set, or stood still, by this much.
    pub(crate) fn shift(&mut self, by: i64) {
        if matches!(self.phase, Phase::Pending | Phase::Recovering) {
            self.since = self.since.saturating_add(by);
        }
    }

    /// Whether it goes on, and somebody may have been told.
    pub(crate) fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Firing | Phase::Recovering)
    }

    /// Whether there is anything that a new alert does not have.
    pub(crate) fn is_new(&self) -> bool {
        self.phase == Phase::Inactive && !self.is_closed && self.episode.is_none()
    }
}

struct Step<'a> {
    state: State,
    changes: Vec<Transition>,
    policy: &'a Policy,
    identity: &'a str,
    now: i64,
}

impl Step<'_> {
    fn see(&mut self, seen: Seen) {
        match seen {
            Seen::Error => {}
            Seen::NoData => match self.policy.no_data {
                NoData::Keep => {}
                NoData::Breach => self.breach(self.policy.severity),
                NoData::Ok => self.well(),
            },
            Seen::Missing => self.missing(),
            Seen::Well(value) => {
                (self.state.missed, self.state.value) = (0, value);
                self.state.is_closed = false;
                self.well();
            }
            Seen::Between(value) => {
                (self.state.missed, self.state.value) = (0, Some(value));
                match self.state.phase {
                    Phase::Pending => self.rest(Why::Well),
                    Phase::Recovering => self.enter(Phase::Firing, Why::Breach),
                    _ => {}
                }
            }
            Seen::Breach(value, severity) => {
                (self.state.missed, self.state.value) = (0, value);
                self.breach(severity);
            }
            Seen::Close => {
                self.state.is_closed = self.state.phase == Phase::Firing;
                self.end(Why::Closed);
            }
            Seen::RuleGone => self.end(Why::RuleGone),
        }
    }

    fn breach(&mut self, severity: Severity) {
        if self.state.is_closed {
            return;
        }
        self.state.severity = severity;
        match self.state.phase {
            Phase::Inactive | Phase::Resolved => {
                self.enter(Phase::Pending, Why::Breach);
                if self.policy.r#for == 0 {
                    self.fire(Why::Breach);
                }
            }
            Phase::Pending if self.waited() >= self.policy.r#for => self.fire(Why::Held),
            Phase::Pending => {}
            Phase::Recovering => {
                self.enter(Phase::Firing, Why::Breach);
                self.escalate();
            }
            Phase::Firing => self.escalate(),
        }
    }

    fn well(&mut self) {
        match self.state.phase {
            Phase::Pending => self.rest(Why::Well),
            Phase::Firing => {
                self.enter(Phase::Recovering, Why::Well);
                if self.policy.keep_firing_for == 0 {
                    self.resolve(Why::Recovered);
                }
            }
            Phase::Recovering if self.waited() >= self.policy.keep_firing_for => self.resolve(Why::Recovered),
            _ => {}
        }
    }

    fn missing(&mut self) {
        self.state.missed = self.state.missed.saturating_add(1);
        if self.state.missed >= self.policy.missing {
            self.state.is_closed = false;
            self.end(Why::Missing);
        }
    }

    /// Ends what goes on, whatever was seen of it.
    fn end(&mut self, why: Why) {
        match self.state.phase {
            Phase::Pending => self.rest(why),
            Phase::Firing | Phase::Recovering => self.resolve(why),
            Phase::Inactive | Phase::Resolved => {}
        }
    }

    fn waited(&self) -> i64 {
        self.now.saturating_sub(self.state.since)
    }

    /// A pending one is as if it had not been: what was before it is what is.
    fn rest(&mut self, why: Why) {
        let to = if self.state.episode.is_some() { Phase::Resolved } else { Phase::Inactive };
        self.enter(to, why);
    }

    fn fire(&mut self, why: Why) {
        let last = self.state.episode.take();
        let ended = last.as_ref().and_then(|last| last.ends_at);
        let is_flap = ended.is_some_and(|ended| self.now.saturating_sub(ended) <= self.policy.flap_window);
        self.state.episode = Some(Episode {
            id: format!("{}-{:x}", self.identity, self.now),
            starts_at: self.now,
            ends_at: None,
            severity: self.state.severity,
            reason: None,
            flap_of: last.filter(|_| is_flap).map(|last| last.id),
        });
        self.enter(Phase::Firing, why);
    }

    fn escalate(&mut self) {
        let severity = self.state.severity;
        if let Some(episode) = self.state.episode.as_mut().filter(|episode| severity > episode.severity) {
            episode.severity = severity;
            self.changes.push(Transition { from: Phase::Firing, to: Phase::Firing, why: Why::Escalated });
        }
    }

    fn resolve(&mut self, why: Why) {
        if let Some(episode) = &mut self.state.episode {
            (episode.ends_at, episode.reason) = (Some(self.now), Some(why));
        }
        self.enter(Phase::Resolved, why);
    }

    fn enter(&mut self, to: Phase, why: Why) {
        self.changes.push(Transition { from: self.state.phase, to, why });
        (self.state.phase, self.state.since) = (to, self.now);
    }
}

impl Phase {
    /// As a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Recovering => "recovering",
            Self::Resolved => "resolved",
        }
    }
}

impl Why {
    /// Why it is over, for people; nothing where it is simply well again.
    pub(crate) fn told(self) -> Option<&'static str> {
        match self {
            Self::Missing => Some("nothing is said of it any more"),
            Self::Closed => Some("somebody has closed it"),
            Self::RuleGone => Some("its rule was deleted or turned off"),
            _ => None,
        }
    }
}

/// The name of what a rule tells apart: of the rule and its labels, the same in every process and version.
pub(crate) fn fingerprint(rule: u64, labels: u64) -> u64 {
    fnv(fnv(FNV_START, &rule.to_le_bytes()), &labels.to_le_bytes())
}

/// Stands for a text.
pub(crate) fn hash_of(text: &str) -> u64 {
    fnv(FNV_START, text.as_bytes())
}

/// Stands for labels.
pub(crate) fn hash_of_labels(labels: &BTreeMap<String, String>) -> u64 {
    labels.iter().fold(FNV_START, |hash, (name, value)| {
        // No text has this byte: the end of one is not the beginning of the next.
        fnv(fnv(fnv(fnv(hash, name.as_bytes()), &[0xff]), value.as_bytes()), &[0xfe])
    })
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

fn fnv(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
