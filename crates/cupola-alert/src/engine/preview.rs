//! What a rule would have done, before it is there.

use std::time::Duration;

use cupola_store::Query;
use rustc_hash::{FxHashMap, FxHashSet};

use super::instance::Instance;
use crate::evaluate::{At, Gaps, Labels, Past, Round, evaluate, nanoseconds};
use crate::rule::{Rule, Verdict};
use crate::state::{Phase, Policy, Seen, hash_of};

const MINUTE: i64 = 60_000_000_000;
const DAY: i64 = 86_400_000_000_000;
/// A preview takes no longer than this.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many episodes are told of.
const MAX_SHOWN: usize = 100;

/// How often a rule would have fired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preview {
    /// How many times in all.
    pub fired: usize,
    /// The first of them.
    pub episodes: Vec<Previewed>,
    /// From when on was looked, in nanoseconds since 1970.
    pub since: i64,
    /// Until when; earlier than asked for, where there was no more time.
    pub until: i64,
    /// How far apart it was looked.
    pub step: Duration,
    /// Why it could not be told, or not for all of the time.
    pub problem: Option<String>,
}

/// An episode that would have been.
#[derive(Clone, Debug, PartialEq)]
pub struct Previewed {
    /// Of what.
    pub labels: Labels,
    /// When it would have begun to fire.
    pub starts_at: i64,
    /// When it would have been over.
    pub ends_at: Option<i64>,
    /// What was measured when it began.
    pub value: Option<f64>,
}

/// Looks at the twenty-four hours before, a few minutes apart.
pub(super) fn preview(query: &dyn Query, rule: &Rule, gaps: &Gaps, now: i64) -> Preview {
    // Each moment lies in some window, and what has to hold is looked at more than once.
    let (window, held) = (nanoseconds(rule.window), nanoseconds(rule.r#for));
    let step = if held == 0 { window } else { window.min(held) };
    let step = step.clamp(MINUTE, 5 * MINUTE).max(nanoseconds(rule.interval));
    let until = now.saturating_sub(nanoseconds(rule.delay)).div_euclid(step).saturating_mul(step);
    let since = until.saturating_sub(DAY);
    let mut told = Preview { since, until, step: Duration::from_nanos(step.unsigned_abs()), ..Preview::default() };
    let (policy, hash, mut past) = (Policy::from(rule), hash_of(&rule.name), Past::default());
    let mut instances: FxHashMap<u64, (Instance, Option<usize>)> = FxHashMap::default();
    let (began, mut at) = (super::started(), since);
    // What was stored before anybody evaluated was stored all the same.
    let gaps = gaps.without_beginning();
    while at <= until {
        if began.elapsed() > PATIENCE {
            (told.until, told.problem) = (at, Some("there was no time for all of it".to_owned()));
            break;
        }
        let round = Round::new(query, std::iter::once(rule), &mut past, Vec::new());
        let wanted: FxHashSet<u64> = instances.keys().copied().collect();
        match evaluate(rule, At { until: at, gaps: &gaps }, &round, &wanted) {
            Err(trouble) => told.problem = Some(trouble.to_string()),
            Ok(outcome) => {
                for sample in &outcome.samples {
                    let (instance, _) =
                        instances.entry(sample.hash).or_insert_with(|| (Instance::new(rule, hash, sample), None));
                    instance.state.value = Some(sample.value);
                }
                for (hash, (instance, place)) in &mut instances {
                    let sample = outcome.samples.iter().find(|sample| sample.hash == *hash);
                    let seen = match sample.map(|sample| (sample.verdict, sample.value)) {
                        Some((Verdict::Breach(severity), value)) => Seen::Breach(Some(value), severity),
                        Some((Verdict::Between, value)) => Seen::Between(value),
                        Some((Verdict::Well, value)) => Seen::Well(Some(value)),
                        None => super::step::unseen(rule, &outcome),
                    };
                    let (next, changes) = instance.state.next(seen, &policy, "preview", at);
                    instance.state = next;
                    for change in changes {
                        told.note(instance, place, change.from, change.to, at);
                    }
                }
            }
        }
        at = at.saturating_add(step);
    }
    told.episodes.sort_by_key(|episode| episode.starts_at);
    told
}

impl Preview {
    fn note(&mut self, instance: &Instance, place: &mut Option<usize>, from: Phase, to: Phase, at: i64) {
        if to == Phase::Resolved {
            if let Some(episode) = place.take().and_then(|place| self.episodes.get_mut(place)) {
                episode.ends_at = Some(at);
            }
        } else if to == Phase::Firing && from == Phase::Pending {
            self.fired += 1;
            if self.episodes.len() < MAX_SHOWN {
                *place = Some(self.episodes.len());
                let (labels, value) = (instance.labels.clone(), instance.state.value);
                self.episodes.push(Previewed { labels, starts_at: at, ends_at: None, value });
            }
        }
    }
}
