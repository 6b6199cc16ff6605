//! What a histogram held at one moment.

use std::sync::Arc;

use crate::cells::exemplar::Exemplar;
use crate::cells::layout::Layout;

/// What somebody wants to know of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Detail {
    /// The buckets of its stated bounds: all that the text formats show.
    Stated,
    /// Its exponential buckets too.
    All,
}

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
    /// Nothing yet.
    pub(crate) fn new(layout: &Arc<Layout>, detail: Detail) -> Self {
        let buckets = vec![0; layout.bounds().len() + 1].into_boxed_slice();
        // Room for what most histograms have: values within two or three decades.
        let exponential = Vec::with_capacity(if detail == Detail::All { 48 } else { 0 });
        Self { layout: Arc::clone(layout), buckets, exponential, zero: 0, sum: 0.0, exemplars: Vec::new() }
    }

    /// Takes in how many fell into a cell; cells come in rising order.
    #[inline]
    pub(crate) fn add(&mut self, cell: usize, count: u64) {
        if let Some(bucket) = self.buckets.get_mut(self.layout.bucket(cell)) {
            *bucket += count;
        }
        match (self.layout.exponential(cell), self.exponential.last_mut()) {
            (None, _) => self.zero += count,
            (Some(index), Some(last)) if last.0 == index => last.1 += count,
            (Some(index), _) => self.exponential.push((index, count)),
        }
    }

    /// Each stated bucket's count, and where its cells end.
    pub(crate) fn stated(&mut self) -> (&mut [u64], &[usize]) {
        (&mut self.buckets, self.layout.ends())
    }

    /// The sum of all values, and traces of some.
    pub(crate) fn with(mut self, sum: f64, exemplars: Vec<Exemplar>) -> Self {
        (self.sum, self.exemplars) = (sum, exemplars);
        self
    }

    pub(crate) fn bounds(&self) -> &[f64] {
        self.layout.bounds()
    }

    /// How many fell into each stated bucket; the last one takes what is above the bounds.
    #[cfg(feature = "otlp")]
    pub(crate) fn buckets(&self) -> &[u64] {
        &self.buckets
    }

    /// What came since an earlier moment.
    #[cfg(feature = "otlp")]
    pub(crate) fn since(&self, before: &Self) -> Self {
        let buckets =
            self.buckets.iter().zip(&before.buckets).map(|(now, before)| now.saturating_sub(*before)).collect();
        let mut earlier = before.exponential.iter().peekable();
        let mut exponential = self.exponential.clone();
        for (index, count) in &mut exponential {
            while earlier.next_if(|before| before.0 < *index).is_some() {}
            let before = earlier.next_if(|before| before.0 == *index);
            *count = count.saturating_sub(before.map_or(0, |before| before.1));
        }
        exponential.retain(|(_, count)| *count > 0);
        let (zero, sum) = (self.zero.saturating_sub(before.zero), (self.sum - before.sum).max(0.0));
        Self { buckets, exponential, zero, sum, ..self.clone() }
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
