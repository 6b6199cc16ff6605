//! Requests that are added up, by service, route and step of time.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::{Requests, RequestsBy};
use crate::block::Torn;
use crate::file::{Stored, read_data};
use crate::query::steps::Steps;
use crate::rollup::{Adding, Cell, Key};

/// So many rows are added up; requests of others are counted, and nothing else.
const MAX_ROWS: usize = 20_000;

/// Service and route.
pub(super) type Named = (Box<str>, Box<str>);

/// Which of a file's keys are asked for: the number of its service and route, and its class of status.
type Wanted = FxHashMap<i64, (usize, usize)>;

#[derive(Debug, Default)]
pub(super) struct Sum {
    /// All but its durations.
    pub(super) cell: Cell,
    pub(super) durations: Adding,
    pub(super) classes: [u64; 6],
}

#[derive(Debug, Default)]
pub(super) struct Sums {
    /// Whether quantiles are wanted; without them it is added up in half the time.
    has_quantiles: bool,
    /// The number of each service and route.
    names: FxHashMap<Named, usize>,
    /// By name and step.
    rows: FxHashMap<(usize, usize), Sum>,
    /// Requests for which there was no row.
    pub(super) others: u64,
}

impl Sum {
    fn merge(&mut self, other: &Self, has_quantiles: bool) {
        let Self { cell, durations, classes } = self;
        cell.merge(&other.cell);
        classes.iter_mut().zip(other.classes).for_each(|(class, count)| *class += count);
        if has_quantiles {
            durations.merge(&other.durations);
        } else {
            durations.merge_ends(&other.durations);
        }
    }
}

impl Sums {
    pub(super) fn new(has_quantiles: bool) -> Self {
        Self { has_quantiles, ..Self::default() }
    }

    pub(super) fn wanted(&mut self, keys: impl IntoIterator<Item = (i64, Key)>, asked: &Requests) -> Wanted {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        let asked_for =
            keys.into_iter().filter(|(_, key)| is(&asked.service, &key.service) && is(&asked.route, &key.name));
        let place = |(number, key): (i64, Key)| {
            let class = usize::from(key.class).min(5);
            (number, (self.number(group((key.service, key.name), asked.by)), class))
        };
        asked_for.map(place).collect()
    }

    fn number(&mut self, named: Named) -> usize {
        let next = self.names.len();
        *self.names.entry(named).or_insert(next)
    }

    pub(super) fn add(&mut self, row: Stored<'_>, wanted: &Wanted, steps: Option<&Steps>) -> Result<(), Torn> {
        let step = steps.map_or(Some(0), |steps| steps.of(row.start));
        let (Some(step), Some(&(name, class))) = (step, wanted.get(&row.key)) else { return Ok(()) };
        let place = (name, step);
        if self.rows.len() >= MAX_ROWS && !self.rows.contains_key(&place) {
            self.others += row.count;
            return Ok(());
        }
        let Sum { cell, durations, classes } = self.rows.entry(place).or_default();
        (cell.count, cell.errors) = (cell.count + row.count, cell.errors + row.errors);
        classes[class] += row.count;
        let mut data = read_data(row.data, |exemplar| cell.show(exemplar))?;
        if self.has_quantiles { durations.add(&mut data) } else { durations.add_ends(&data) }
    }

    /// The same, told apart by less.
    pub(super) fn grouped(&self, by: RequestsBy, has_steps: bool, has_quantiles: bool) -> Self {
        let mut grouped = Self::new(has_quantiles);
        let mut numbers = vec![0; self.names.len()];
        for ((service, route), number) in &self.names {
            numbers[*number] = grouped.number(group((service.clone(), route.clone()), by));
        }
        for ((name, step), sum) in &self.rows {
            let step = if has_steps { *step } else { 0 };
            grouped.rows.entry((numbers[*name], step)).or_default().merge(sum, has_quantiles);
        }
        grouped
    }

    /// The services or routes with the most requests, each one's steps one behind the other; and how many requests others had.
    pub(super) fn ranked(&self, limit: usize) -> (Vec<(&Named, usize, &Sum)>, u64) {
        let mut totals = vec![0_u64; self.names.len()];
        self.rows.iter().for_each(|((name, _), sum)| totals[*name] += sum.cell.count);
        let mut order: Vec<(&Named, usize)> =
            self.names.iter().map(|(named, name)| (named, *name)).filter(|(_, name)| totals[*name] > 0).collect();
        order.sort_unstable_by_key(|(named, name)| (Reverse(totals[*name]), *named));
        let (shown, left) = order.split_at(limit.min(order.len()));
        let ranks: FxHashMap<usize, usize> = shown.iter().zip(0..).map(|((_, name), rank)| (*name, rank)).collect();
        let ranked = self.rows.iter().filter_map(|((name, step), sum)| Some((*ranks.get(name)?, *step, sum)));
        let mut ranked: Vec<_> = ranked.collect();
        ranked.sort_unstable_by_key(|(rank, step, _)| (*rank, *step));
        let ranked = ranked.into_iter().map(|(rank, step, sum)| (shown[rank].0, step, sum)).collect();
        (ranked, left.iter().map(|(_, name)| totals[*name]).sum())
    }
}

/// What is told apart of a service and a route.
fn group((service, route): Named, by: RequestsBy) -> Named {
    match by {
        RequestsBy::All => Named::default(),
        RequestsBy::Service => (service, Box::default()),
        RequestsBy::Route => (service, route),
    }
}
