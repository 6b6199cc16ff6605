//! One rule's turn: from what it found to what changes, all of which becomes true at once.

use cupola_store::Change;
use rustc_hash::FxHashSet;

use super::decide::{self, Given};
use super::health::Health;
use super::instance::Instance;
use super::memory::{Of, status_of};
use super::{Decided, Deliveries, Link};
use crate::Receivers;
use crate::evaluate::{Outcome, Sample, Trouble, nanoseconds};
use crate::history::{self, Happened, Transitioned};
use crate::people::{About, Overlay};
use crate::rule::{Rule, Verdict};
use crate::state::{Phase, Policy, Seen, Transition};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;
/// So often what is measured is written down, where nothing else is.
const FRESH: i64 = 60 * SECOND;
/// How long what is over is shown; its history stays.
const SHOWN: i64 = 3 * DAY;
/// So often it is looked whether anything is over for that long.
pub(super) const TIDY: i64 = 600 * SECOND;
/// So long it is known what happened.
const HISTORY: i64 = 90 * DAY;

/// What is the same for all rules in one evaluation.
pub(super) struct Turn<'a> {
    pub(super) receivers: &'a Receivers,
    pub(super) links: Option<&'a Link>,
    pub(super) decided: &'a Decided,
    pub(super) now: i64,
}

/// What was decided of one rule.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) changes: Vec<Change>,
    /// The alerts that changed; none of those that are no more.
    pub(super) instances: Vec<(u64, Option<Instance>)>,
    pub(super) health: Option<Health>,
    pub(super) until: Option<i64>,
    pub(super) tidied: Option<i64>,
    pub(super) transitions: usize,
    pub(super) written: usize,
}

impl Turn<'_> {
    /// The turn of a rule that was evaluated.
    pub(super) fn rule(&self, of: &Of, until: i64, outcome: Result<Outcome, Trouble>) -> Done {
        let mut done = Done { until: Some(until), ..Done::default() };
        let Some(rule) = of.rule.as_deref() else { return done };
        let since = until.saturating_sub(nanoseconds(rule.window));
        let one = One { turn: self, rule: Some(rule), policy: Policy::from(rule), window: (since, until) };
        let mut beyond = 0;
        let mut told: FxHashSet<u64> = FxHashSet::default();
        if let Ok(outcome) = &outcome {
            let open = of.instances.values().filter(|instance| is_open(instance)).count();
            let mut room = rule.limit.saturating_sub(open);
            for sample in &outcome.samples {
                let known = of.instances.get(&sample.hash);
                let is_new = known.is_none_or(|known| !is_open(known)) && matches!(sample.verdict, Verdict::Breach(_));
                if is_new && room == 0 {
                    beyond += 1;
                    continue;
                }
                room -= usize::from(is_new);
                told.insert(sample.hash);
                let new;
                let before = match known {
                    Some(known) => known,
                    None => {
                        new = Instance::new(rule, of.hash, sample);
                        &new
                    }
                };
                one.step(before, known.is_none(), seen(sample), Some(sample), &mut done);
            }
        }
        for instance in of.instances.values().filter(|instance| !told.contains(&instance.hash)) {
            let seen = outcome.as_ref().map_or(Seen::Error, |outcome| unseen(rule, outcome));
            one.step(instance, false, seen, None, &mut done);
        }
        done.health = Some(self.health(of, rule, outcome, beyond, &mut done.changes));
        one.tidy(of, &mut done);
        done
    }

    /// The turn of what has no rule any more, or of what is only waited for.
    pub(super) fn without_rule(&self, of: &Of) -> Done {
        let mut done = Done::default();
        let policy = Policy {
            r#for: 0,
            keep_firing_for: 0,
            flap_window: 0,
            missing: 1,
            no_data: crate::rule::NoData::Keep,
            severity: crate::Severity::Warning,
        };
        let rule = of.rule.as_deref();
        let policy = rule.map_or(policy, Policy::from);
        let one = One { turn: self, rule, policy, window: (self.now, self.now) };
        for instance in of.instances.values() {
            one.step(instance, false, if rule.is_some() { Seen::Error } else { Seen::RuleGone }, None, &mut done);
        }
        one.tidy(of, &mut done);
        done
    }

    fn health(
        &self,
        of: &Of,
        rule: &Rule,
        outcome: Result<Outcome, Trouble>,
        beyond: usize,
        changes: &mut Vec<Change>,
    ) -> Health {
        let is_known = match &outcome {
            Ok(outcome) => outcome.seen > 0 || rule.kind.is_zero_when_missing() && !outcome.is_doubtful,
            Err(_) => false,
        };
        let status = status_of(outcome.is_err(), is_known);
        let before = &of.health;
        let mut health = Health {
            status,
            failures: if outcome.is_err() { before.failures.saturating_add(1) } else { 0 },
            since: if before.status == status { before.since } else { self.now },
            evaluated: Some(self.now),
            ..Health::default()
        };
        match outcome {
            Ok(outcome) => {
                (health.seen, health.beyond) = (outcome.seen, beyond + outcome.beyond);
                health.problem = match health.beyond {
                    0 => outcome.note,
                    beyond => Some(format!("{beyond} more alerts than its limit of {} are left out", rule.limit)),
                };
            }
            Err(trouble) => health.problem = Some(trouble.to_string()),
        }
        let nobody = rule.receivers().into_iter().flatten().find(|name| self.receivers.get(name).is_none());
        if let (Some(name), None) = (nobody, &health.problem) {
            health.problem = Some(format!("there is no receiver {name:?}: nobody is told through it"));
        }
        if health.differs(before) {
            changes.push(health.put(&rule.name));
        }
        health
    }
}

fn is_open(instance: &Instance) -> bool {
    !matches!(instance.state.phase, Phase::Resolved | Phase::Inactive)
}

fn seen(sample: &Sample) -> Seen {
    match sample.verdict {
        Verdict::Breach(severity) => Seen::Breach(Some(sample.value), severity),
        Verdict::Between => Seen::Between(sample.value),
        Verdict::Well => Seen::Well(Some(sample.value)),
    }
}

/// What it means that a rule did not tell of an alert.
pub(super) fn unseen(rule: &Rule, outcome: &Outcome) -> Seen {
    if outcome.is_doubtful {
        return Seen::Error;
    }
    if rule.kind.is_zero_when_missing() {
        return match rule.judge(0.0) {
            Verdict::Breach(severity) => Seen::Breach(Some(0.0), severity),
            Verdict::Between => Seen::Between(0.0),
            Verdict::Well => Seen::Well(Some(0.0)),
        };
    }
    // Who looks for what is not there cannot take it for well that it is not there.
    if outcome.seen == 0 || rule.kind.is_absence() { Seen::NoData } else { Seen::Missing }
}

struct One<'a> {
    turn: &'a Turn<'a>,
    rule: Option<&'a Rule>,
    policy: Policy,
    window: (i64, i64),
}

impl One<'_> {
    /// One alert's step: its state, what is told, what is noted.
    fn step(&self, before: &Instance, is_new: bool, seen: Seen, sample: Option<&Sample>, done: &mut Done) {
        let is_idle = matches!(before.state.phase, Phase::Resolved) && before.owed.is_empty();
        if is_idle && !before.state.is_closed && !matches!(seen, Seen::Breach(..)) {
            return;
        }
        let now = self.turn.now;
        let mut after = before.clone();
        let key = before.id().to_string();
        let nobody = Overlay::default();
        let overlay = self.turn.decided.overlays.get(&key).unwrap_or(&nobody);
        let mut changes: Vec<(Transition, Option<String>)> = Vec::new();
        let closed_by = before.state.episode.as_ref().and_then(|episode| overlay.closed_by(episode));
        if let Some(by) = closed_by.filter(|_| before.state.is_active()) {
            changes.extend(self.see(&mut after, Seen::Close).into_iter().map(|change| (change, Some(by.to_owned()))));
        }
        changes.extend(self.see(&mut after, seen).into_iter().map(|change| (change, None)));
        if let (Some(rule), Some(sample)) = (self.rule, sample) {
            after.describe(rule, &sample.labels);
        }
        if after.state.episode.as_ref().map(|one| &one.id) != before.state.episode.as_ref().map(|one| &one.id) {
            decide::begin(&mut after);
        }
        let given = self.given(&after, overlay);
        let rows = decide::decide(&mut after, &given);
        done.transitions += changes.len();
        done.written += rows.len();
        let is_any = !changes.is_empty() || !rows.is_empty();
        done.changes.extend(changes.into_iter().map(|(change, by)| self.note(&key, &after, &change, by)));
        done.changes.extend(rows);
        if after.state.is_new() && after.owed.is_empty() {
            if !is_new {
                done.changes.push(before.delete());
            }
            done.instances.push((before.hash, None));
            return;
        }
        let is_stale =
            after.state != before.state && !(before.updated..before.updated.saturating_add(FRESH)).contains(&now);
        if is_any || is_new || after.differs(before) || is_stale {
            after.updated = now;
            done.changes.push(after.put());
        }
        done.instances.push((before.hash, Some(after)));
    }

    fn see(&self, instance: &mut Instance, seen: Seen) -> Vec<Transition> {
        let (next, changes) = instance.state.next(seen, &self.policy, &instance.fingerprint, self.turn.now);
        instance.state = next;
        changes
    }

    fn given(&self, instance: &Instance, overlay: &Overlay) -> Given<'_> {
        let Turn { receivers, links, decided, now } = *self.turn;
        let about = About {
            rule: &instance.rule,
            fingerprint: &instance.fingerprint,
            severity: instance.state.severity,
            labels: &instance.labels,
        };
        let ends = self.rule.is_none_or(|rule| rule.clears_acknowledged);
        let episode = instance.state.episode.as_ref();
        let deliveries: &Deliveries = &decided.deliveries;
        Given {
            rule: self.rule,
            receivers,
            deliveries,
            links,
            is_silenced: decided.silences.iter().any(|silence| silence.is_active(now) && silence.matches(about)),
            is_acknowledged: episode.is_some_and(|episode| overlay.acknowledged(episode, ends, now).is_some()),
            now,
        }
    }

    fn note(&self, key: &str, after: &Instance, change: &Transition, by: Option<String>) -> Change {
        let happened = Happened::Transition(Transitioned {
            from: change.from,
            to: change.to,
            why: change.why,
            value: after.state.value,
            threshold: after.threshold,
            severity: after.state.severity,
            episode: after.state.episode.as_ref().map(|episode| episode.id.clone()),
            since: self.window.0,
            until: self.window.1,
            question: self.rule.map(Rule::summary).unwrap_or_default(),
            by,
        });
        history::note(key, self.turn.now, &happened)
    }

    /// Lets go what is over for long.
    fn tidy(&self, of: &Of, done: &mut Done) {
        let now = self.turn.now;
        if (of.tidied..of.tidied.saturating_add(TIDY)).contains(&now) {
            return;
        }
        done.tidied = Some(now);
        let changed: FxHashSet<u64> = done.instances.iter().map(|(hash, _)| *hash).collect();
        for instance in of.instances.values().filter(|instance| !changed.contains(&instance.hash)) {
            let ended = instance.state.episode.as_ref().and_then(|episode| episode.ends_at);
            let is_over =
                instance.state.phase == Phase::Resolved && instance.owed.is_empty() && !instance.state.is_closed;
            if is_over && ended.is_some_and(|ended| now.saturating_sub(ended) > SHOWN) {
                let key = instance.id().to_string();
                done.changes.extend([instance.delete(), Change::Delete { kind: Overlay::KIND, key }]);
                done.instances.push((instance.hash, None));
            }
        }
        if !done.instances.is_empty() {
            done.changes.push(Change::Forget { topic: history::TOPIC, before: now.saturating_sub(HISTORY) });
        }
    }
}
