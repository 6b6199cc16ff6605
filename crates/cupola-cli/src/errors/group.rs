//! Errors by their fingerprint.

use cupola_line::fingerprint::{Failure, Fingerprint, template};
use cupola_line::{Entry, Value, keys};
use rustc_hash::FxHashMap;

use crate::log::block::Block;
use crate::log::filter::{Filter, time_of};
use crate::log::filter::{lookup, text_of};
use crate::log::line::Line;
use crate::log::tally::Tally;
use crate::log::twins::Twins;

/// Of more groups than this the others are counted together.
const MAX_GROUPS: usize = 10_000;

/// Errors that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) fingerprint: Fingerprint,
    pub(super) count: u64,
    /// The times of the first and the last one, in microseconds since 1970.
    pub(super) times: Option<(i64, i64)>,
    /// The earliest, of several of one time always the same; as our own writer would have written it.
    pub(super) example: Vec<u8>,
}

/// What a group is about; read from its example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) level: String,
    pub(super) target: String,
    pub(super) error_type: String,
    pub(super) route: String,
    pub(super) message: String,
    pub(super) request_id: Option<String>,
}

impl About {
    pub(super) fn of(entry: &Entry<'_>) -> Self {
        let text =
            |name| lookup(entry, name).filter(|value| *value != Value::Null).map(|value| text_of(&value).into_owned());
        let message = text(keys::MESSAGE).unwrap_or_default();
        Self {
            level: text(keys::LEVEL).unwrap_or_default(),
            target: text(keys::TARGET).unwrap_or_default(),
            error_type: text("error_type").or_else(|| text("error.type")).unwrap_or_default(),
            route: text("route").unwrap_or_default(),
            // A line that has no sentence for people has at least the error's.
            message: if message.is_empty() { text("error").unwrap_or_default() } else { message },
            request_id: text(keys::REQUEST_ID),
        }
    }

    pub(super) fn template(&self) -> String {
        template(&self.message)
    }

    fn fingerprint(&self) -> Fingerprint {
        let Self { target, error_type, route, message, .. } = self;
        Failure { target, error_type, route, message }.fingerprint()
    }
}

/// All groups.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: FxHashMap<Fingerprint, Group>,
    /// Errors of groups over the bound.
    pub(super) others: u64,
}

impl Groups {
    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(super) fn errors(&self) -> u64 {
        self.groups.values().map(|group| group.count).sum::<u64>() + self.others
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The most frequent first, of equals the one that came last.
    pub(super) fn sorted(&self) -> Vec<&Group> {
        let mut groups: Vec<_> = self.groups.values().collect();
        let last = |group: &Group| group.times.map(|(_, last)| last);
        groups.sort_by_key(|group| (std::cmp::Reverse((group.count, last(group))), group.fingerprint));
        groups
    }

    pub(super) fn add(&mut self, other: Self) {
        self.others += other.others;
        for (fingerprint, group) in other.groups {
            self.put(fingerprint, group.count, group.times, &group.example);
        }
    }

    pub(super) fn put(&mut self, key: Fingerprint, count: u64, times: Option<(i64, i64)>, example: &[u8]) {
        if let Some(group) = self.groups.get_mut(&key) {
            group.count += count;
            // Which is read first hangs on who reads what.
            let earliest = |times: Option<(i64, i64)>| times.map_or(i64::MAX, |(first, _)| first);
            if (earliest(times), example) < (earliest(group.times), &group.example[..]) {
                group.example = example.to_vec();
            }
            group.times = join(group.times, times);
        } else if self.groups.len() < MAX_GROUPS {
            self.groups.insert(key, Group { fingerprint: key, count, times, example: example.to_vec() });
        } else {
            self.others += count;
        }
    }
}

fn join(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

/// The groups of the lines of a block that are wanted.
pub(super) fn of_block(block: Block<'_>, filter: &Filter, twins: &Twins) -> (Groups, Tally) {
    let (mut groups, mut tally, mut scratch) = (Groups::default(), Tally::default(), Vec::new());
    let (mut shown, mut twice) = (0, 0);
    filter.select(block, &mut scratch, &mut tally, |raw, read| {
        let Line::Entry(entry) = read else { return };
        if twins.is_told(block.input, raw.bytes) {
            twice += 1;
            return;
        }
        shown += 1;
        let time = time_of(&entry);
        groups.put(About::of(&entry).fingerprint(), 1, time.map(|time| (time, time)), raw.bytes);
    });
    (tally.shown, tally.twice) = (shown, twice);
    (groups, tally)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_bounded_and_add_up() {
        let mut sum = Groups::default();
        for number in 0..MAX_GROUPS + 5 {
            let mut part = Groups::default();
            let about = About { target: number.to_string(), ..About::default() };
            part.put(about.fingerprint(), 2, Some((number as i64, number as i64)), b"");
            sum.add(part);
        }
        assert_eq!((sum.len(), sum.others, sum.errors()), (MAX_GROUPS, 10, 2 * (MAX_GROUPS as u64 + 5)));
        assert_eq!(sum.sorted()[0].times, Some((MAX_GROUPS as i64 - 1, MAX_GROUPS as i64 - 1)));
    }
}
