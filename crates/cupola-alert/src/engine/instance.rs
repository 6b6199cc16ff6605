//! One alert as it is kept: its state, and what was decided to be told of it.

use std::collections::BTreeMap;

use cupola_store::{Change, Document, Expect};
use serde::{Deserialize, Serialize};

use crate::delivery::json;
use crate::evaluate::{Labels, Sample};
use crate::rule::{Filling, Rule, fill};
use crate::state::{State, fingerprint};
use crate::{AlertId, MessageKind, Notice, Severity};

/// One alert, as a document of kind `alert`. Evaluation alone writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) rule: String,
    pub(crate) fingerprint: String,
    /// Stands for its labels among those of its rule.
    pub(crate) hash: u64,
    pub(crate) labels: Labels,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) unit: String,
    pub(crate) threshold: Option<f64>,
    #[serde(default)]
    pub(crate) group: BTreeMap<String, String>,
    #[serde(flatten)]
    pub(crate) state: State,
    /// What is in the outbox, or was, of the present episode, by receiver.
    #[serde(default)]
    pub(crate) told: BTreeMap<String, Told>,
    /// That earlier episodes are over, which is said when no silence forbids it any more.
    #[serde(default)]
    pub(crate) owed: Vec<Owed>,
    /// Nobody was told of it since a silence began.
    #[serde(default)]
    pub(crate) is_silenced: bool,
    /// When it was last written.
    #[serde(default)]
    pub(crate) updated: i64,
}

/// What one receiver is told of an episode.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// What was written last; nothing, where it is held back.
    pub(crate) kind: Option<MessageKind>,
    /// How bad it was said to be, at the worst.
    pub(crate) severity: Severity,
    /// When.
    pub(crate) at: i64,
    /// How many messages were written.
    pub(crate) sequence: u32,
    /// It is held back for the cooldown.
    #[serde(default)]
    pub(crate) is_held: bool,
    /// How many were held back since the last that was not.
    #[serde(default)]
    pub(crate) held: u32,
}

/// That an episode is over, to be said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Owed {
    pub(crate) receiver: String,
    pub(crate) sequence: u32,
    pub(crate) notice: Notice,
}

impl Instance {
    pub(crate) const KIND: &'static str = "alert";

    /// Of what a rule has found.
    pub(crate) fn new(rule: &Rule, rule_hash: u64, sample: &Sample) -> Self {
        let mut instance = Self {
            rule: rule.name.clone(),
            fingerprint: format!("{:016x}", fingerprint(rule_hash, sample.hash)),
            hash: sample.hash,
            labels: Labels::new(),
            annotations: BTreeMap::new(),
            unit: String::new(),
            threshold: None,
            group: BTreeMap::new(),
            state: State::default(),
            told: BTreeMap::new(),
            owed: Vec::new(),
            is_silenced: false,
            updated: 0,
        };
        instance.describe(rule, &sample.labels);
        instance
    }

    /// Says anew what it is about, as its rule has it now.
    pub(crate) fn describe(&mut self, rule: &Rule, labels: &Labels) {
        self.labels = rule.labels.clone();
        self.labels.extend(labels.iter().map(|(name, value)| (name.clone(), value.clone())));
        rule.unit().clone_into(&mut self.unit);
        let worst = self.state.severity == Severity::Critical && rule.severity != Severity::Critical;
        self.threshold =
            rule.threshold().map(|least| if worst { rule.critical_threshold.unwrap_or(least) } else { least });
        self.group = BTreeMap::from([("rule".to_owned(), self.rule.clone())]);
        for name in &rule.group_by {
            self.group.insert(name.clone(), self.labels.get(name).cloned().unwrap_or_default());
        }
        let with = Filling {
            rule: &self.rule,
            severity: self.state.severity,
            labels: &self.labels,
            value: self.state.value,
            threshold: self.threshold,
            unit: &self.unit,
        };
        self.annotations = rule.annotations.iter().map(|(name, text)| (name.clone(), fill(text, &with))).collect();
    }

    pub(crate) fn read(document: &Document) -> Option<Self> {
        serde_json::from_str(&document.body).ok()
    }

    pub(crate) fn id(&self) -> AlertId {
        AlertId { rule: self.rule.clone(), fingerprint: self.fingerprint.clone() }
    }

    pub(crate) fn put(&self) -> Change {
        Change::Put { kind: Self::KIND, key: self.id().to_string(), body: json(self), expect: Expect::Any }
    }

    pub(crate) fn delete(&self) -> Change {
        Change::Delete { kind: Self::KIND, key: self.id().to_string() }
    }

    /// Whether anything is different that has to outlive the process. What is measured at each evaluation has not.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        let (one, two) = (&self.state, &other.state);
        (one.phase, one.since, one.severity, one.is_closed) != (two.phase, two.since, two.severity, two.is_closed)
            || one.episode != two.episode
            || (&self.told, &self.owed, self.is_silenced) != (&other.told, &other.owed, other.is_silenced)
    }

    /// As messages tell of it; nothing before it has fired.
    pub(crate) fn notice(&self) -> Option<Notice> {
        let episode = self.state.episode.as_ref()?;
        Some(Notice {
            rule: self.rule.clone(),
            fingerprint: self.fingerprint.clone(),
            episode: episode.id.clone(),
            severity: if episode.ends_at.is_some() { episode.severity } else { self.state.severity },
            labels: self.labels.clone(),
            annotations: self.annotations.clone(),
            value: self.state.value,
            threshold: self.threshold,
            unit: self.unit.clone(),
            starts_at: episode.starts_at,
            ends_at: episode.ends_at,
            reason: episode.reason.and_then(|reason| reason.told()).map(str::to_owned),
            link: None,
        })
    }
}
