//! Errors that are alike, as one.

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::rc::Rc;

use cupola_line::fingerprint::{Failure, Fingerprint, template};
use rustc_hash::{FxHashMap, FxHashSet};

use super::entry::Entry;
use super::error::QueryError;
use super::scan::{Hit, Scan};
use super::selection::{Partial, Scanned, Selection};
use crate::column::{Column, Owned};
use crate::language::{Expression, Relation, Test};
use crate::level::Level;

/// Of more groups than this the others are counted together.
const MAX_GROUPS: usize = 10_000;
/// So much is kept of each text of an example.
const MAX_TEXT: usize = 2_048;

/// A question for errors, those that are alike as one: of one target, error type and route, whose texts differ in numbers, ids, paths and
/// quoted parts only.
#[derive(Clone, Debug)]
pub struct Failures {
    /// Which entries, of those that are serious enough.
    pub selection: Selection,
    /// This level and those above it.
    pub level: Level,
    /// How many groups, the most frequent ones.
    pub limit: usize,
}

/// Errors, those that are alike as one.
#[derive(Clone, Debug, Default)]
pub struct Failed {
    /// The most frequent first, of equals the one that came last.
    pub groups: Vec<FailureGroup>,
    /// How many groups there are, up to ten thousand.
    pub distinct: usize,
    /// Errors of groups that are not here.
    pub others: u64,
    /// Why it does not tell of all.
    pub partial: Option<Partial>,
    /// What was done for it.
    pub scanned: Scanned,
}

/// Errors that are alike.
#[derive(Clone, Debug)]
pub struct FailureGroup {
    /// What they have in common, as a number that stays.
    pub fingerprint: Fingerprint,
    /// How many.
    pub count: u64,
    /// When the first one came, in nanoseconds since 1970.
    pub first: i64,
    /// When the last one came.
    pub last: i64,
    /// What they say, without what differs.
    pub template: String,
    /// The last one; of each of its texts the first 2 KiB. Where there was no more time to read it, what the group is about.
    pub example: Entry,
}

impl Failures {
    /// The selection with what makes an entry serious enough.
    pub(super) fn selection(&self) -> Selection {
        let serious = Expression::from(Test::Level(Relation::GreaterOrEqual, self.level));
        let expression =
            Expression::all([Some(serious), self.selection.expression.clone()].into_iter().flatten().collect());
        Selection { expression, ..self.selection.clone() }
    }

    pub(super) fn answer(&self, mut scan: Scan<'_>) -> Result<Failed, QueryError> {
        let (mut groups, mut beyond) = (FxHashMap::default(), 0);
        scan.each(|hit| count(&hit, &mut groups, &mut beyond).map(ControlFlow::Continue))?;
        let (partial, scanned) = (scan.partial, scan.scanned);
        let mut all: Vec<FailureGroup> = groups.into_values().collect();
        all.sort_by_key(|group| (Reverse((group.count, group.last)), group.fingerprint));
        let distinct = all.len();
        let left = all.split_off(self.limit.min(distinct));
        let others = left.iter().map(|group| group.count).sum::<u64>() + beyond;
        read_examples(&mut all, scan)?;
        Ok(Failed { groups: all, distinct, others, partial, scanned })
    }
}

fn count(hit: &Hit<'_>, groups: &mut FxHashMap<Fingerprint, FailureGroup>, beyond: &mut u64) -> Result<(), QueryError> {
    let about = About::of(hit)?;
    let times = hit.opened.times()?;
    // The newest first, as blocks come too: most groups have their last error at once.
    for row in hit.rows.iter().rev() {
        let time = times.get(row).copied().unwrap_or_default();
        let texts = about.texts(row);
        let fingerprint = texts.failure().fingerprint();
        let has_room = groups.len() < MAX_GROUPS;
        match groups.get_mut(&fingerprint) {
            Some(group) => {
                group.count += 1;
                group.first = group.first.min(time);
                if time > group.last {
                    (group.last, group.example) = (time, texts.example(time));
                }
            }
            None if has_room => {
                let (template, example) = (template(&texts.message), texts.example(time));
                let group = FailureGroup { fingerprint, count: 1, first: time, last: time, template, example };
                groups.insert(fingerprint, group);
            }
            None => *beyond += 1,
        }
    }
    Ok(())
}

/// Reads the whole of each group's last error, now that it is known which groups there are: what comes often has come lately, so that few
/// blocks are read in full.
fn read_examples(groups: &mut [FailureGroup], mut scan: Scan<'_>) -> Result<(), QueryError> {
    let Some(last) = groups.iter().map(|group| group.last).max() else { return Ok(()) };
    let key = |(place, group): (usize, &FailureGroup)| ((group.last, group.fingerprint), place);
    let mut wanted: FxHashMap<_, _> = groups.iter().enumerate().map(key).collect();
    let moments: FxHashSet<i64> = wanted.keys().map(|(time, _)| *time).collect();
    scan.end_at(last);
    scan.each(|hit| {
        let times = hit.opened.times()?;
        let mut about = None;
        for row in hit.rows.iter().rev() {
            let Some(time) = times.get(row).copied().filter(|time| moments.contains(time)) else { continue };
            if about.is_none() {
                about = Some(About::of(&hit)?);
            }
            let fingerprint = about.as_ref().map(|about| about.texts(row).failure().fingerprint());
            if let Some(place) = fingerprint.and_then(|fingerprint| wanted.remove(&(time, fingerprint))) {
                groups[place].example = hit.opened.entries(&[row])?.remove(0).cut(MAX_TEXT);
            }
        }
        Ok(if wanted.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
}

/// The columns that say what an error is about.
#[derive(Debug)]
struct About([Option<Rc<Column>>; 6]);

#[derive(Debug)]
struct Texts {
    target: String,
    error_type: String,
    route: String,
    message: String,
}

impl About {
    fn of(hit: &Hit<'_>) -> Result<Self, QueryError> {
        let names = ["target", "error_type", "error.type", "route", "message", "error"];
        let mut columns = [const { None }; 6];
        for (column, name) in columns.iter_mut().zip(names) {
            *column = hit.opened.column(name)?;
        }
        Ok(Self(columns))
    }

    fn texts(&self, row: usize) -> Texts {
        let text = |column: usize| self.0[column].as_ref()?.value(row).map(|value| value.text().into_owned());
        let message = text(4).unwrap_or_default();
        Texts {
            target: text(0).unwrap_or_default(),
            error_type: text(1).or_else(|| text(2)).unwrap_or_default(),
            route: text(3).unwrap_or_default(),
            // What has no sentence for people has at least the error's.
            message: if message.is_empty() { text(5).unwrap_or_default() } else { message },
        }
    }
}

impl Texts {
    /// What there is to show of an error before its entry is read.
    fn example(&self, time: i64) -> Entry {
        let Self { target, error_type, route, message } = self;
        let texts = [("target", target), ("error_type", error_type), ("route", route), ("message", message)];
        let mut example = Entry::new(time);
        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            example.push(name, Owned::Text(text.as_str().into()));
        }
        example.cut(MAX_TEXT)
    }

    fn failure(&self) -> Failure<'_> {
        let Self { target, error_type, route, message } = self;
        Failure { target, error_type, route, message }
    }
}
