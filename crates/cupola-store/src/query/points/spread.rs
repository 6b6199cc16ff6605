//! How the values of a histogram are spread over its buckets.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Counts of values by the upper end of their bucket. Those of exponential histograms have one too; what is below zero counts as zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spread {
    /// Lower end and count by the upper end's bits, which order numbers above zero.
    buckets: BTreeMap<u64, (f64, f64)>,
    /// How fine the buckets of an exponential histogram are: of another fineness, counts cannot be compared.
    scale: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Buckets {
    bounds: Vec<f64>,
    counts: Vec<f64>,
    scale: Option<i32>,
    zero_count: f64,
    zero_threshold: f64,
    positive: Side,
    negative: Side,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Side {
    offset: i32,
    counts: Vec<f64>,
}

impl Spread {
    /// Of what stands in an entry's `buckets`; `None` where that is something else.
    pub(super) fn read(json: &str) -> Option<Self> {
        let buckets: Buckets = serde_json::from_str(json).ok()?;
        let mut spread = Self { scale: buckets.scale, ..Self::default() };
        match buckets.scale {
            None => {
                let uppers = buckets.bounds.iter().copied().chain([f64::INFINITY]);
                let mut lower = buckets.bounds.first().map_or(0.0, |first| first.min(0.0));
                for (upper, count) in uppers.zip(&buckets.counts) {
                    spread.add(lower, upper, *count);
                    lower = upper;
                }
            }
            Some(scale) => {
                let base = (-f64::from(scale)).exp2();
                spread.add(
                    0.0,
                    buckets.zero_threshold,
                    buckets.zero_count + buckets.negative.counts.iter().sum::<f64>(),
                );
                for (index, count) in (buckets.positive.offset..).zip(&buckets.positive.counts) {
                    let end = |index: i32| (f64::from(index) * base).exp2();
                    spread.add(end(index), end(index.saturating_add(1)), *count);
                }
            }
        }
        Some(spread)
    }

    fn add(&mut self, lower: f64, upper: f64, count: f64) {
        if count > 0.0 {
            // What ends at zero or below is zero: durations and sizes have nothing there.
            self.buckets.entry(upper.max(0.0).to_bits()).or_insert((lower.max(0.0), 0.0)).1 += count;
        }
    }

    pub(super) fn len(&self) -> usize {
        3 * self.buckets.len()
    }

    /// What came in addition to an earlier one; `None` where the two cannot be compared. One that began anew has all in addition.
    pub(super) fn since(&self, earlier: &Self) -> Option<Self> {
        if self.scale != earlier.scale {
            return None;
        }
        let of = |spread: &Self, upper: &u64| spread.buckets.get(upper).map_or(0.0, |(_, count)| *count);
        let began_anew = earlier.buckets.iter().any(|(upper, (_, count))| of(self, upper) < *count);
        let mut more = self.clone();
        if !began_anew {
            more.buckets.iter_mut().for_each(|(upper, (_, count))| *count -= of(earlier, upper));
        }
        Some(more)
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (upper, (lower, count)) in &other.buckets {
            self.add(*lower, f64::from_bits(*upper), *count);
        }
    }

    /// The value below which this share lies, as if the values of a bucket were spread evenly.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let total: f64 = self.buckets.values().map(|(_, count)| count).sum();
        let rank = total * share;
        let mut before = 0.0;
        for (upper, (lower, count)) in self.buckets.iter().filter(|(_, (_, count))| *count > 0.0) {
            let upper = f64::from_bits(*upper);
            if before + count >= rank {
                let within = ((rank - before) / count).clamp(0.0, 1.0);
                return Some(if upper.is_finite() { lower + (upper - lower) * within } else { *lower });
            }
            before += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_within_their_buckets() {
        let check = |json: &str, share: f64, expected: Option<f64>| {
            let found = Spread::read(json).and_then(|spread| spread.quantile(share));
            assert_eq!(found.map(|found| (found * 1e6).round() / 1e6), expected, "{json} {share}");
        };
        let explicit = r#"{"bounds":[1,2,4],"counts":[1,2,1,0]}"#;
        for (share, expected) in [(0.0, 0.0), (0.25, 1.0), (0.5, 1.5), (0.75, 2.0), (1.0, 4.0)] {
            check(explicit, share, Some(expected));
        }
        check(r#"{"bounds":[1],"counts":[0,5]}"#, 0.5, Some(1.0));
        check(r#"{"bounds":[],"counts":[5]}"#, 0.5, Some(0.0));
        check(r#"{"bounds":[1],"counts":[0,0]}"#, 0.5, None);
        let exponential = r#"{"scale":0,"zero_count":2,"positive":{"offset":1,"counts":[1,1]}}"#;
        for (share, expected) in [(0.5, 0.0), (0.75, 4.0), (1.0, 8.0)] {
            check(exponential, share, Some(expected));
        }
        check(r#"{"bounds":"much"}"#, 0.5, None);
    }

    #[test]
    fn what_came_in_addition_is_told() {
        let read = |counts: &str| Spread::read(&format!(r#"{{"bounds":[1,2],"counts":{counts}}}"#)).unwrap();
        let more = read("[3,2,1]").since(&read("[1,2,0]")).unwrap();
        assert_eq!(more.quantile(0.5), Some(0.75), "two in the first bucket, one in the last");
        assert_eq!(read("[1,0,0]").since(&read("[3,2,1]")), Some(read("[1,0,0]")), "it began anew");
        let exponential = Spread::read(r#"{"scale":2,"positive":{"offset":0,"counts":[1]}}"#).unwrap();
        assert_eq!(exponential.since(&read("[1,0,0]")), None);
        let mut both = read("[1,0,0]");
        both.merge(&read("[0,1,0]"));
        assert_eq!(both.quantile(1.0), Some(2.0));
    }
}
