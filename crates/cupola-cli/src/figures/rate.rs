//! How many lines there were when.

use rustc_hash::FxHashMap;

/// Seconds that a bucket may last while lines are counted; each divides the next.
const STEPS: [i64; 12] = [1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400, 864_000, 8_640_000, 86_400_000];
/// With more buckets than this, they become longer ones; of the longest there are not so many in all the years that there are.
const MAX_BUCKETS: usize = 8_192;
/// Seconds that a bucket of a chart may last.
const CHART_STEPS: [i64; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];
const MICROS_A_SECOND: i64 = 1_000_000;
/// Nobody's log goes further from 1970 than this many seconds, the years 0 to 9999; a time that does is none.
const FURTHEST: i64 = 253_402_300_800;

/// What is counted of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) lines: u64,
    pub(crate) errors: u64,
}

impl Bucket {
    fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.errors += other.errors;
    }
}

/// Counts by time, as finely as memory allows.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    /// The place in [`STEPS`].
    step: usize,
    buckets: FxHashMap<i64, Bucket>,
    /// The first and the last time, in microseconds since 1970.
    pub(crate) span: Option<(i64, i64)>,
}

/// Counts by time, as a chart has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chart {
    /// Where the first one begins, in seconds since 1970.
    pub(crate) start: i64,
    /// Seconds that each lasts.
    pub(crate) step: i64,
    pub(crate) buckets: Vec<Bucket>,
}

impl Rate {
    /// The shortest step, in seconds, of which no more than so many are in this time.
    pub(crate) fn step(seconds: i64, most: i64) -> i64 {
        let fits = |step: &&i64| seconds / **step + 2 <= most;
        *STEPS.iter().find(fits).unwrap_or(&STEPS[STEPS.len() - 1])
    }

    /// What somebody else has counted in steps of [`Rate::step`] that begin at this second; between a first and a last time, in microseconds.
    pub(crate) fn told(span: (i64, i64), start: i64, seconds: i64, lines: &[u64], errors: &[u64]) -> Self {
        let step = STEPS.iter().position(|step| *step == seconds).unwrap_or_default();
        let bucket = |at: usize| start.div_euclid(seconds) + at as i64;
        let told = lines.iter().enumerate().filter(|(_, lines)| **lines > 0);
        let buckets = told.map(|(at, lines)| {
            let errors = errors.get(at).copied().unwrap_or_default();
            (bucket(at), Bucket { lines: *lines, errors })
        });
        Self { step, buckets: buckets.collect(), span: Some(span) }
    }

    /// Counts a line of this time, in microseconds since 1970.
    #[inline]
    pub(crate) fn add(&mut self, micros: i64, is_error: bool) {
        let second = micros.div_euclid(MICROS_A_SECOND);
        if second.abs() > FURTHEST {
            return;
        }
        let (first, last) = self.span.unwrap_or((micros, micros));
        self.span = Some((first.min(micros), last.max(micros)));
        let bucket = if self.step == 0 { second } else { second.div_euclid(STEPS[self.step]) };
        self.buckets.entry(bucket).or_default().add(Bucket { lines: 1, errors: u64::from(is_error) });
        if self.buckets.len() > MAX_BUCKETS {
            self.coarsen();
        }
    }

    pub(crate) fn merge(&mut self, mut other: Self) {
        while self.step < other.step {
            self.coarsen();
        }
        while other.step < self.step {
            other.coarsen();
        }
        self.span = match (self.span, other.span) {
            (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
            (one, other) => one.or(other),
        };
        for (bucket, counts) in other.buckets {
            self.buckets.entry(bucket).or_default().add(counts);
        }
        while self.buckets.len() > MAX_BUCKETS && self.step + 1 < STEPS.len() {
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        if self.step + 1 == STEPS.len() {
            return;
        }
        let factor = STEPS[self.step + 1] / STEPS[self.step];
        let mut buckets: FxHashMap<i64, Bucket> = FxHashMap::default();
        for (bucket, counts) in std::mem::take(&mut self.buckets) {
            buckets.entry(bucket.div_euclid(factor)).or_default().add(counts);
        }
        (self.buckets, self.step) = (buckets, self.step + 1);
    }

    /// At most so many buckets, from the first line to the last.
    pub(crate) fn chart(&self, width: usize) -> Option<Chart> {
        let finest = STEPS[self.step];
        let first = self.buckets.keys().min()? * finest;
        let last = self.buckets.keys().max()? * finest;
        let fits =
            |step: &i64| step % finest == 0 && (last.div_euclid(*step) - first.div_euclid(*step)) < width.max(1) as i64;
        // Of centuries, as many days as it takes.
        let unit = finest.max(86_400);
        let days = || unit * (((last - first) / unit) / (width.max(2) as i64 - 1) + 1);
        let step = CHART_STEPS.iter().find(|step| fits(step)).copied().unwrap_or_else(days);
        let start = first.div_euclid(step);
        let mut buckets = vec![Bucket::default(); (last.div_euclid(step) - start + 1) as usize];
        for (bucket, counts) in &self.buckets {
            buckets[((bucket * finest).div_euclid(step) - start) as usize].add(*counts);
        }
        Some(Chart { start: start * step, step, buckets })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(seconds: impl IntoIterator<Item = i64>) -> Rate {
        let mut rate = Rate::default();
        seconds.into_iter().for_each(|second| rate.add(second * MICROS_A_SECOND, second % 10 == 0));
        rate
    }

    #[test]
    fn each_step_divides_the_next() {
        assert!(STEPS.windows(2).all(|pair| pair[1] % pair[0] == 0));
        assert!(2 * FURTHEST / STEPS[STEPS.len() - 1] < MAX_BUCKETS as i64);
    }

    #[test]
    fn charts_have_every_line_and_no_more_buckets_than_there_is_room() {
        for (span, width, step) in [(1, 60, 1), (60, 60, 1), (61, 60, 2), (3_600, 60, 60), (100_000, 40, 3_600)] {
            let chart = rate(960_000..960_000 + span).chart(width).unwrap();
            assert_eq!((chart.step, chart.buckets.iter().map(|bucket| bucket.lines).sum()), (step, span as u64));
            assert!(chart.buckets.len() <= width && chart.start <= 960_000, "{chart:?}");
            let errors: u64 = chart.buckets.iter().map(|bucket| bucket.errors).sum();
            assert_eq!(errors, (span as u64).div_ceil(10));
        }
        assert_eq!(Rate::default().chart(60), None);
    }

    #[test]
    fn centuries_are_bounded_and_parts_add_up() {
        let seconds = |part: i64| (0..20_000).map(move |number| (number * 2 + part) * 250_000 - 3_000_000_000);
        let (mut sum, mut fine) = (rate(seconds(0)), rate(0..10));
        sum.merge(rate(seconds(1)));
        assert!(sum.buckets.len() <= MAX_BUCKETS && sum.span == Some((-3_000_000_000_000_000, 6_999_750_000_000_000)));
        fine.merge(sum);
        for width in [1, 2, 50] {
            let chart = fine.chart(width).unwrap();
            assert!(chart.buckets.len() <= width.max(2), "{width}: {}", chart.buckets.len());
            assert_eq!(chart.buckets.iter().map(|bucket| bucket.lines).sum::<u64>(), 40_010);
        }
        let mut far = Rate::default();
        far.add(i64::MAX, false);
        assert_eq!((far.span, far.chart(10)), (None, None));
    }
}
