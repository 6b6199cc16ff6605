//! A snapshot: every sample at one moment, sorted, each series once.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::distribution::{Detail, Distribution};
use crate::encoder::Number;
use crate::family::Family;
use crate::name::{self, Names};
use crate::texts::{Labels, Texts};

/// Families by exposed name, and what could not be taken in.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) time: SystemTime,
    /// What is wanted of histograms.
    pub(crate) detail: Detail,
    pub(crate) texts: Texts,
    names: Names,
    families: BTreeMap<String, FamilySamples>,
    refused: u64,
}

/// The samples of one family.
#[derive(Debug)]
pub(crate) struct FamilySamples {
    pub(crate) family: Family,
    pub(crate) samples: Vec<Sample>,
}

/// One series.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) labels: Labels,
    pub(crate) created: Option<SystemTime>,
    pub(crate) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(Number),
    Distribution(Distribution),
}

impl Snapshot {
    pub(crate) fn new(time: SystemTime, detail: Detail) -> Self {
        Self { time, detail, texts: Texts::default(), names: Names::default(), families: BTreeMap::new(), refused: 0 }
    }

    /// Makes room for a family, and gives its exposed name; `None` where the name is not valid or another's.
    pub(crate) fn open(&mut self, family: &Family) -> Option<String> {
        let taken = name::is_valid(family.name) && self.names.take(family);
        let name = taken.then(|| family.exposed_name())?;
        let opened = || FamilySamples { family: *family, samples: Vec::new() };
        let known = self.families.entry(name.clone()).or_insert_with(opened);
        (known.family.kind == family.kind).then_some(name)
    }

    /// Takes a sample in; what is not taken is counted.
    pub(crate) fn add<'l>(
        &mut self,
        family: Option<&str>,
        labels: impl Iterator<Item = (&'l str, &'l str)>,
        created: Option<SystemTime>,
        value: Option<Value>,
    ) {
        let family = family.and_then(|family| self.families.get_mut(family));
        let sample = value.and_then(|value| Some(Sample { labels: self.texts.push(labels)?, created, value }));
        match (family, sample) {
            (Some(family), Some(sample)) => family.samples.push(sample),
            _ => self.refused += 1,
        }
    }

    /// Sorts the samples; of two with the same labels the first counts.
    pub(crate) fn sort(&mut self) {
        for family in self.families.values_mut() {
            let shared = self.texts.shared(family.samples.iter().map(|sample| &sample.labels));
            // Keys are sorted, and the samples, which are far larger, moved once.
            family.samples.sort_by_cached_key(|sample| self.texts.rank(&sample.labels, shared));
            let told = family.samples.len();
            family.samples.dedup_by(|next, kept| self.texts.key(&next.labels) == self.texts.key(&kept.labels));
            self.refused += (told - family.samples.len()) as u64;
        }
    }

    /// The families that have samples, in the order of their names.
    pub(crate) fn families(&self) -> impl Iterator<Item = (&str, &FamilySamples)> {
        let told = self.families.iter().filter(|(_, family)| !family.samples.is_empty());
        told.map(|(name, family)| (name.as_str(), family))
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }
}
