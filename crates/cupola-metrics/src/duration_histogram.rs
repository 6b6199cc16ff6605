//! A histogram of durations: how many took how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds, in seconds, that OpenTelemetry advises for the duration of HTTP requests.
pub const DURATION_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// The longest duration that is told apart: a year. A broken clock cannot bring the sum near its end.
const LONGEST: u64 = 365 * 24 * 3600 * NANOS_PER_SECOND;

/// How many durations fell into each bucket, and their sum; clones are handles on the same one.
///
/// An observation is two atomic additions: no lock, no allocation.
///
/// ```
/// use std::time::Duration;
/// use cupola_metrics::{DURATION_BUCKETS, Registry};
///
/// let registry = Registry::new();
/// let waits = registry.duration_histogram("queue.wait", "How long jobs wait.", &DURATION_BUCKETS)?;
/// waits.observe(Duration::from_millis(7));
/// assert!(registry.render().contains("queue_wait_seconds_bucket{le=\"0.01\"} 1\n"));
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct DurationHistogram(Arc<DurationCells>);

impl DurationHistogram {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self(Arc::new(DurationCells::new(bounds)))
    }

    /// One more that took so long.
    pub fn observe(&self, duration: Duration) {
        self.0.observe(duration);
    }

    pub(crate) fn read(&self) -> Distribution {
        self.0.read()
    }
}

/// The inclusive upper bounds of buckets, in nanoseconds, rising; a last bucket takes what is above them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bounds(Arc<[u64]>);

impl Bounds {
    /// `None` where they do not rise, or are not above zero and at most a year.
    pub(crate) fn seconds(bounds: &[f64]) -> Option<Self> {
        let nanos = |seconds: &f64| (seconds * NANOS_PER_SECOND as f64).round() as u64;
        let bounds: Arc<[u64]> = bounds.iter().map(nanos).collect();
        let rising = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        let within = bounds.iter().all(|bound| (1..=LONGEST).contains(bound));
        (rising && within).then_some(Self(bounds))
    }
}

/// The cells of one histogram. The count is the sum of the buckets, so that the two never disagree.
#[derive(Debug)]
pub(crate) struct DurationCells {
    bounds: Bounds,
    buckets: Box<[AtomicU64]>,
    nanos: AtomicU64,
}

impl DurationCells {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let buckets = (0..=bounds.0.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, buckets, nanos: AtomicU64::new(0) }
    }

    pub(crate) fn observe(&self, duration: Duration) {
        let nanos = whole_nanos(duration);
        // From the shortest on, since most are short: a search by halves takes longer for them, and little less for others.
        let bucket = self.bounds.0.iter().take_while(|bound| **bound < nanos).count();
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Distribution {
        let counts = self.buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
        Distribution { bounds: self.bounds.clone(), counts, nanos: self.nanos.load(Ordering::Relaxed) }
    }
}

fn whole_nanos(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(NANOS_PER_SECOND);
    seconds.saturating_add(u64::from(duration.subsec_nanos())).min(LONGEST)
}

/// What a histogram held at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Distribution {
    bounds: Bounds,
    counts: Vec<u64>,
    nanos: u64,
}

impl Distribution {
    /// Each bound in seconds, infinity last, with how many were not above it.
    pub(crate) fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let bounds = self.bounds.0.iter().map(|nanos| *nanos as f64 / NANOS_PER_SECOND as f64);
        bounds.chain([f64::INFINITY]).zip(self.counts.iter().scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        }))
    }

    pub(crate) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub(crate) fn seconds(&self) -> f64 {
        self.nanos as f64 / NANOS_PER_SECOND as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = DurationHistogram::new(Bounds::seconds(&[0.005, 1.0]).unwrap());
        for nanos in [0, 5_000_000, 5_000_001, 1_000_000_000, 1_000_000_001] {
            histogram.observe(Duration::from_nanos(nanos));
        }
        let read = histogram.read();
        let cumulative: Vec<_> = read.cumulative().collect();
        assert_eq!(cumulative, [(0.005, 2), (1.0, 4), (f64::INFINITY, 5)]);
        assert_eq!((read.count(), read.seconds()), (5, 2.010_000_002));
    }

    #[test]
    fn the_longest_duration_does_not_wrap_the_sum() {
        let histogram = DurationHistogram::new(Bounds::seconds(&DURATION_BUCKETS).unwrap());
        for _ in 0..3 {
            histogram.observe(Duration::MAX);
        }
        assert_eq!(histogram.read().seconds(), 3.0 * 365.0 * 24.0 * 3600.0);
        assert_eq!(histogram.read().cumulative().last(), Some((f64::INFINITY, 3)));
    }

    #[test]
    fn bounds_rise_and_are_numbers() {
        assert!(Bounds::seconds(&[]).is_some());
        for bad in [&[0.0, 1.0][..], &[1.0, 1.0], &[2.0, 1.0], &[f64::NAN], &[-1.0], &[f64::INFINITY], &[1e-10]] {
            assert_eq!(Bounds::seconds(bad), None, "{bad:?}");
        }
    }
}
