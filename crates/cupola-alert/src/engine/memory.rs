//! What evaluation remembers: all of it is in the metadata, too.

use std::collections::BTreeMap;
use std::sync::Arc;

use cupola_store::{Document, Metadata, MetadataError};
use rustc_hash::{FxHashMap, FxHashSet};

use super::clock::Clock;
use super::health::{Health, HealthStatus};
use super::instance::Instance;
use super::step::Done;
use crate::evaluate::{Broken, Past, end_of_window};
use crate::people::RULE;
use crate::rule::{Kind, Rule, RuleSource, Rules};
use crate::state::{Phase, hash_of};

/// What evaluation remembers.
pub(super) struct Memory {
    pub(super) is_loaded: bool,
    /// Those of the start and of files.
    given: Rules,
    /// Those of people, too.
    pub(super) rules: Rules,
    /// Which of them people have made, by name and version.
    made: Option<Vec<(String, u64)>>,
    /// What people have made that is no rule to this version.
    pub(super) unreadable: BTreeMap<String, String>,
    pub(super) of: BTreeMap<String, Of>,
    pub(super) past: Past,
    pub(super) clock: Clock,
}

/// What is remembered of a rule.
#[derive(Debug, Default)]
pub(super) struct Of {
    /// None where it was deleted or turned off.
    pub(super) rule: Option<Arc<Rule>>,
    pub(super) hash: u64,
    pub(super) until: Option<i64>,
    pub(super) health: Health,
    /// Its alerts by what stands for their labels.
    pub(super) instances: FxHashMap<u64, Instance>,
    /// When what is over was last looked through.
    pub(super) tidied: i64,
}

impl Memory {
    pub(super) fn new(given: Rules) -> Self {
        Self {
            is_loaded: false,
            rules: given.clone(),
            given,
            made: None,
            unreadable: BTreeMap::new(),
            of: BTreeMap::new(),
            past: Past::default(),
            clock: Clock::default(),
        }
    }

    /// Goes on from where the last process was.
    pub(super) fn load(&mut self, metadata: &dyn Metadata, now: i64) -> Result<(), MetadataError> {
        if self.is_loaded {
            return Ok(());
        }
        let (alerts, healths) = (metadata.all(Instance::KIND)?, metadata.all(Health::KIND)?);
        let clock = Clock::read(metadata.get(Clock::KIND, Clock::KEY)?.as_ref());
        let until: BTreeMap<String, Option<i64>> =
            std::mem::take(&mut self.of).into_iter().map(|(name, of)| (name, of.until)).collect();
        for document in &alerts {
            // What cannot be understood is let go: its rule finds it anew.
            let Some(mut instance) = Instance::read(document) else { continue };
            instance.updated = instance.updated.min(now);
            let of = self.of.entry(instance.rule.clone()).or_insert_with(|| Of::named(&instance.rule));
            of.instances.insert(instance.hash, instance);
        }
        for document in &healths {
            if let Some(health) = Health::read(document) {
                self.of.entry(document.key.clone()).or_insert_with(|| Of::named(&document.key)).health = health;
            }
        }
        for (name, of) in &mut self.of {
            of.until = until.get(name).copied().flatten();
        }
        if self.clock.now().is_none() {
            self.clock = clock;
        }
        self.made = None;
        self.is_loaded = true;
        Ok(())
    }

    /// Takes notice of rules that people have made or taken away.
    pub(super) fn refresh(&mut self, metadata: &dyn Metadata) -> Result<(), MetadataError> {
        let made = Made::read(metadata)?;
        let versions = made.versions();
        if self.made.as_ref() == Some(&versions) {
            return Ok(());
        }
        (self.rules, self.unreadable) = made.over(&self.given);
        self.made = Some(versions);
        self.past.clear();
        self.of.values_mut().for_each(|of| of.rule = None);
        for (rule, _) in self.rules.iter().filter(|(rule, _)| rule.is_enabled()) {
            let of = self.of.entry(rule.name.clone()).or_insert_with(|| Of::named(&rule.name));
            of.rule = Some(rule.clone());
        }
        Ok(())
    }

    /// It is this time now.
    pub(super) fn pass_time(&mut self, metadata: &dyn Metadata, now: i64) -> Result<(), MetadataError> {
        let moved = self.clock.pass(now);
        if moved != 0 {
            for instance in self.of.values_mut().flat_map(|of| of.instances.values_mut()) {
                instance.state.shift(moved);
                // Where it stands is written the next time that anything is.
                instance.updated = i64::MIN;
            }
        }
        if let Some(beat) = self.clock.beat(now) {
            metadata.apply(&[beat])?;
            self.clock.is_written(now);
        }
        Ok(())
    }

    /// The rules that are due, with the end of what they look at.
    pub(super) fn due(&self, now: i64) -> Vec<(String, i64)> {
        let due = |(name, of): (&String, &Of)| {
            let until = end_of_window(of.rule.as_deref()?, now);
            (of.until != Some(until)).then(|| (name.clone(), until))
        };
        self.of.iter().filter_map(due).collect()
    }

    pub(super) fn enabled(&self) -> impl Iterator<Item = Arc<Rule>> {
        self.of.values().filter_map(|of| of.rule.clone())
    }

    /// The rules that could not be evaluated, and those that are none.
    pub(super) fn broken(&self) -> Vec<Broken> {
        let is_watched = |of: &&Of| of.rule.as_ref().is_some_and(|rule| rule.kind != Kind::RuleBroken);
        let failing = self.of.iter().filter(|(_, of)| is_watched(of));
        let failing = failing.map(|(name, of)| Broken { rule: name.clone(), failures: of.health.failures });
        let unreadable = self.unreadable.keys().map(|name| Broken { rule: name.clone(), failures: u32::MAX });
        failing.chain(unreadable).collect()
    }
}

/// Rules that people have made.
pub(super) struct Made(Vec<Document>);

impl Made {
    pub(super) fn read(metadata: &dyn Metadata) -> Result<Self, MetadataError> {
        Ok(Self(metadata.all(RULE)?))
    }

    fn versions(&self) -> Vec<(String, u64)> {
        self.0.iter().map(|one| (one.key.clone(), one.version)).collect()
    }

    /// These over others, and why some of them are none.
    pub(super) fn over(&self, given: &Rules) -> (Rules, BTreeMap<String, String>) {
        let (mut rules, mut unreadable) = (given.clone(), BTreeMap::new());
        for document in &self.0 {
            let read = serde_json::from_str(&document.body).map_err(|error| error.to_string());
            let added = read.and_then(|rule| rules.add(&rule, RuleSource::People).map_err(|error| error.to_string()));
            if let Err(problem) = added {
                unreadable.insert(document.key.clone(), problem);
            }
        }
        (rules, unreadable)
    }
}

impl Of {
    fn named(name: &str) -> Self {
        Self { hash: hash_of(name), ..Self::default() }
    }

    /// What stands for the alerts of which it matters what is seen, even if it is well.
    pub(super) fn wanted(&self) -> FxHashSet<u64> {
        let is_wanted = |instance: &&Instance| instance.state.phase != Phase::Resolved || instance.state.is_closed;
        self.instances.values().filter(is_wanted).map(|instance| instance.hash).collect()
    }

    /// Whether there is anything to do for it although its rule is not due.
    pub(super) fn needs_turn(&self, now: i64) -> bool {
        let is_open = |instance: &Instance| {
            let phase = instance.state.phase;
            !instance.owed.is_empty() || self.rule.is_none() && phase != Phase::Resolved && phase != Phase::Inactive
        };
        let is_untidy =
            !self.instances.is_empty() && !(self.tidied..self.tidied.saturating_add(super::step::TIDY)).contains(&now);
        is_untidy || self.instances.values().any(is_open)
    }

    /// Takes what was decided and written.
    pub(super) fn take(&mut self, done: Done) {
        for (hash, instance) in done.instances {
            match instance {
                Some(instance) => _ = self.instances.insert(hash, instance),
                None => _ = self.instances.remove(&hash),
            }
        }
        if let Some(until) = done.until {
            self.until = Some(until);
        }
        if let Some(health) = done.health {
            self.health = health;
        }
        if let Some(tidied) = done.tidied {
            self.tidied = tidied;
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(Rules::none())
    }
}

pub(super) fn status_of(is_error: bool, is_known: bool) -> HealthStatus {
    match (is_error, is_known) {
        (true, _) => HealthStatus::Error,
        (false, true) => HealthStatus::Ok,
        (false, false) => HealthStatus::NoData,
    }
}
