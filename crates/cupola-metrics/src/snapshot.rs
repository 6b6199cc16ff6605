//! A snapshot: every sample at one moment, sorted, each series once.

use std::collections::BTreeMap;

use crate::duration_histogram::Distribution;
use crate::encoder::Number;
use crate::family::{Family, Kind};
use crate::name::{self, Names};

/// Families by exposed name, and what could not be taken in.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    names: Names,
    families: BTreeMap<String, FamilySamples>,
    refused: u64,
}

/// The samples of one family, by the text of their labels.
#[derive(Debug)]
pub(crate) struct FamilySamples {
    pub(crate) kind: Kind,
    pub(crate) help: &'static str,
    pub(crate) series: BTreeMap<String, Value>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    Number(Number),
    Distribution(Distribution),
}

impl Snapshot {
    /// Makes room for a family, and gives its exposed name; `None` where the name is not valid or another's.
    pub(crate) fn open(&mut self, family: &Family) -> Option<String> {
        let taken = name::is_valid(family.name) && self.names.take(family);
        let name = taken.then(|| family.exposed_name())?;
        let opened = FamilySamples { kind: family.kind, help: family.help, series: BTreeMap::new() };
        let known = self.families.entry(name.clone()).or_insert(opened);
        (known.kind == family.kind).then_some(name)
    }

    /// Takes a sample in; the first one of a series counts, and what is not taken is counted.
    pub(crate) fn add(&mut self, family: Option<&str>, labels: Option<String>, value: Option<Value>) {
        if self.insert(family, labels, value).is_none() {
            self.refused += 1;
        }
    }

    fn insert(&mut self, family: Option<&str>, labels: Option<String>, value: Option<Value>) -> Option<()> {
        let (series, labels, value) = (&mut self.families.get_mut(family?)?.series, labels?, value?);
        let new = !series.contains_key(&labels);
        new.then(|| _ = series.insert(labels, value))
    }

    /// The families that have samples, in the order of their names.
    pub(crate) fn families(&self) -> impl Iterator<Item = (&str, &FamilySamples)> {
        let told = self.families.iter().filter(|(_, family)| !family.series.is_empty());
        told.map(|(name, family)| (name.as_str(), family))
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }
}
