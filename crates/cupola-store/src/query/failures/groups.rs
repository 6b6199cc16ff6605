//! Groups that grow: by what was added up before, or entry by entry.

use std::cmp::Reverse;
use std::ops::RangeInclusive;
use std::rc::Rc;

use cupola_line::fingerprint::{Fingerprint, template};
use rustc_hash::FxHashMap;

use super::example::light;
use super::whose::{Whose, of_service};
use super::{FailureGroup, MAX_SERVICES};
use crate::column::Column;
use crate::file::DayFile;
use crate::query::entry::Entry;
use crate::query::error::QueryError;
use crate::query::scan::Hit;
use crate::query::steps::{HOUR, MINUTE, Steps, in_whole_hours};
use crate::rollup::{About, Names, Step, Sum};

/// Of more groups than this the others are counted together.
const MAX_GROUPS: usize = 10_000;

#[derive(Debug)]
pub(super) struct Groups {
    steps: Option<Steps>,
    names: Names,
    pub(super) groups: FxHashMap<Fingerprint, Group>,
    /// Errors of groups for which there was no room.
    pub(super) beyond: u64,
}

#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) sum: Sum,
    /// Steps and how many there were in each, in any order.
    counts: Vec<(u32, u64)>,
    /// Of what was read entry by entry.
    template: String,
    example: Option<Entry>,
}

impl Group {
    fn step(&mut self, step: Option<usize>, errors: u64) {
        let Some(step) = step.and_then(|step| u32::try_from(step).ok()) else { return };
        match self.counts.last_mut() {
            Some((last, count)) if *last == step => *count += errors,
            _ => self.counts.push((step, errors)),
        }
    }
}

impl Groups {
    pub(super) fn new(steps: Option<Steps>) -> Self {
        Self { steps, names: Names::default(), groups: FxHashMap::default(), beyond: 0 }
    }

    /// Adds what a file has added up in these times, which are whole minutes.
    pub(super) fn add_sums(
        &mut self,
        file: &DayFile,
        times: &RangeInclusive<i64>,
        whose: Whose<'_>,
        besides: &[String],
    ) -> Result<(), QueryError> {
        let names = file.failure_names()?;
        let service = whose.service.map(|service| names.find(service));
        if service == Some(None) {
            return Ok(());
        }
        let left_out = file.failures_of(besides)?;
        let of_route = whose.route.map(|route| file.failures_at(route)).transpose()?;
        let is_meant = |fingerprint: Option<Fingerprint>| match fingerprint {
            Some(known) => {
                !left_out.contains(&known) && of_route.as_ref().is_none_or(|of_route| of_route.contains(&known))
            }
            // Of which route those are that have no group is not known.
            None => of_route.is_none(),
        };
        let mut numbers: FxHashMap<u32, u32> =
            names.iter().map(|(number, name)| (number, self.names.number(name))).collect();
        numbers.insert(0, 0);
        let number = |of_file: u32| numbers.get(&of_file).copied().unwrap_or(0);
        for (step, minutes) in self.parts(times) {
            file.failures(step, &minutes, |start, fingerprint, sum| {
                if !is_meant(fingerprint) {
                    return;
                }
                match service.flatten() {
                    None => self.add_sum(start, fingerprint, sum, number),
                    Some(service) => {
                        if let Some(sum) = of_service(sum, service) {
                            self.add_sum(start, fingerprint, &sum, number);
                        }
                    }
                }
            })?;
        }
        Ok(())
    }

    /// Adds what a minute or an hour had of one group, or of those that have none.
    fn add_sum(&mut self, start: i64, fingerprint: Option<Fingerprint>, sum: &Sum, number: impl Fn(u32) -> u32) {
        let Some(fingerprint) = fingerprint.and_then(|fingerprint| self.group(fingerprint)) else {
            self.beyond += sum.count;
            return;
        };
        let step = self.steps.as_ref().and_then(|steps| steps.of(start.max(steps.start)));
        let Some(group) = self.groups.get_mut(&fingerprint) else { return };
        group.sum.merge(sum, number, &self.names);
        group.step(step, sum.count);
    }

    /// Whole hours as such where that is fine enough, and the minutes before and behind them; both in minutes since 1970.
    fn parts(&self, times: &RangeInclusive<i64>) -> Vec<(Step, RangeInclusive<i64>)> {
        let is_coarse = self.steps.is_none_or(|steps| steps.length % HOUR == 0);
        let parts = if is_coarse { in_whole_hours(times) } else { vec![(Step::Minute, times.clone())] };
        let minutes = |times: RangeInclusive<i64>| times.start().div_euclid(MINUTE)..=times.end().div_euclid(MINUTE);
        parts.into_iter().map(|(step, times)| (step, minutes(times))).collect()
    }

    /// Makes room for a group, if there is any.
    fn group(&mut self, fingerprint: Fingerprint) -> Option<Fingerprint> {
        if !self.groups.contains_key(&fingerprint) {
            if self.groups.len() >= MAX_GROUPS {
                return None;
            }
            self.groups.insert(fingerprint, Group::default());
        }
        Some(fingerprint)
    }

    /// Adds the entries of a block that are wanted.
    pub(super) fn add_entries(&mut self, hit: &Hit<'_>, besides: &[String]) -> Result<(), QueryError> {
        let about = Columns::of(hit)?;
        let [service, version] = [hit.opened.column("service")?, hit.opened.column("service_version")?];
        let times = hit.opened.times()?;
        // The newest first, as blocks come too: most groups have their last error at once.
        for row in hit.rows.iter().rev() {
            let time = times.get(row).copied().unwrap_or_default();
            let told = about.of_row(row);
            if besides.iter().any(|target| *target == *told.target) {
                continue;
            }
            let Some(fingerprint) = self.group(told.fingerprint()) else {
                self.beyond += 1;
                continue;
            };
            let number = |names: &mut Names, column: &Option<Rc<Column>>| match column
                .as_ref()
                .and_then(|column| column.value(row))
            {
                Some(value) => names.number(&value.text()),
                None => 0,
            };
            let told_by = (number(&mut self.names, &service), number(&mut self.names, &version));
            let step = self.steps.as_ref().and_then(|steps| steps.of(time));
            let Some(group) = self.groups.get_mut(&fingerprint) else { continue };
            if group.example.as_ref().is_none_or(|example| example.time() < time)
                && (group.sum.count == 0 || time > group.sum.last)
            {
                (group.template, group.example) = (template(&told.message), Some(light(&told, time)));
            }
            group.sum.put(time, told_by, &self.names);
            group.step(step, 1);
        }
        Ok(())
    }

    /// What there is to tell of a group.
    pub(super) fn tell(&self, fingerprint: Fingerprint, group: Group) -> FailureGroup {
        let Group { sum, counts: steps, template, example } = group;
        let mut services: Vec<(String, u64)> =
            sum.services.iter().map(|(service, count)| (self.names.text(*service).to_owned(), *count)).collect();
        services.sort_by(|one, other| (Reverse(one.1), &one.0).cmp(&(Reverse(other.1), &other.0)));
        services.truncate(MAX_SERVICES);
        let mut counts = vec![0; self.steps.map_or(0, |steps| steps.count)];
        steps.iter().for_each(|(step, count)| counts[*step as usize] += count);
        FailureGroup {
            fingerprint,
            count: sum.count,
            first: sum.first,
            first_version: Some(self.names.text(sum.version)).filter(|version| !version.is_empty()).map(str::to_owned),
            last: sum.last,
            services,
            counts,
            template,
            example: example.filter(|example| example.time() == sum.last).unwrap_or_else(|| Entry::new(sum.last)),
        }
    }
}

/// The columns that say what an error is about.
#[derive(Debug)]
pub(super) struct Columns([Option<Rc<Column>>; 6]);

impl Columns {
    pub(super) fn of(hit: &Hit<'_>) -> Result<Self, QueryError> {
        let mut columns = [const { None }; 6];
        for (column, name) in columns.iter_mut().zip(About::FIELDS) {
            *column = hit.opened.column(name)?;
        }
        Ok(Self(columns))
    }

    pub(super) fn of_row(&self, row: usize) -> About<'_> {
        About::of(|place| self.0[place].as_ref()?.value(row))
    }
}
