//! Durations, counted so that any quantile can be told to within half a percent.

/// Each doubling has so many buckets: what a bucket holds differs from its middle by less than 0.4 %.
const MANTISSA_BITS: u32 = 7;
const SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - MANTISSA_BITS;
/// 2⁻¹⁴ and 2³⁰: of milliseconds, 61 ns and twelve days.
const LOWEST: u64 = (1023 - 14) << MANTISSA_BITS;
const BUCKETS: u64 = (14 + 30) << MANTISSA_BITS;
/// From so many different buckets on, all those between the first and the last have their place.
const SPARSE: usize = 32;

/// A histogram whose buckets are those of a double's exponent and first seven bits. Two of them are added exactly.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    count: u64,
    /// In millionths, so that it is the same in whatever order values come.
    sum: u128,
    least: f64,
    most: f64,
    /// Bucket and count, by the bucket.
    few: Vec<(u16, u64)>,
    /// Of many, a count for each bucket from `first` on.
    first: usize,
    many: Vec<u64>,
}

impl Histogram {
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        self.bounds(value, value);
        self.count += 1;
        self.sum += u128::from((value * 1e6) as u64);
        self.put(bucket_of(value), 1);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.bounds(other.least, other.most);
        self.count += other.count;
        self.sum += other.sum;
        for (bucket, count) in other.buckets() {
            self.put(bucket, count);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / 1e6 / self.count as f64)
    }

    pub(crate) fn most(&self) -> Option<f64> {
        (self.count > 0).then_some(self.most)
    }

    /// The least value that at least this share of all values does not exceed.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let rank = ((share * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let (bucket, _) = self.buckets().find(|(_, count)| {
            seen += count;
            seen >= rank
        })?;
        Some(middle_of(bucket).clamp(self.least, self.most))
    }

    #[inline]
    fn bounds(&mut self, least: f64, most: f64) {
        if self.count == 0 {
            (self.least, self.most) = (least, most);
        } else {
            (self.least, self.most) = (self.least.min(least), self.most.max(most));
        }
    }

    #[inline]
    fn put(&mut self, bucket: u16, count: u64) {
        match self.many.get_mut(usize::from(bucket).wrapping_sub(self.first)) {
            Some(place) => *place += count,
            None => self.put_apart(bucket, count),
        }
    }

    /// Where the bucket has no place yet, or there are only few.
    fn put_apart(&mut self, bucket: u16, count: u64) {
        if !self.many.is_empty() {
            *self.make_room(bucket) += count;
            return;
        }
        match self.few.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => self.few[at].1 += count,
            Err(at) => self.few.insert(at, (bucket, count)),
        }
        if self.few.len() > SPARSE {
            for (bucket, count) in std::mem::take(&mut self.few) {
                *self.make_room(bucket) += count;
            }
        }
    }

    fn make_room(&mut self, bucket: u16) -> &mut u64 {
        let bucket = usize::from(bucket);
        if self.many.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            self.many.splice(0..0, std::iter::repeat_n(0, self.first - bucket));
            self.first = bucket;
        }
        let at = bucket - self.first;
        if at >= self.many.len() {
            self.many.resize(at + 1, 0);
        }
        &mut self.many[at]
    }

    fn buckets(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        let many = self.many.iter().enumerate().map(|(at, count)| ((self.first + at) as u16, *count));
        self.few.iter().copied().chain(many).filter(|(_, count)| *count > 0)
    }
}

#[inline]
fn bucket_of(value: f64) -> u16 {
    // What is no duration, a negative one, stands with the shortest.
    let bits = if value > 0.0 { value.to_bits() >> SHIFT } else { 0 };
    bits.saturating_sub(LOWEST).min(BUCKETS - 1) as u16
}

fn middle_of(bucket: u16) -> f64 {
    f64::from_bits(((u64::from(bucket) + LOWEST) << SHIFT) | (1 << (SHIFT - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(values: impl IntoIterator<Item = f64>) -> Histogram {
        let mut histogram = Histogram::default();
        values.into_iter().for_each(|value| histogram.add(value));
        histogram
    }

    #[test]
    fn quantiles_are_within_half_a_percent() {
        for count in [1_usize, 2, 100, 5_000] {
            let mut values: Vec<f64> =
                (0..count).map(|number| ((number * 7919 % count) as f64 / 300.0).exp() * 0.013).collect();
            let histogram = filled(values.iter().copied());
            values.sort_by(f64::total_cmp);
            for share in [0.0, 0.01, 0.5, 0.9, 0.95, 0.99, 1.0] {
                let exact = values[((share * count as f64).ceil() as usize).max(1) - 1];
                let found = histogram.quantile(share).unwrap();
                assert!((found / exact - 1.0).abs() < 0.004, "{share} of {count}: {found}, not {exact}");
            }
            assert_eq!((histogram.count(), histogram.most()), (count as u64, values.last().copied()));
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn what_threads_have_counted_is_added_exactly() {
        let values: Vec<f64> = (1..3_000).map(|number| f64::from(number * 7919 % 3_000) * 0.37).collect();
        for parts in [2, 3, 700] {
            let mut sum = Histogram::default();
            for part in values.chunks(values.len() / parts) {
                sum.merge(&filled(part.iter().copied()));
            }
            let whole = filled(values.iter().copied());
            assert!(sum.buckets().eq(whole.buckets()));
            assert_eq!((sum.count, sum.least, sum.most), (whole.count, whole.least, whole.most));
        }
    }

    #[test]
    fn extremes_have_a_place() {
        for value in [0.0, -1.0, f64::MIN_POSITIVE, 1e300, f64::INFINITY] {
            assert_eq!(filled([value]).quantile(0.5), Some(value), "{value}");
        }
        let histogram = filled((0..100).map(|number| 1e-9 * 10_f64.powi(number % 40)));
        assert_eq!(histogram.buckets().map(|(_, count)| count).sum::<u64>(), 100);
    }
}
