//! What is told of each step, of one series or of several as one.

use super::How;
use super::raw::{Kind, Point, Raw};
use super::spread::Spread;
use crate::query::steps::Steps;

/// What has been added up of each step.
#[derive(Debug)]
pub(super) struct Sum {
    how: How,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Default)]
struct Step {
    /// How many numbers were added.
    count: f64,
    number: f64,
    spread: Spread,
}

/// What a point says beyond the one before it.
#[derive(Debug)]
struct Growth {
    value: f64,
    sum: f64,
    spread: Option<Spread>,
    /// In how many seconds.
    seconds: f64,
}

impl Sum {
    pub(super) fn new(how: How, steps: usize) -> Self {
        Self { how, steps: vec![Step::default(); steps] }
    }

    /// Adds a series, whose points are in the order of time.
    pub(super) fn add(&mut self, raw: &Raw, steps: &Steps) {
        match (self.how, raw.kind) {
            (How::Last, _) => self.add_last(raw, steps),
            (How::Mean, Kind::Gauge | Kind::Counter) | (How::Least | How::Most, _) => self.add_values(raw, steps),
            (How::Mean | How::Sum | How::Rate | How::Quantile(_), _) => self.add_growth(raw, steps),
        }
    }

    fn add_last(&mut self, raw: &Raw, steps: &Steps) {
        let mut told = None;
        for point in raw.points.iter().rev() {
            let Some(step) = steps.of(point.time).filter(|step| told != Some(*step)) else { continue };
            told = Some(step);
            self.steps[step].number += point.value;
            self.steps[step].count += 1.0;
        }
    }

    fn add_values(&mut self, raw: &Raw, steps: &Steps) {
        for point in &raw.points {
            let Some(step) = steps.of(point.time).map(|step| &mut self.steps[step]) else { continue };
            let is_first = step.count == 0.0;
            step.count += 1.0;
            step.number = match self.how {
                _ if is_first => point.value,
                How::Least => step.number.min(point.value),
                How::Most => step.number.max(point.value),
                _ => step.number + point.value,
            };
        }
    }

    fn add_growth(&mut self, raw: &Raw, steps: &Steps) {
        // What a counter grew by in a step, and in how long: neither too much nor too little where points lie not as evenly as steps.
        let mut grown = vec![(0.0, 0.0); self.steps.len()];
        let mut before = None;
        for point in &raw.points {
            let growth = point.growth(before, raw.is_cumulative, steps.start);
            before = Some(point);
            let (Some(place), Some(growth)) = (steps.of(point.time), growth) else { continue };
            let step = &mut self.steps[place];
            match self.how {
                How::Mean => (step.number, step.count) = (step.number + growth.sum, step.count + growth.value),
                How::Quantile(_) => growth.spread.iter().for_each(|spread| {
                    step.spread.merge(spread);
                    step.count += 1.0;
                }),
                _ => grown[place] = (grown[place].0 + growth.value, grown[place].1 + growth.seconds),
            }
        }
        let by_time = self.how == How::Rate;
        for (step, (value, seconds)) in self.steps.iter_mut().zip(grown).filter(|(_, (_, seconds))| *seconds > 0.0) {
            step.number += if by_time { value / seconds } else { value };
            step.count += 1.0;
        }
    }

    pub(super) fn finish(self) -> Vec<Option<f64>> {
        let how = self.how;
        let told = |step: Step| match how {
            _ if step.count == 0.0 => None,
            How::Mean => Some(step.number / step.count),
            How::Quantile(share) => step.spread.quantile(share),
            _ => Some(step.number),
        };
        self.steps.into_iter().map(told).collect()
    }
}

impl Point {
    /// What it says beyond the point before it; `None` where that cannot be known: of a counter's first point that has long been counting.
    fn growth(&self, before: Option<&Self>, is_cumulative: bool, since: i64) -> Option<Growth> {
        let began = self.start.filter(|start| !is_cumulative || *start >= since);
        let all = |from: Option<i64>| {
            let seconds = from.map_or(0.0, |from| seconds(self.time - from));
            Growth { value: self.value, sum: self.sum, spread: self.spread.clone(), seconds }
        };
        match before {
            _ if !is_cumulative => {
                Some(all(self.start.or(before.map(|before| before.time)).or(Some(self.time - SECOND))))
            }
            None => began.map(|began| all(Some(began))),
            Some(before) if self.began_after(before) => Some(all(self.start.or(Some(before.time)))),
            Some(before) => {
                let spread = self.spread.as_ref().zip(before.spread.as_ref());
                Some(Growth {
                    value: self.value - before.value,
                    sum: self.sum - before.sum,
                    spread: spread.and_then(|(spread, before)| spread.since(before)),
                    seconds: seconds(self.time - before.time),
                })
            }
        }
    }

    /// Whether the counter has begun anew since.
    fn began_after(&self, before: &Self) -> bool {
        self.value < before.value || self.start.is_some_and(|start| start >= before.time)
    }
}

const SECOND: i64 = 1_000_000_000;

#[allow(clippy::cast_precision_loss, reason = "spans of time, in seconds")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / SECOND as f64
}
