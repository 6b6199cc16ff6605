//! What a first screen asks for, added up while entries are sealed: by minute and by hour.
//!
//! An entry counts as a request where it has `duration_ms`, and a `route` or is a span of a server. Each log entry counts by its level,
//! and those of the level ERROR by what they are about.

mod collect;
mod durations;
mod failures;
mod names;

use std::collections::BTreeMap;

pub(crate) use collect::collect;
pub(crate) use durations::{Adding, Durations};
pub(crate) use failures::{About, Known, Sum, Sums, collect as collect_failures};
pub(crate) use names::Names;

/// So many requests of each row are named, the slowest first.
const MAX_EXEMPLARS: usize = 2;

/// For how long a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Minute,
    Hour,
}

/// What entries are added up by. The order is the one in which rows are told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) what: What,
    /// Empty where it is not known.
    pub(crate) service: Box<str>,
    /// A route, empty where it is not known; of entries by level, the level as it was written.
    pub(crate) name: Box<str>,
    /// The first digit of the status, 0 where it is not known; 0 of entries by level.
    pub(crate) class: u8,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum What {
    /// Requests, as log entries tell of them.
    LoggedRequests,
    /// Requests, as spans tell of them.
    TracedRequests,
    /// Log entries by level.
    Levels,
}

/// What a row says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    pub(crate) count: u64,
    /// Of requests: those with a status of 5xx, of the level ERROR, or whose span says so.
    pub(crate) errors: u64,
    /// Of requests.
    pub(crate) durations: Durations,
    pub(crate) exemplars: Vec<Exemplar>,
}

/// A request that stands for others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exemplar {
    pub(crate) trace_id: [u8; 16],
    pub(crate) duration_ms: f32,
    pub(crate) is_error: bool,
}

/// Minutes since 1970 and what is added up in each.
pub(crate) type Minutes = BTreeMap<(i64, Key), Cell>;

impl Step {
    pub(crate) const fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::Hour => 60,
        }
    }
}

impl What {
    pub(crate) const ALL: [Self; 3] = [Self::LoggedRequests, Self::TracedRequests, Self::Levels];

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::LoggedRequests => 0,
            Self::TracedRequests => 1,
            Self::Levels => 2,
        }
    }
}

impl Cell {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.durations.merge(&other.durations);
        other.exemplars.iter().for_each(|exemplar| self.show(*exemplar));
    }

    /// Takes it, if it is one of the most telling: an error before others, the slower before the quicker.
    pub(crate) fn show(&mut self, exemplar: Exemplar) {
        let rank = |exemplar: &Exemplar| (exemplar.is_error, exemplar.duration_ms);
        if self.exemplars.len() == MAX_EXEMPLARS {
            match self.exemplars.last() {
                Some(last) if rank(last) < rank(&exemplar) => self.exemplars.pop(),
                _ => return,
            };
        }
        let place =
            self.exemplars.iter().position(|other| rank(other) < rank(&exemplar)).unwrap_or(self.exemplars.len());
        self.exemplars.insert(place, exemplar);
    }
}
