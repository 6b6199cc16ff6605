//! Who is told what of an alert, and when. Nothing here changes the alert: that nobody is told does not keep it from firing.
//!
//! For each episode and receiver:
//! 1. it is said that it fires, where that was not said in this episode;
//! 2. that it gets more severe is said at once;
//! 3. that it goes on is said after `repeat`, unless somebody has acknowledged it;
//! 4. `cooldown` is the least time between two messages that the same alert begins to fire. It begins when one was delivered, holds back
//!    messages and nothing else, and how many were held back is said in the next;
//! 5. that it is over is said where it was said that it fires, whatever the cooldown;
//! 6. a message that does not arrive changes nothing here: delivery tries it again.
//!
//! Of what is silenced nothing is said; what goes on when the silence ends is said then, and what is over meanwhile, too, where it was said
//! before that it fires. What recovers when the silence ends does not go on yet: it is said when it fires again in the same episode, and else
//! only its end, by the same rule.

use cupola_store::Change;

use super::Link;
use super::instance::{Instance, Owed, Told};
use crate::evaluate::nanoseconds;
use crate::rule::Rule;
use crate::state::Phase;
use crate::{Deliveries, MessageKind, Notice, Outgoing, Receivers};

/// What decides besides the alert itself.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) rule: Option<&'a Rule>,
    pub(super) receivers: &'a Receivers,
    pub(super) deliveries: &'a Deliveries,
    pub(super) links: Option<&'a Link>,
    pub(super) is_silenced: bool,
    pub(super) is_acknowledged: bool,
    pub(super) now: i64,
}

/// Decides what is told; writes down in the alert what was decided, and gives the rows of the outbox.
pub(super) fn decide(instance: &mut Instance, given: &Given<'_>) -> Vec<Change> {
    let mut decision = Decision { given, rows: Vec::new(), ended_silence: instance.is_silenced && !given.is_silenced };
    // What gets better as its silence ends is not said to go on; if it gets worse again, it is.
    let is_unsaid = instance.is_silenced && instance.state.phase == Phase::Recovering;
    let is_any = instance.state.is_active() || !instance.owed.is_empty();
    instance.is_silenced = (given.is_silenced || is_unsaid) && is_any;
    match instance.state.phase {
        Phase::Firing | Phase::Recovering => decision.active(instance),
        Phase::Resolved => decision.over(instance),
        Phase::Inactive | Phase::Pending => {}
    }
    if !given.is_silenced {
        for owed in std::mem::take(&mut instance.owed) {
            let told = Telling { kind: MessageKind::Resolved, sequence: owed.sequence, suppressed: 0 };
            decision.write(instance, owed.notice, owed.receiver, told);
        }
    }
    decision.rows
}

/// A new episode begins: what was written of the last one is no longer of it.
pub(super) fn begin(instance: &mut Instance) {
    for told in instance.told.values_mut() {
        let held = told.held;
        *told = Told { held, ..Told::default() };
    }
}

struct Decision<'a> {
    given: &'a Given<'a>,
    rows: Vec<Change>,
    ended_silence: bool,
}

#[derive(Clone, Copy)]
struct Telling {
    kind: MessageKind,
    sequence: u32,
    suppressed: u32,
}

impl Decision<'_> {
    fn active(&mut self, instance: &mut Instance) {
        if self.given.is_silenced || instance.state.phase != Phase::Firing {
            return;
        }
        let (Some(notice), Some(rule)) = (instance.notice(), self.given.rule) else { return };
        for receiver in self.told_of(rule, &notice) {
            let mut told = instance.told.get(&receiver).cloned().unwrap_or_default();
            if let Some(kind) = self.what(rule, &notice, &receiver, &mut told) {
                let suppressed = if kind == MessageKind::Firing { std::mem::take(&mut told.held) } else { 0 };
                let telling = Telling { kind, sequence: told.sequence, suppressed };
                (told.kind, told.at, told.is_held) = (Some(kind), self.given.now, false);
                told.severity = told.severity.max(notice.severity);
                told.sequence += 1;
                self.write(instance, notice.clone(), receiver.clone(), telling);
            }
            instance.told.insert(receiver, told);
        }
    }

    /// What a receiver is told now of an alert that fires.
    fn what(&self, rule: &Rule, notice: &Notice, receiver: &str, told: &mut Told) -> Option<MessageKind> {
        let now = self.given.now;
        if told.kind.is_none() {
            let cooldown = nanoseconds(rule.cooldown);
            let last = self.given.deliveries.last_firing(&notice.rule, &notice.fingerprint, receiver);
            let is_early = last.is_some_and(|last| (last..last.saturating_add(cooldown)).contains(&now));
            let is_worse = told.is_held && notice.severity > told.severity;
            if is_early && !is_worse {
                if !told.is_held {
                    (told.is_held, told.severity) = (true, notice.severity);
                    told.held += 1;
                }
                return None;
            }
            told.severity = notice.severity;
            return Some(MessageKind::Firing);
        }
        if notice.severity > told.severity {
            return Some(MessageKind::Escalated);
        }
        if self.given.is_acknowledged {
            return None;
        }
        let repeat = nanoseconds(rule.repeat);
        let delivered = self.given.deliveries.of(&notice.episode, receiver).map_or(i64::MIN, |last| last.time);
        let is_due = repeat > 0 && now.saturating_sub(told.at.max(delivered)) >= repeat;
        (is_due || self.ended_silence).then_some(MessageKind::Repeat)
    }

    fn over(&mut self, instance: &mut Instance) {
        if instance.told.is_empty() {
            return;
        }
        let Some(notice) = instance.notice() else { return };
        let sends = self.given.rule.is_none_or(|rule| rule.sends_resolved);
        let takes = |name: &str| self.given.receivers.get(name).is_some_and(|receiver| receiver.hears_of_ends(sends));
        let mut held = std::collections::BTreeMap::new();
        for (receiver, told) in std::mem::take(&mut instance.told) {
            let is_open = told.kind.is_some_and(|kind| kind != MessageKind::Resolved);
            if is_open && takes(&receiver) {
                let (sequence, notice) = (told.sequence, notice.clone());
                instance.owed.push(Owed { receiver: receiver.clone(), sequence, notice });
            }
            if told.held > 0 {
                held.insert(receiver, Told { held: told.held, ..Told::default() });
            }
        }
        // How often nobody was told is said the next time that somebody is.
        instance.told = held;
        instance.is_silenced = self.given.is_silenced && !instance.owed.is_empty();
    }

    fn told_of(&self, rule: &Rule, notice: &Notice) -> Vec<String> {
        match rule.receivers() {
            Some(named) => named.iter().filter(|name| self.given.receivers.get(name).is_some()).cloned().collect(),
            None => self.given.receivers.told(notice, MessageKind::Firing).into_iter().map(str::to_owned).collect(),
        }
    }

    fn write(&mut self, instance: &Instance, mut notice: Notice, receiver: String, telling: Telling) {
        if let Some(links) = self.given.links {
            notice.link = links(&notice);
        }
        let Telling { kind, sequence, suppressed } = telling;
        let (group, written) = (instance.group.clone(), self.given.now);
        self.rows.push(Outgoing { notice, kind, receiver, group, written, suppressed }.change(sequence));
    }
}
