//! How numbers are spread, in bounded memory: how many lie in each of buckets that each are 2.2 % wider than the one before.

use std::collections::VecDeque;
use std::sync::LazyLock;

/// Buckets to each doubling.
const SCALE: f64 = 32.0;
const BUCKETS: i64 = 32;
/// Numbers beyond these powers of two are counted as if they were these.
const SMALLEST: i64 = -20;
const LARGEST: i64 = 44;

/// For each 64th of a doubling, in which bucket it begins, and the bits of the number between one and two at which the next one does: in none of them
/// two begin.
static PARTS: LazyLock<[(i64, u64); 64]> = LazyLock::new(|| {
    std::array::from_fn(|part| {
        let begin = 1.0 + part as f64 / 64.0;
        #[allow(clippy::cast_possible_truncation, reason = "it is from 0 to 31")]
        let bucket = (begin.log2() * SCALE).floor() as i64;
        let next = ((bucket + 1) as f64 / SCALE).exp2();
        (bucket, next.to_bits())
    })
});

/// Which bucket a number above zero is in: the logarithm, without asking for it.
#[inline]
fn bucket(number: f64) -> i16 {
    let bits = number.to_bits();
    let doublings = (bits >> 52).cast_signed() - 1_023;
    let (bucket, next) = PARTS[(bits >> 46) as usize % 64];
    // The same number between one and two.
    let is_next = bits << 12 >> 12 | 1_023 << 52 >= next;
    let bucket = (doublings * BUCKETS + bucket + i64::from(is_next)).clamp(SMALLEST * BUCKETS, LARGEST * BUCKETS);
    i16::try_from(bucket).expect("it is between the bounds")
}

/// Numbers, counted.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sketch {
    /// Of numbers above zero, one behind the other from `first` on; neither the first nor the last is empty.
    buckets: VecDeque<u64>,
    first: i16,
    /// Zero and below.
    low: u64,
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Sketch {
    /// Adds a number that is one.
    pub(super) fn add(&mut self, number: f64) {
        (self.min, self.max) = match self.count {
            0 => (number, number),
            _ => (self.min.min(number), self.max.max(number)),
        };
        self.count += 1;
        self.sum += number;
        if number > 0.0 {
            *self.bucket(bucket(number)) += 1;
        } else {
            self.low += 1;
        }
    }

    /// Adds the numbers of another one.
    pub(super) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        (self.min, self.max) = match self.count {
            0 => (other.min, other.max),
            _ => (self.min.min(other.min), self.max.max(other.max)),
        };
        self.count += other.count;
        self.sum += other.sum;
        self.low += other.low;
        for (bucket, count) in (other.first..).zip(&other.buckets) {
            if *count > 0 {
                *self.bucket(bucket) += count;
            }
        }
    }

    #[inline]
    fn bucket(&mut self, bucket: i16) -> &mut u64 {
        if self.buckets.is_empty() {
            self.first = bucket;
        }
        while bucket < self.first {
            self.buckets.push_front(0);
            self.first -= 1;
        }
        let place = usize::from((bucket - self.first).unsigned_abs());
        if place >= self.buckets.len() {
            self.buckets.resize(place + 1, 0);
        }
        &mut self.buckets[place]
    }

    /// The number below which this share of them lies, from 0 to 1, to about one per cent; exact at both ends.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a rank"
        )]
        let rank = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        if rank == self.count {
            return self.max;
        }
        let mut before = self.low;
        if rank <= before {
            return self.min.min(0.0);
        }
        for (bucket, count) in (self.first..).zip(&self.buckets) {
            before += count;
            if rank <= before {
                return ((f64::from(bucket) + 0.5) / SCALE).exp2().clamp(self.min, self.max);
            }
        }
        self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeded::Seeded;

    #[test]
    fn quantiles_are_within_their_bounds() {
        let mut seeded = Seeded(1);
        for spread in [10, 1_000, 10_000_000] {
            let mut numbers: Vec<f64> = (0..5_000).map(|_| (1 + seeded.below(spread)) as f64 / 7.0).collect();
            let mut sketch = Sketch::default();
            numbers.iter().for_each(|number| sketch.add(*number));
            numbers.sort_by(f64::total_cmp);
            for share in [0.001, 0.5, 0.9, 0.99, 0.999] {
                let exact = numbers[(5_000.0_f64 * share).ceil() as usize - 1];
                let found = sketch.quantile(share);
                assert!((found / exact - 1.0).abs() < 0.012, "{found} for {exact} at {share}");
            }
            assert_eq!((sketch.quantile(1.0), sketch.min), (numbers[4_999], numbers[0]));
        }
    }

    #[test]
    fn buckets_are_logarithms() {
        let mut seeded = Seeded(2);
        for _ in 0..20_000 {
            let number = f64::from_bits(seeded.next() >> 1);
            if number.is_finite() && number > 0.0 {
                let logarithm = number.log2().clamp(-20.0, 44.0) * SCALE;
                let found = f64::from(bucket(number));
                assert!(
                    found <= logarithm + 1e-9 && logarithm < found + 1.0 + 1e-9,
                    "{number:e}: {found} for {logarithm}"
                );
            }
        }
    }

    #[test]
    fn parts_are_the_whole() {
        let mut seeded = Seeded(4);
        let numbers: Vec<f64> = (0..900).map(|_| seeded.below(1_000_000) as f64 - 1_000.0).collect();
        let of = |numbers: &[f64]| {
            let mut sketch = Sketch::default();
            numbers.iter().for_each(|number| sketch.add(*number));
            sketch
        };
        let mut merged = Sketch::default();
        numbers.chunks(77).for_each(|part| merged.merge(&of(part)));
        assert_eq!(merged, of(&numbers), "whole numbers have one sum");
    }

    #[test]
    fn odd_numbers_are_counted_and_bounded() {
        let mut sketch = Sketch::default();
        for power in -1_070..1_020 {
            sketch.add(f64::from(power).exp2());
        }
        [0.0, -5.0].iter().for_each(|number| sketch.add(*number));
        assert!(sketch.buckets.len() <= 64 * 32 + 1 && sketch.count == 2_092);
        assert_eq!(
            (sketch.quantile(0.0), sketch.quantile(1.0), Sketch::default().quantile(0.5)),
            (-5.0, 1019_f64.exp2(), 0.0)
        );
    }
}
