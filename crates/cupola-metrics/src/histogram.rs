//! Histograms: how many were how long, or how large.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cupola_context::Context;

use crate::cells::histogram::HistogramCells;

/// The upper bounds, in seconds, that OpenTelemetry advises for the duration of HTTP requests.
pub const DURATION_BUCKETS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Upper bounds for sizes of bodies and the like, in bytes: from 256 B to 64 MiB.
pub const SIZE_BUCKETS: [f64; 10] =
    [256.0, 1024.0, 4096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0, 67_108_864.0];

/// How many durations fell into each bucket, and their sum; clones are handles on the same one.
///
/// An observation is two atomic additions: no lock, no allocation. It shows in the buckets of the stated bounds, and in
/// exponential ones, eight to a doubling, where a native or exponential histogram is asked for.
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
pub struct DurationHistogram(pub(crate) Arc<HistogramCells>);

impl DurationHistogram {
    /// One more that took so long.
    #[inline]
    pub fn observe(&self, duration: Duration) {
        self.0.observe(duration);
    }

    /// The same in a request: where its trace is sampled, it is the exemplar of its bucket, at this time.
    pub fn observe_in(&self, duration: Duration, context: &Context, time: SystemTime) {
        let cell = self.0.observe(duration);
        self.0.offer(cell, context, duration, time);
    }
}

/// How many values fell into each bucket, and their sum; clones are handles on the same one.
///
/// ```
/// let registry = cupola_metrics::Registry::new();
/// let sizes = registry.histogram("batch.size", "Rows in a batch.", "{row}", &[1.0, 10.0, 100.0])?;
/// sizes.observe(7.0);
/// sizes.observe(-1.0); // left out
/// assert!(registry.render().contains("batch_size_bucket{le=\"10\"} 1\n"));
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Histogram(pub(crate) Arc<HistogramCells>);

impl Histogram {
    /// One more of this value; one that is negative or no number is left out.
    #[inline]
    pub fn observe(&self, value: f64) {
        if value >= 0.0 && value.is_finite() {
            self.0.observe_real(value);
        }
    }
}
