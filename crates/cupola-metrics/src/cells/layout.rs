//! The layout of a histogram: which cell a value falls into.
//!
//! A histogram is shown in two ways: by the bounds that its instrument states, and by exponential buckets (Prometheus'
//! native histograms, OpenTelemetry's exponential ones). Both are read from one row of cells, whose borders are the
//! borders of both: a value is counted once, and neither way of showing it is an estimate of the other.

use std::ops::Range;
use std::sync::Arc;

/// The finest exponential buckets: eight to a doubling, so that a value is known to 9 %.
const FINEST: u32 = 3;

/// The most exponential buckets: a layout of more doublings is coarser.
const MOST: i32 = 208;

/// How far the exponential buckets reach below the lowest bound and above the highest one, in doublings.
const BELOW: i32 = 10;
const ABOVE: i32 = 4;

/// How many steps of a doubling the first look tells apart, as a power of two.
const LOOK: u32 = 4;

/// The borders of a histogram's cells; one for all series of an instrument.
#[derive(Debug, PartialEq)]
pub(crate) struct Layout {
    bounds: Box<[f64]>,
    schema: u32,
    zero_threshold: f64,
    /// The bits of each cell's inclusive upper border; the last cell takes what is above.
    borders: Box<[u64]>,
    places: Box<[Place]>,
    /// Where the cells of each stated bucket end.
    ends: Box<[usize]>,
    first: u64,
    looks: Box<[Look]>,
    /// The most borders that values of the same leading bits can be apart.
    apart: usize,
}

/// What the leading bits of a value say: the first cell that it can be in, and the borders of that one and the next.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Look {
    borders: [u64; 2],
    cell: u32,
}

/// Where a cell is shown.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    bucket: u16,
    /// `None` for what counts as zero.
    exponential: Option<i16>,
}

impl Layout {
    /// `None` where the bounds do not rise, or are not above zero and finite.
    ///
    /// Cells are found for values of which `parts` make one of what the bounds are in: nanoseconds, where those are
    /// seconds.
    pub(crate) fn new(bounds: &[f64], parts: f64) -> Option<Arc<Self>> {
        let rising = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        let within = bounds.iter().all(|bound| (1e-100..1e100).contains(bound));
        (rising && within).then(|| Arc::new(Self::of(bounds, parts)))
    }

    fn of(bounds: &[f64], parts: f64) -> Self {
        let (low, high) = (bounds.first().copied().unwrap_or(1.0), bounds.last().copied().unwrap_or(1.0));
        let doublings = (low.log2().floor() as i32 - BELOW)..(high.log2().ceil() as i32 + ABOVE);
        let fits = |schema: &u32| (doublings.len() as i32) << *schema <= MOST;
        let schema = (0..=FINEST).rev().find(fits).unwrap_or(0);
        let exponential = exponential_borders(&doublings, schema);
        let mut borders: Vec<f64> = exponential.iter().chain(bounds).copied().collect();
        borders.sort_by(f64::total_cmp);
        borders.dedup();
        let place = |border: f64| Place {
            bucket: bounds.partition_point(|bound| *bound < border) as u16,
            exponential: (border > exponential[0]).then(|| {
                let above = exponential.partition_point(|known| *known < border) as i32;
                (above + (doublings.start << schema)) as i16
            }),
        };
        let places: Box<[Place]> = borders.iter().copied().chain([f64::INFINITY]).map(place).collect();
        let ends = (0..=bounds.len()).map(|bucket| places.partition_point(|place| usize::from(place.bucket) <= bucket));
        let ends = ends.collect();
        // A bound is a whole number of parts, however it was written.
        let scaled = |border: &f64| {
            if bounds.contains(border) && parts > 1.0 { (border * parts).round() } else { border * parts }
        };
        let borders: Box<[u64]> = borders.iter().map(|border| scaled(border).to_bits()).chain([u64::MAX]).collect();
        let lead = |bits: u64| bits >> (52 - LOOK);
        let first = lead(borders[0] - 1);
        let steps = lead(borders[borders.len() - 2]) - first + 2;
        let look = |step: u64| borders.partition_point(|border| *border <= (first + step) << (52 - LOOK));
        let looks: Vec<usize> = (0..=steps).map(look).collect();
        let apart = looks.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default();
        let border = |cell: usize| borders.get(cell).copied().unwrap_or(u64::MAX);
        let look = |cell: &usize| Look { borders: [border(*cell), border(*cell + 1)], cell: *cell as u32 };
        let looks = looks[..steps as usize].iter().map(look).collect();
        let zero_threshold = exponential[0];
        Self { bounds: bounds.into(), schema, zero_threshold, borders, places, ends, first, looks, apart }
    }

    /// The cell of a value, which is neither negative nor no number.
    #[inline]
    pub(crate) fn cell(&self, value: f64) -> usize {
        // Upper borders belong to their cells: one less turns "up to" into "below", which compares leading bits alike.
        let bits = value.to_bits().saturating_sub(1);
        let look = (bits >> (52 - LOOK)).saturating_sub(self.first);
        let look = usize::try_from(look).unwrap_or(usize::MAX).min(self.looks.len() - 1);
        let Look { borders, cell } = self.looks[look];
        // Both borders are looked at, without asking whether the first one decides: a branch that cannot be foreseen
        // costs more. Only layouts with bounds close together have more.
        let cell = cell as usize + usize::from(bits >= borders[0]) + usize::from(bits >= borders[1]);
        if self.apart <= 2 { cell } else { self.search(cell, bits) }
    }

    /// The cell of these bits, from one on that is not behind it.
    #[cold]
    fn search(&self, from: usize, bits: u64) -> usize {
        (from..self.borders.len() - 1).find(|cell| bits < self.borders[*cell]).unwrap_or(self.borders.len() - 1)
    }

    /// The bucket of the stated bounds that a cell is part of.
    #[inline]
    pub(crate) fn bucket(&self, cell: usize) -> usize {
        self.places.get(cell).map_or(0, |place| usize::from(place.bucket))
    }

    /// The exponential bucket that a cell is part of; `None` for what counts as zero.
    #[inline]
    pub(crate) fn exponential(&self, cell: usize) -> Option<i32> {
        self.places[cell].exponential.map(i32::from)
    }

    /// Where the cells of each stated bucket end; they begin where those of the bucket before end.
    pub(crate) fn ends(&self) -> &[usize] {
        &self.ends
    }

    pub(crate) fn cells(&self) -> usize {
        self.borders.len()
    }

    /// The stated bounds.
    pub(crate) fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    /// There are two to this power exponential buckets to a doubling: bucket `i` ends at `2^(i / 2^schema)`.
    pub(crate) fn schema(&self) -> i32 {
        self.schema as i32
    }

    /// What is not above this counts as zero in the exponential buckets.
    pub(crate) fn zero_threshold(&self) -> f64 {
        self.zero_threshold
    }
}

fn exponential_borders(doublings: &Range<i32>, schema: u32) -> Vec<f64> {
    let steps = 1 << schema;
    let border = |index: i32| {
        let part = (f64::from(index.rem_euclid(steps)) / f64::from(steps)).exp2();
        part * f64::from(index.div_euclid(steps)).exp2()
    };
    (doublings.start * steps..=doublings.end * steps).map(border).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

    fn above(value: f64) -> f64 {
        f64::from_bits(value.to_bits() + 1)
    }

    fn below(value: f64) -> f64 {
        f64::from_bits(value.to_bits() - 1)
    }

    fn check_borders(layout: &Layout) {
        let border = |index: i32| (f64::from(index) / f64::from(1 << layout.schema)).exp2();
        let mut value = 1e-9;
        while value < 1e12 {
            for value in [value, below(value), above(value)] {
                let cell = layout.cell(value);
                let bucket = layout.bounds.iter().position(|bound| value <= *bound).unwrap_or(layout.bounds.len());
                assert_eq!(layout.bucket(cell), bucket, "{value}");
                match layout.exponential(cell) {
                    None => assert!(value <= layout.zero_threshold, "{value}"),
                    Some(index) if cell + 1 == layout.cells() => {
                        assert!(value > border(index - 1) * 0.999_999, "{value}")
                    }
                    Some(index) => {
                        assert!(value > border(index - 1) * 0.999_999 && value < border(index) * 1.000_001, "{value}");
                    }
                }
            }
            value *= 1.013;
        }
    }

    #[test]
    fn each_value_is_between_the_borders_of_its_cell() {
        for bounds in [&SECONDS[..], &[1.0], &[], &[0.5, 1.0, 2.0, 4.0], &[1e-6, 1e9], &[1e-60, 1.0, 1.1, 1.2, 1e60]] {
            check_borders(&Layout::of(bounds, 1.0));
        }
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let layout = Layout::of(&SECONDS, 1.0);
        for (bucket, bound) in SECONDS.iter().enumerate() {
            assert_eq!(layout.bucket(layout.cell(*bound)), bucket, "{bound}");
            assert_eq!(layout.bucket(layout.cell(above(*bound))), bucket + 1, "{bound}");
        }
        for (value, bucket) in [(0.0, 0), (f64::MIN_POSITIVE, 0), (f64::MAX, 14), (f64::INFINITY, 14)] {
            assert_eq!(layout.bucket(layout.cell(value)), bucket, "{value}");
        }
        let mut start = 0;
        for (bucket, end) in layout.ends().iter().enumerate() {
            assert!((start..*end).all(|cell| layout.bucket(cell) == bucket) && start < *end, "{bucket}");
            start = *end;
        }
        assert_eq!((layout.ends().len(), start), (15, layout.cells()));
    }

    #[test]
    fn a_bound_in_parts_is_a_whole_number_of_them() {
        let layout = Layout::of(&SECONDS, 1e9);
        for (bucket, bound) in SECONDS.iter().enumerate() {
            let nanos = (bound * 1e9).round();
            assert_eq!(layout.bucket(layout.cell(nanos)), bucket, "{bound}");
            assert_eq!(layout.bucket(layout.cell(nanos + 1.0)), bucket + 1, "{bound}");
        }
    }

    #[test]
    fn a_layout_is_of_bounded_size() {
        assert_eq!((Layout::of(&SECONDS, 1.0).schema, Layout::of(&SECONDS, 1.0).cells()), (3, 221));
        assert!(Layout::of(&[1e-60, 1e60], 1.0).cells() < 500);
        for bad in [&[0.0, 1.0][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN], &[-1.0], &[f64::INFINITY], &[1e-200]] {
            assert_eq!(Layout::new(bad, 1.0), None, "{bad:?}");
        }
    }
}
