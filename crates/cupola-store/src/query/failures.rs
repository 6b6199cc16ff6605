//! Errors that are alike, as one. Those of the level ERROR are told from what was added up while they were sealed.

mod example;
mod groups;
mod whose;

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use cupola_line::fingerprint::Fingerprint;

use self::example::read_examples;
use self::groups::{Group, Groups};
use self::whose::Whose;
use super::entry::Entry;
use super::error::QueryError;
use super::scan::Scan;
use super::selection::{Partial, Scanned, Selection};
use super::steps::{MINUTE, Steps};
use crate::day::Day;
use crate::language::{Expression, Relation, Test};
use crate::level::Level;
use crate::signal::Signal;

/// More steps than this no group is told of in.
const MAX_STEPS: usize = 300;
/// Of so many services it is said how many errors each told.
const MAX_SERVICES: usize = 10;

/// A question for errors, those that are alike as one: of one target, error type and route, whose texts differ in numbers, ids, paths and
/// quoted parts only.
///
/// Where all log entries of the level ERROR are meant, or those of one service, one route or both (`service=api route="/vms"`), no entry is read,
/// and time is widened to whole minutes; of those of a service where no examples are wanted.
#[derive(Clone, Debug)]
pub struct Failures {
    /// Which entries, of those that are serious enough; with `step`, it is to say from when to when.
    pub selection: Selection,
    /// This level and those above it.
    pub level: Level,
    /// Errors of these targets do not count: `cupola::http`, whose lines of failed requests stand beside the errors that made them fail.
    pub besides: Vec<String>,
    /// Tells how many of each group there were in each step of time: a whole number of minutes, and at most 300 steps.
    pub step: Option<Duration>,
    /// Whether the last error of each group is read where it was not kept. Of those of one service it is told exactly then when the first and
    /// the last one came; without it to the hour, where another service told such ones in the same hour.
    pub examples: bool,
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
    /// When the first step begins, in nanoseconds since 1970: at a multiple of its length. 0 where no steps were asked for.
    pub start: i64,
    /// How long each step is, in nanoseconds.
    pub step: i64,
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
    /// The version of the service that told the first one, as its `service.version` says.
    pub first_version: Option<String>,
    /// When the last one came.
    pub last: i64,
    /// Which services told them, and how many each; those with the most first, and of more than ten services these only. Those that do not say
    /// which service they are have an empty name.
    pub services: Vec<(String, u64)>,
    /// How many there were in each step; nothing where no steps were asked for.
    pub counts: Vec<u64>,
    /// What they say, without what differs.
    pub template: String,
    /// The last one; of each of its texts the first 2 KiB. Where it was not read, or not in time, what the group is about.
    pub example: Entry,
}

impl Failures {
    /// The selection with what makes an entry serious enough.
    fn selection(&self) -> Selection {
        let serious = Expression::from(Test::Level(Relation::GreaterOrEqual, self.level));
        let expression =
            Expression::all([Some(serious), self.selection.expression.clone()].into_iter().flatten().collect());
        let mut selection = Selection { expression, ..self.selection.clone() };
        if self.added_up().is_some() {
            let floor = |time: i64| time.div_euclid(MINUTE).saturating_mul(MINUTE);
            selection.since = selection.since.map(floor);
            selection.until = selection.until.map(|until| floor(until.saturating_add(MINUTE - 1)));
        }
        selection
    }

    /// Which errors are meant of those that are added up while entries are sealed; `None` where entries have to be read.
    fn added_up(&self) -> Option<Whose<'_>> {
        let is_kept = self.level == Level::Error && self.selection.signal == Signal::Logs;
        let whose = Whose::of(self.selection.expression.as_ref()).filter(|_| is_kept)?;
        (whose.service.is_none() || !self.examples).then_some(whose)
    }

    fn steps(&self, selection: &Selection) -> Result<Option<Steps>, QueryError> {
        let Some(step) = self.step else { return Ok(None) };
        let steps = Steps::new(selection, step)?;
        if steps.length % MINUTE != 0 {
            return Err(QueryError::asked("a step of errors is a whole number of minutes"));
        }
        if steps.count > MAX_STEPS {
            return Err(QueryError::asked(format!(
                "too many steps: at most {MAX_STEPS} of errors; ask for longer ones"
            )));
        }
        Ok(Some(steps))
    }

    pub(super) fn answer(&self, dir: &Path) -> Result<Failed, QueryError> {
        let selection = self.selection();
        let steps = self.steps(&selection)?;
        let mut scan = Scan::new(dir, &selection);
        let mut groups = Groups::new(steps);
        for day in scan.days()? {
            if let Some(why) = scan.is_over() {
                scan.partial = Some(why);
                break;
            }
            if self.of_day(day, &mut scan, &mut groups)?.is_break() {
                break;
            }
        }
        let (partial, scanned) = (scan.partial, scan.scanned);
        let mut all: Vec<(Fingerprint, Group)> = groups.groups.drain().collect();
        all.sort_by_key(|(fingerprint, group)| (Reverse((group.sum.count, group.sum.last)), *fingerprint));
        let distinct = all.len();
        let left = all.split_off(self.limit.min(distinct));
        let others = left.iter().map(|(_, group)| group.sum.count).sum::<u64>() + groups.beyond;
        drop(left);
        let mut told: Vec<FailureGroup> =
            all.into_iter().map(|(fingerprint, group)| groups.tell(fingerprint, group)).collect();
        read_examples(&mut told, scan, self.added_up(), self.examples)?;
        let (start, step) = steps.map_or((0, 0), |steps| (steps.start, steps.length));
        Ok(Failed { groups: told, distinct, others, start, step, partial, scanned })
    }

    fn of_day(&self, day: Day, scan: &mut Scan<'_>, groups: &mut Groups) -> Result<ControlFlow<()>, QueryError> {
        let Some(file) = scan.open(day)? else { return Ok(ControlFlow::Continue(())) };
        let _one_moment = file.snapshot()?;
        if let Some(whose) = self.added_up()
            && file.has_failures()?
        {
            match groups.add_sums(&file, scan.times(), whose, &self.besides) {
                Err(error) if error.is_torn() => scan.is_damaged(),
                added => added?,
            }
            return Ok(ControlFlow::Continue(()));
        }
        scan.each_of(&file, |hit| groups.add_entries(&hit, &self.besides).map(ControlFlow::Continue))
    }
}
