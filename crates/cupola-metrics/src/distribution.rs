//! What a histogram held at one moment.

use std::sync::Arc;

use crate::cells::exemplar::Exemplar;
use crate::cells::layout::Layout;

/// The counts of a histogram, by its stated bounds and by exponential buckets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Distribution {
    layout: Arc<Layout>,
    buckets: Box<[u64]>,
    exponential: Vec<(i32, u64)>,
    zero: u64,
    sum: f64,
    pub(crate) exemplars: Vec<Exemplar>,
}

impl Distribution {
    pub(crate) fn new(layout: &Arc<Layout>, cells: &[u64], sum: f64, exemplars: Vec<Exemplar>) -> Self {
        let mut buckets = vec![0; layout.bounds().len() + 1].into_boxed_slice();
        let mut exponential: Vec<(i32, u64)> = Vec::new();
        let mut zero = 0;
        for (cell, count) in cells.iter().copied().enumerate().filter(|(_, count)| *count > 0) {
            buckets[layout.bucket(cell)] += count;
            match (layout.exponential(cell), exponential.last_mut()) {
                (None, _) => zero += count,
                (Some(index), Some(last)) if last.0 == index => last.1 += count,
                (Some(index), _) => exponential.push((index, count)),
            }
        }
        Self { layout: Arc::clone(layout), buckets, exponential, zero, sum, exemplars }
    }

    pub(crate) fn bounds(&self) -> &[f64] {
        self.layout.bounds()
    }

    /// Each bound, infinity last, with how many were not above it.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let bounds = self.bounds().iter().copied().chain([f64::INFINITY]);
        bounds.zip(self.buckets.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
    }

    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    pub(crate) fn sum(&self) -> f64 {
        self.sum
    }

    /// How many fell into each exponential bucket that has any, in rising order.
    pub(crate) fn exponential(&self) -> &[(i32, u64)] {
        &self.exponential
    }

    /// How many count as zero in the exponential buckets.
    pub(crate) fn zero(&self) -> u64 {
        self.zero
    }

    pub(crate) fn schema(&self) -> i32 {
        self.layout.schema()
    }

    pub(crate) fn zero_threshold(&self) -> f64 {
        self.layout.zero_threshold()
    }

    /// The last exemplar between two bounds, the upper one included.
    pub(crate) fn exemplar(&self, above: f64, up_to: f64) -> Option<&Exemplar> {
        self.exemplars.iter().rfind(|exemplar| exemplar.value > above && exemplar.value <= up_to)
    }
}
