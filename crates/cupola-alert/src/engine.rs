//! Evaluation, from rules to what is told: the one writer of alerts' states and of the outbox.

mod account;
mod again;
mod clock;
mod commit;
mod condition;
mod decide;
mod error;
mod health;
mod instance;
mod memory;
mod preview;
mod run;
mod step;
mod view;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cupola_store::{Metadata, MetadataError, Query};
use rustc_hash::FxHashSet;

pub use condition::{Condition, ReceiverCondition};
pub use error::EvaluateError;
pub use health::{Health, HealthStatus};
pub(crate) use instance::Instance;
pub use preview::{Preview, Previewed};
pub use view::{Alert, RuleStatus, Told};

use crate::delivery::Delivery;
use crate::evaluate::{At, Round, evaluate};
use crate::heartbeat::{Beat, Beats};
use crate::history::{self, Event};
use crate::people::{AlertId, Overlay, People, Silence};
use crate::rule::{Rule, Rules};
use crate::{Deliveries, Notice, Receivers};
use commit::Undone;
use memory::Memory;
use step::Turn;
use view::Shown;

/// Gives an alert's address.
type Link = dyn Fn(&Notice) -> Option<String> + Send + Sync;

/// Rules over a store, the alerts that come of them, and those who are told.
///
/// Evaluation reads the store and the metadata, and writes the metadata: each rule's changes at once, with the messages that they cause, and those
/// of many rules in one transaction. So whenever the process ends, the next one goes on from where it was.
///
/// ```
/// use std::sync::Arc;
///
/// use cupola_alert::{Alerts, Phase, Receivers, Rules};
/// use cupola_store::{Batch, MetadataFile, Settings, Signal, Store, Value};
///
/// # let dir = tempfile::tempdir()?;
/// let store = Store::open(dir.path(), &Settings::default(), &|_, _| Ok(Vec::new()))?;
/// # let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos() as i64;
/// let mut batch = Batch::new(Signal::Logs);
/// batch.row(now - 20_000_000_000).set("level", Value::Text("ERROR")).set("message", Value::Text("no answer"));
/// store.writer().offer(batch);
/// assert!(store.flush());
///
/// let rules = Rules::from_toml("[[rule]]\nname = 'errors'\nkind = 'logs'\nfilter = 'level>=error'\nthreshold = 0\n")?;
/// let metadata = Arc::new(MetadataFile::open(dir.path())?);
/// let alerts = Alerts::new(Arc::new(store.reader()?), metadata, rules, Receivers::default());
/// let evaluated = alerts.evaluate(now)?;
/// assert_eq!(evaluated.written, 1, "a message for the log");
/// let fires = alerts.alerts()?.remove(0);
/// assert_eq!((fires.rule.as_str(), fires.phase, fires.value), ("errors", Phase::Firing, Some(1.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Alerts {
    query: Arc<dyn Query>,
    people: People,
    receivers: Receivers,
    delivery: Delivery,
    links: Option<Box<Link>>,
    given: Rules,
    memory: Mutex<Memory>,
    /// What is looked at while rules are evaluated: nobody waits for the store to see an alert.
    shown: Mutex<Arc<Shown>>,
    beats: Beats,
    is_over: AtomicBool,
}

/// What an evaluation has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Evaluated {
    /// Rules that were due.
    pub rules: usize,
    /// Those of them that could not be evaluated.
    pub failed: usize,
    /// What alerts came into another phase.
    pub transitions: usize,
    /// Messages that were written to the outbox.
    pub written: usize,
}

impl Alerts {
    /// Over a store and its metadata.
    pub fn new(query: Arc<dyn Query>, metadata: Arc<dyn Metadata>, rules: Rules, receivers: Receivers) -> Self {
        let delivery = Delivery::new(metadata.clone(), receivers.clone());
        let memory = Mutex::new(Memory::new(rules.clone()));
        let (people, shown) = (People::new(metadata), Mutex::default());
        let beats = Beats::default();
        let is_over = AtomicBool::new(false);
        Self { query, people, receivers, delivery, links: None, given: rules, memory, shown, beats, is_over }
    }

    /// Where one looks at an alert: an address for its messages.
    #[must_use]
    pub fn links(mut self, links: impl Fn(&Notice) -> Option<String> + Send + Sync + 'static) -> Self {
        self.links = Some(Box::new(links));
        self
    }

    /// At another pace, and the like.
    #[must_use]
    pub fn delivery(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }

    /// What people do: acknowledge, silence, assign, comment, resolve, make rules.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// Who can be told.
    pub fn receivers(&self) -> &Receivers {
        &self.receivers
    }

    /// Evaluates the rules that are due at this time, in nanoseconds since 1970. It blocks for as long as the store takes to answer.
    ///
    /// A rule that cannot be evaluated changes nothing of its alerts, and is no error here: it is the rule's health.
    ///
    /// # Errors
    /// The metadata cannot be read or written. What was not written is decided anew the next time.
    pub fn evaluate(&self, now: i64) -> Result<Evaluated, EvaluateError> {
        let metadata = &**self.people.metadata();
        let mut guard = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let memory = &mut *guard;
        memory.load(metadata, now)?;
        memory.refresh(metadata)?;
        memory.pass_time(metadata, now)?;
        let due: Vec<(String, i64)> = memory.due(now);
        if due.is_empty() && !memory.of.values().any(|of| of.needs_turn(now)) {
            self.show(memory, now);
            return Ok(Evaluated::default());
        }
        let decided = Decided::read(metadata)?;
        let turn = Turn { receivers: &self.receivers, links: self.links.as_deref(), decided: &decided, now };
        let mut evaluated = Evaluated { rules: due.len(), ..Evaluated::default() };
        let mut undone = Undone::new(metadata);
        let mut past = std::mem::take(&mut memory.past);
        let broken = memory.broken();
        let rules: Vec<Arc<Rule>> = memory.enabled().collect();
        let gaps = memory.clock.gaps().clone();
        let round = Round::new(&*self.query, rules.iter().map(|rule| &**rule), &mut past, broken);
        for (name, until) in due {
            let Some(of) = memory.of.get_mut(&name) else { continue };
            let Some(rule) = of.rule.clone() else { continue };
            let began = started();
            let wanted: FxHashSet<u64> = of.wanted();
            let outcome = evaluate(&rule, At { until, gaps: &gaps }, &round, &wanted);
            evaluated.failed += usize::from(outcome.is_err());
            let mut done = turn.rule(of, until, outcome);
            if let Some(health) = &mut done.health {
                health.took = began.elapsed();
            }
            undone.add(name, done);
            if undone.is_ripe() {
                undone.write(memory, &mut evaluated);
            }
        }
        undone.write(memory, &mut evaluated);
        drop(round);
        memory.past = past;
        for (name, of) in memory.of.iter().filter(|(_, of)| of.needs_turn(now)) {
            undone.add(name.clone(), turn.without_rule(of));
        }
        undone.write(memory, &mut evaluated);
        memory.of.retain(|_, of| of.rule.is_some() || !of.instances.is_empty());
        self.show(memory, now);
        undone.end()?;
        Ok(evaluated)
    }

    /// Sends what is to be sent at this time, in nanoseconds since 1970.
    ///
    /// # Errors
    /// The metadata cannot be read or written.
    pub async fn deliver(&self, now: i64) -> Result<crate::Pass, MetadataError> {
        self.delivery.deliver(now).await
    }

    /// How it went with each heartbeat since this process began.
    pub fn beats(&self) -> std::collections::BTreeMap<String, Beat> {
        self.beats.all()
    }

    /// All alerts that are pending, firing, recovering, or over since lately; what fires first, the worst first. They are as of the last
    /// evaluation.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn alerts(&self) -> Result<Vec<Alert>, MetadataError> {
        view::alerts(&**self.people.metadata(), &self.shown(), None)
    }

    /// The same at this time, in nanoseconds since 1970: for a process that does not evaluate, and looks at what another one has written.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn alerts_at(&self, now: i64) -> Result<Vec<Alert>, MetadataError> {
        view::alerts(&**self.people.metadata(), &self.shown(), Some(now))
    }

    /// One alert.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn alert(&self, id: &AlertId) -> Result<Option<Alert>, MetadataError> {
        Ok(self.alerts()?.into_iter().find(|alert| alert.id() == *id))
    }

    /// What happened to an alert, or to all, the newest first, of numbers below `before`.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn history(
        &self,
        alert: Option<&AlertId>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Event>, MetadataError> {
        history::read(&**self.people.metadata(), alert, before, limit)
    }

    /// What happened after the event of this number, the oldest first: for who follows.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn history_after(&self, number: i64, limit: usize) -> Result<Vec<Event>, MetadataError> {
        history::after(&**self.people.metadata(), number, limit)
    }

    /// Whether [`Self::run`] was told to end, so that nothing more happens here.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// All silences, those that have ended among them, the newest first.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn silences(&self) -> Result<Vec<Silence>, MetadataError> {
        self.people.silences()
    }

    /// All rules by name, with how they are.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn rules(&self) -> Result<Vec<RuleStatus>, MetadataError> {
        view::rules(&**self.people.metadata(), &self.shown(), &self.all_rules()?)
    }

    /// The rules of the start, of files and of people, as they are now.
    ///
    /// # Errors
    /// The metadata cannot be read.
    pub fn all_rules(&self) -> Result<Rules, MetadataError> {
        Ok(memory::Made::read(&**self.people.metadata())?.over(&self.given).0)
    }

    /// When a rule would have fired in the twenty-four hours before this time, by what the store holds.
    pub fn preview(&self, rule: &Rule, now: i64) -> Preview {
        preview::preview(&*self.query, rule, &self.shown().gaps, now)
    }

    fn show(&self, memory: &Memory, now: i64) {
        let shown = Arc::new(Shown::of(memory, now));
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    fn shown(&self) -> Arc<Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What others have decided: people, and those who deliver.
struct Decided {
    overlays: std::collections::HashMap<String, Overlay>,
    silences: Vec<Silence>,
    deliveries: Deliveries,
}

impl Decided {
    fn read(metadata: &dyn Metadata) -> Result<Self, MetadataError> {
        let overlays = metadata.all(Overlay::KIND)?;
        let silences = metadata.all(Silence::KIND)?;
        Ok(Self {
            overlays: overlays.into_iter().map(|document| (document.key.clone(), Overlay::read(&document))).collect(),
            silences: silences.iter().filter_map(|document| serde_json::from_str(&document.body).ok()).collect(),
            deliveries: Deliveries::read(metadata)?,
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "how long an evaluation takes is shown, and decides nothing")]
fn started() -> std::time::Instant {
    std::time::Instant::now()
}

impl fmt::Debug for Alerts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alerts")
            .field("people", &self.people)
            .field("receivers", &self.receivers)
            .finish_non_exhaustive()
    }
}
