//! Durations, counted so that any quantile can be told to within one per cent.

use crate::block::{Reader, Torn, put_varint};

/// Each doubling has 64 buckets: what a bucket holds differs from its middle by less than 0.8 %.
const MANTISSA_BITS: u32 = 6;
const SHIFT: u32 = f64::MANTISSA_DIGITS - 1 - MANTISSA_BITS;
/// 2⁻¹⁴ and 2³⁰: of milliseconds, 61 ns and twelve days. What is beyond is in the last bucket on its side.
const LOWEST: u64 = (1023 - 14) << MANTISSA_BITS;
const BUCKETS: u64 = (14 + 30) << MANTISSA_BITS;

/// How many durations fell into each bucket. Two of them are added exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Durations {
    pub(crate) sum: f64,
    /// Kept with 24 bits.
    pub(crate) least: f32,
    pub(crate) most: f32,
    /// Buckets that are not empty, ascending, with their counts.
    buckets: Vec<(u16, u64)>,
}

/// Which bucket a duration is in.
#[allow(clippy::cast_possible_truncation, reason = "there are fewer buckets than 2^16")]
pub(crate) fn bucket(value: f64) -> u16 {
    (value.to_bits() >> SHIFT).clamp(LOWEST, LOWEST + BUCKETS - 1).wrapping_sub(LOWEST) as u16
}

fn middle(bucket: u16) -> f64 {
    let place = LOWEST + u64::from(bucket);
    f64::midpoint(f64::from_bits(place << SHIFT), f64::from_bits((place + 1) << SHIFT))
}

impl Durations {
    /// Those of these buckets, in any order.
    #[allow(clippy::cast_possible_truncation, reason = "24 bits are enough")]
    pub(crate) fn new(mut buckets: Vec<u16>, sum: f64, least: f64, most: f64) -> Self {
        buckets.sort_unstable();
        let counted = buckets.chunk_by(|one, other| one == other).map(|same| (same[0], same.len() as u64));
        Self { sum, least: least as f32, most: most as f32, buckets: counted.collect() }
    }

    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        if other.buckets.is_empty() {
            return;
        }
        if self.buckets.is_empty() {
            self.clone_from(other);
            return;
        }
        self.sum += other.sum;
        (self.least, self.most) = (self.least.min(other.least), self.most.max(other.most));
        for (bucket, count) in &other.buckets {
            match self.buckets.binary_search_by_key(bucket, |(bucket, _)| *bucket) {
                Ok(place) => self.buckets[place].1 += count,
                Err(place) => self.buckets.insert(place, (*bucket, *count)),
            }
        }
    }

    /// The least duration that at least this share of all does not exceed, to within one per cent; `None` where there is none.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a rank")]
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let rank = ((share * self.count() as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let (bucket, _) = self.buckets.iter().find(|(_, count)| {
            seen += count;
            seen >= rank
        })?;
        Some(middle(*bucket).clamp(self.least.into(), self.most.into()))
    }

    /// `sum(8) least(4) most(4)`, then of each bucket how far it is from the one before and how many are in it.
    pub(crate) fn put(&self, out: &mut Vec<u8>) {
        if self.buckets.is_empty() {
            return;
        }
        out.extend_from_slice(&self.sum.to_le_bytes());
        [self.least, self.most].iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        let mut last = 0;
        for (bucket, count) in &self.buckets {
            put_varint(out, u64::from(bucket - last));
            put_varint(out, *count);
            last = *bucket;
        }
    }

    /// What `put` has written, to the end.
    pub(crate) fn get(from: &mut Reader<'_>) -> Result<Self, Torn> {
        let mut found = Self::default();
        if let Some((sum, least, most)) = read(from, |bucket, count| found.buckets.push((bucket, count)))? {
            (found.sum, found.least, found.most) = (sum, least, most);
        }
        Ok(found)
    }
}

/// Reads what `put` has written, to the end: shows each bucket and its count, and tells sum, least and most, where there are any.
fn read(from: &mut Reader<'_>, mut show: impl FnMut(u16, u64)) -> Result<Option<(f64, f32, f32)>, Torn> {
    let ends = read_ends(from)?;
    let mut last = 0_u64;
    while !from.0.is_empty() {
        last = last
            .checked_add(from.varint()?)
            .filter(|bucket| *bucket < BUCKETS)
            .ok_or(Torn("a bucket that there is not"))?;
        show(u16::try_from(last).map_err(|_| Torn("a bucket that there is not"))?, from.varint()?);
    }
    Ok(ends)
}

fn read_ends(from: &mut Reader<'_>) -> Result<Option<(f64, f32, f32)>, Torn> {
    if from.0.is_empty() {
        return Ok(None);
    }
    let sum = f64::from_le_bytes(from.array()?);
    Ok(Some((sum, f32::from_le_bytes(from.array()?), f32::from_le_bytes(from.array()?))))
}

/// Many durations that are added up: their buckets wait until there are so many that they are worth sorting.
#[derive(Clone, Debug, Default)]
pub(crate) struct Adding {
    sorted: Durations,
    waiting: Vec<(u16, u64)>,
}

/// So many buckets wait at least.
const WAITING: usize = 1_024;

impl Adding {
    /// Adds what `put` has written, to the end.
    pub(crate) fn add(&mut self, from: &mut Reader<'_>) -> Result<(), Torn> {
        let is_first = self.is_empty();
        if let Some(told) = read(from, |bucket, count| self.waiting.push((bucket, count)))? {
            self.note(told, is_first);
        }
        Ok(())
    }

    /// Adds what was added up elsewhere.
    pub(crate) fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        let is_first = self.is_empty();
        self.waiting.extend_from_slice(&other.sorted.buckets);
        self.waiting.extend_from_slice(&other.waiting);
        self.note((other.sorted.sum, other.sorted.least, other.sorted.most), is_first);
    }

    /// Adds of what `put` has written the sum and the longest alone: no quantile can be told any more.
    pub(crate) fn add_ends(&mut self, from: &Reader<'_>) -> Result<(), Torn> {
        if let Some((sum, _, most)) = read_ends(&mut Reader(from.0))? {
            (self.sorted.sum, self.sorted.most) = (self.sorted.sum + sum, self.sorted.most.max(most));
        }
        Ok(())
    }

    /// The same of what was added up elsewhere.
    pub(crate) const fn merge_ends(&mut self, other: &Self) {
        self.sorted.sum += other.sorted.sum;
        self.sorted.most = self.sorted.most.max(other.sorted.most);
    }

    /// How long all took together, and the longest.
    pub(crate) const fn ends(&self) -> (f64, f32) {
        (self.sorted.sum, self.sorted.most)
    }

    const fn is_empty(&self) -> bool {
        self.sorted.buckets.is_empty() && self.waiting.is_empty()
    }

    /// Notes sum, least and most of what waits now.
    fn note(&mut self, (sum, least, most): (f64, f32, f32), is_first: bool) {
        let Self { sorted, waiting } = self;
        sorted.sum += sum;
        (sorted.least, sorted.most) =
            if is_first { (least, most) } else { (sorted.least.min(least), sorted.most.max(most)) };
        if waiting.len() >= WAITING.max(sorted.buckets.len()) {
            self.settle();
        }
    }

    /// All of them.
    pub(crate) fn finish(&self) -> Durations {
        let mut all = self.clone();
        all.settle();
        all.sorted
    }

    fn settle(&mut self) {
        let Self { sorted, waiting } = self;
        // Those of a few rows are sorted sooner than a place for each bucket is looked at.
        if sorted.buckets.is_empty() && waiting.len() < WAITING / 4 {
            waiting.sort_unstable_by_key(|(bucket, _)| *bucket);
            let same = waiting.chunk_by(|(one, _), (other, _)| one == other);
            sorted.buckets = same.map(|same| (same[0].0, same.iter().map(|(_, count)| count).sum())).collect();
        } else {
            let mut counts = vec![0_u64; BUCKETS as usize];
            for (bucket, count) in sorted.buckets.iter().chain(&*waiting) {
                counts[usize::from(*bucket)] += count;
            }
            sorted.buckets = (0..).zip(counts).filter(|(_, count)| *count > 0).collect();
        }
        waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeded::Seeded;

    fn of(values: &[f64]) -> Durations {
        let (least, most) =
            (values.iter().copied().fold(f64::MAX, f64::min), values.iter().copied().fold(0.0, f64::max));
        Durations::new(values.iter().map(|value| bucket(*value)).collect(), values.iter().sum(), least, most)
    }

    #[test]
    #[allow(clippy::cast_precision_loss, reason = "small numbers")]
    fn a_quantile_is_within_one_per_cent_and_parts_are_the_whole() {
        let mut seeded = Seeded(3);
        let mut values: Vec<f64> =
            (0..10_000).map(|_| (seeded.below(1 << 20) as f64 / 1e6).powi(3) * 1e5 + 1e-3).collect();
        let mut merged = of(&values[..100]);
        values[100..].chunks(977).for_each(|part| merged.merge(&of(part)));
        let whole = of(&values);
        assert_eq!(merged.buckets, whole.buckets);
        assert!((merged.sum / whole.sum - 1.0).abs() < 1e-12);
        values.sort_by(f64::total_cmp);
        for share in [0.01, 0.5, 0.9, 0.95, 0.99, 1.0] {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
            let exact = values[(share * 10_000.0_f64).ceil() as usize - 1];
            let told = merged.quantile(share).unwrap();
            assert!((told / exact - 1.0).abs() < 0.01, "{told} for {exact}");
        }
    }

    #[test]
    fn what_is_added_while_it_is_read_is_what_is_merged() {
        let mut seeded = Seeded(5);
        for rows in [0, 1, 2, 40, 700] {
            let (mut merged, mut adding) = (Durations::default(), Adding::default());
            for _ in 0..rows {
                let length = seeded.below(60);
                #[allow(clippy::cast_precision_loss, reason = "small numbers")]
                let values: Vec<f64> = (0..length).map(|_| seeded.below(1 << 30) as f64 / 64.0).collect();
                let durations = if values.is_empty() { Durations::default() } else { of(&values) };
                let mut out = Vec::new();
                durations.put(&mut out);
                merged.merge(&durations);
                adding.add(&mut Reader(&out)).unwrap();
            }
            assert_eq!(adding.finish(), merged, "{rows}");
        }
        assert!(Adding::default().add(&mut Reader(&[0xff; 40])).is_err());
    }

    #[test]
    fn it_is_written_and_read() {
        for values in [&[][..], &[0.0], &[0.0, 1e-9, 3.5, 3.5, 1e300]] {
            let durations = if values.is_empty() { Durations::default() } else { of(values) };
            let mut out = Vec::new();
            durations.put(&mut out);
            assert_eq!(Durations::get(&mut Reader(&out)).unwrap(), durations);
            for len in 1..out.len() {
                assert!(Durations::get(&mut Reader(&out[..len])).is_err() || len >= 16);
            }
        }
        assert!(Durations::get(&mut Reader(&[0xff; 40])).is_err());
        assert_eq!(Durations::default().quantile(0.5), None);
    }
}
