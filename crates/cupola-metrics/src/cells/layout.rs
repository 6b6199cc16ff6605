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
    first: u64,
    /// The first cell that a value with these leading bits can be in.
    looks: Box<[u16]>,
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
    pub(crate) fn new(bounds: &[f64]) -> Option<Arc<Self>> {
        let rising = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        let within = bounds.iter().all(|bound| (1e-100..1e100).contains(bound));
        (rising && within).then(|| Arc::new(Self::of(bounds)))
    }

    fn of(bounds: &[f64]) -> Self {
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
        let places = borders.iter().copied().chain([f64::INFINITY]).map(place).collect();
        let borders: Box<[u64]> = borders.iter().map(|border| border.to_bits()).chain([u64::MAX]).collect();
        let first = (exponential[0].to_bits() - 1) >> (52 - LOOK);
        let steps = ((doublings.len() as u64) << LOOK) + 2;
        let look = |step: u64| {
            let least = (first + step) << (52 - LOOK);
            borders.partition_point(|border| *border <= least) as u16
        };
        let looks = (0..steps).map(look).collect();
        Self { bounds: bounds.into(), schema, zero_threshold: exponential[0], borders, places, first, looks }
    }

    /// The cell of a value, which is neither negative nor no number.
    #[inline]
    pub(crate) fn cell(&self, value: f64) -> usize {
        // Upper borders belong to their cells: one less turns "up to" into "below", which compares leading bits alike.
        let bits = value.to_bits().saturating_sub(1);
        let look = (bits >> (52 - LOOK)).saturating_sub(self.first);
        let look = usize::try_from(look).unwrap_or(usize::MAX).min(self.looks.len() - 1);
        let mut cell = usize::from(self.looks[look]);
        while self.borders.get(cell).is_some_and(|border| bits >= *border) {
            cell += 1;
        }
        cell
    }

    /// The bucket of the stated bounds that a cell is part of.
    #[inline]
    pub(crate) fn bucket(&self, cell: usize) -> usize {
        self.places.get(cell).map_or(0, |place| usize::from(place.bucket))
    }

    /// The exponential bucket that a cell is part of; `None` for what counts as zero.
    pub(crate) fn exponential(&self, cell: usize) -> Option<i32> {
        self.places[cell].exponential.map(i32::from)
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
            check_borders(&Layout::of(bounds));
        }
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let layout = Layout::of(&SECONDS);
        for (bucket, bound) in SECONDS.iter().enumerate() {
            assert_eq!(layout.bucket(layout.cell(*bound)), bucket, "{bound}");
            assert_eq!(layout.bucket(layout.cell(above(*bound))), bucket + 1, "{bound}");
        }
        for (value, bucket) in [(0.0, 0), (f64::MIN_POSITIVE, 0), (f64::MAX, 14), (f64::INFINITY, 14)] {
            assert_eq!(layout.bucket(layout.cell(value)), bucket, "{value}");
        }
    }

    #[test]
    fn a_layout_is_of_bounded_size() {
        assert_eq!((Layout::of(&SECONDS).schema, Layout::of(&SECONDS).cells()), (3, 221));
        assert!(Layout::of(&[1e-60, 1e60]).cells() < 500);
        for bad in [&[0.0, 1.0][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN], &[-1.0], &[f64::INFINITY], &[1e-200]] {
            assert_eq!(Layout::new(bad), None, "{bad:?}");
        }
    }
}
