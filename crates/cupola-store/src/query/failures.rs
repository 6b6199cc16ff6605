//! Errors that are alike, as one.

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::rc::Rc;

use cupola_line::fingerprint::{Failure, Fingerprint, template};
use rustc_hash::FxHashMap;

use super::entry::Entry;
use super::error::QueryError;
use super::scan::{Hit, Scan};
use super::selection::{Partial, Scanned, Selection};
use crate::column::Column;
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
    /// The last one; of each of its texts the first 2 KiB.
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
        scan.each(|hit| add(&hit, &mut groups, &mut beyond).map(ControlFlow::Continue))?;
        let mut all: Vec<FailureGroup> = groups.into_values().collect();
        all.sort_by_key(|group| (Reverse((group.count, group.last)), group.fingerprint));
        let distinct = all.len();
        let left = all.split_off(self.limit.min(distinct));
        let others = left.iter().map(|group| group.count).sum::<u64>() + beyond;
        Ok(Failed { groups: all, distinct, others, partial: scan.partial, scanned: scan.scanned })
    }
}

fn add(hit: &Hit<'_>, groups: &mut FxHashMap<Fingerprint, FailureGroup>, beyond: &mut u64) -> Result<(), QueryError> {
    let about = About::of(hit)?;
    let times = hit.opened.times()?;
    // The newest first, as blocks come too: most groups have their example at once.
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
                    group.last = time;
                    group.example = example(hit, row)?;
                }
            }
            None if has_room => {
                let (template, example) = (template(&texts.message), example(hit, row)?);
                let group = FailureGroup { fingerprint, count: 1, first: time, last: time, template, example };
                groups.insert(fingerprint, group);
            }
            None => *beyond += 1,
        }
    }
    Ok(())
}

fn example(hit: &Hit<'_>, row: usize) -> Result<Entry, QueryError> {
    Ok(hit.opened.entries(&[row])?.remove(0).cut(MAX_TEXT))
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
    fn failure(&self) -> Failure<'_> {
        let Self { target, error_type, route, message } = self;
        Failure { target, error_type, route, message }
    }
}
