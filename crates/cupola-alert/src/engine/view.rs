//! Alerts and rules, as people look at them.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use cupola_store::{Metadata, MetadataError};

use super::Decided;
use super::health::Health;
use super::instance::Instance;
use super::memory::Memory;
use crate::evaluate::{Gaps, Labels};
use crate::people::{About, Acknowledged, AlertId, Assigned, Silence};
use crate::rule::{Rule, RuleSource, Rules};
use crate::state::{Episode, Phase};
use crate::{MessageKind, Severity};

/// An alert, with all that there is to show of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// The rule's name.
    pub rule: String,
    /// By what it is known among those of the rule.
    pub fingerprint: String,
    /// Where it is in its life.
    pub phase: Phase,
    /// Since when, in nanoseconds since 1970.
    pub since: i64,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub labels: Labels,
    /// What people should know.
    pub annotations: BTreeMap<String, String>,
    /// What was measured last.
    pub value: Option<f64>,
    /// What it is compared with.
    pub threshold: Option<f64>,
    /// The unit of both.
    pub unit: String,
    /// The present episode, or the last.
    pub episode: Option<Episode>,
    /// Who is at it.
    pub acknowledged: Option<Acknowledged>,
    /// Whose it is.
    pub assigned: Option<Assigned>,
    /// Somebody has closed it; it is over with the next evaluation.
    pub closing_by: Option<String>,
    /// Because of which nobody is told of it.
    pub silences: Vec<Silence>,
    /// Who was told what.
    pub told: Vec<Told>,
}

/// What a receiver was told of an alert's episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Whom.
    pub receiver: String,
    /// What was written last; nothing, where it is held back for the cooldown.
    pub written: Option<MessageKind>,
    /// What arrived last, and when, in nanoseconds since 1970.
    pub delivered: Option<(MessageKind, i64)>,
    /// How many messages were held back.
    pub held: u32,
}

/// A rule, with how it is.
#[derive(Clone, Debug)]
pub struct RuleStatus {
    /// The rule.
    pub rule: Arc<Rule>,
    /// Where it is from.
    pub source: RuleSource,
    /// Whether it can be evaluated, when it was, and how long it took.
    pub health: Health,
    /// How many of its alerts are pending.
    pub pending: usize,
    /// How many fire, or are well again and not yet over.
    pub firing: usize,
}

impl Alert {
    /// By what it is known.
    pub fn id(&self) -> AlertId {
        AlertId { rule: self.rule.clone(), fingerprint: self.fingerprint.clone() }
    }

    fn of(instance: &Instance, decided: &Decided, rule: Option<&Arc<Rule>>, now: i64) -> Self {
        let overlay = decided.overlays.get(&instance.id().to_string());
        let episode = instance.state.episode.as_ref();
        let ends = rule.is_none_or(|rule| rule.clears_acknowledged);
        let acknowledged = overlay.zip(episode).and_then(|(overlay, episode)| overlay.acknowledged(episode, ends, now));
        let closing = overlay.zip(episode).and_then(|(overlay, episode)| overlay.closed_by(episode));
        let is_active = instance.state.is_active();
        let about = About {
            rule: &instance.rule,
            fingerprint: &instance.fingerprint,
            severity: instance.state.severity,
            labels: &instance.labels,
        };
        let silences = decided.silences.iter().filter(|silence| silence.is_active(now) && silence.matches(about));
        let told = instance.told.iter().map(|(receiver, told)| Told {
            receiver: receiver.clone(),
            written: told.kind,
            delivered: episode
                .and_then(|episode| decided.deliveries.of(&episode.id, receiver))
                .map(|delivered| (delivered.kind, delivered.time)),
            held: told.held,
        });
        Self {
            told: told.collect(),
            silences: silences.cloned().collect(),
            acknowledged: acknowledged.filter(|_| is_active).cloned(),
            assigned: overlay.and_then(|overlay| overlay.assigned.clone()),
            closing_by: closing.filter(|_| is_active).map(str::to_owned),
            rule: instance.rule.clone(),
            fingerprint: instance.fingerprint.clone(),
            phase: instance.state.phase,
            since: instance.state.since,
            severity: instance.state.severity,
            labels: instance.labels.clone(),
            annotations: instance.annotations.clone(),
            value: instance.state.value,
            threshold: instance.threshold,
            unit: instance.unit.clone(),
            episode: instance.state.episode.clone(),
        }
    }
}

/// What evaluation has come to, for those who look.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// When; never, where this process has not evaluated.
    now: Option<i64>,
    instances: Vec<Instance>,
    healths: BTreeMap<String, Health>,
    rules: Option<Rules>,
    pub(super) gaps: Gaps,
}

impl Shown {
    pub(super) fn of(memory: &Memory, now: i64) -> Self {
        Self {
            now: Some(now),
            instances: memory.of.values().flat_map(|of| of.instances.values()).cloned().collect(),
            healths: memory.of.iter().map(|(name, of)| (name.clone(), of.health.clone())).collect(),
            rules: Some(memory.rules.clone()),
            gaps: memory.clock.gaps().clone(),
        }
    }

    /// The alerts as this process has them, or as another one has written them.
    fn instances(&self, metadata: &dyn Metadata) -> Result<Cow<'_, [Instance]>, MetadataError> {
        if self.now.is_some() {
            return Ok(Cow::Borrowed(&self.instances));
        }
        Ok(metadata.all(Instance::KIND)?.iter().filter_map(Instance::read).collect())
    }
}

/// All alerts; what this process evaluates as it is, and else as it was last written.
pub(super) fn alerts(metadata: &dyn Metadata, shown: &Shown, now: Option<i64>) -> Result<Vec<Alert>, MetadataError> {
    let decided = Decided::read(metadata)?;
    let (instances, now) = (shown.instances(metadata)?, now.or(shown.now));
    let all = instances.iter().map(|instance| {
        let rule = shown.rules.as_ref().and_then(|rules| rules.get(&instance.rule));
        Alert::of(instance, &decided, rule, now.unwrap_or(instance.updated))
    });
    let mut all: Vec<Alert> = all.collect();
    let rank = |phase: Phase| match phase {
        Phase::Firing => 0,
        Phase::Recovering => 1,
        Phase::Pending => 2,
        Phase::Resolved | Phase::Inactive => 3,
    };
    all.sort_by(|one, other| {
        let key = |alert: &Alert| (rank(alert.phase), Reverse(alert.severity), Reverse(alert.since));
        key(one).cmp(&key(other)).then_with(|| one.id().cmp(&other.id()))
    });
    Ok(all)
}

pub(super) fn rules(metadata: &dyn Metadata, shown: &Shown, rules: &Rules) -> Result<Vec<RuleStatus>, MetadataError> {
    let instances = shown.instances(metadata)?;
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for instance in instances.iter() {
        let (pending, firing) = counts.entry(&instance.rule).or_default();
        *pending += usize::from(instance.state.phase == Phase::Pending);
        *firing += usize::from(instance.state.is_active());
    }
    let mut written = BTreeMap::new();
    if shown.now.is_none() {
        let all = metadata.all(Health::KIND)?;
        written = all.iter().filter_map(|one| Some((one.key.clone(), Health::read(one)?))).collect();
    }
    let status = |(rule, source): (&Arc<Rule>, RuleSource)| {
        let (pending, firing) = counts.get(rule.name()).copied().unwrap_or_default();
        let health = shown.healths.get(&rule.name).or(written.get(&rule.name)).cloned().unwrap_or_default();
        RuleStatus { rule: rule.clone(), source, health, pending, firing }
    };
    Ok(rules.iter().map(status).collect())
}
