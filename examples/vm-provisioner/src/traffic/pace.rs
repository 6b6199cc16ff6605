//! How fast requests follow each other, and when they end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::Plan;

/// The time of the plan is over.
#[derive(Debug)]
pub(super) struct Over;

/// Hands out turns, one a request, so that the plan's rate is kept.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Mutex<Interval>,
    borrowed: AtomicU32,
    end: Option<Instant>,
}

impl Pace {
    pub(super) fn new(plan: Plan) -> Self {
        let mut interval = interval(Duration::from_secs(1) / plan.per_second.max(1));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = plan.length.map(|length| Instant::now() + length);
        Self { interval: Mutex::new(interval), borrowed: AtomicU32::new(0), end }
    }

    /// Waits for the next turn.
    pub(super) async fn turn(&self) -> Result<(), Over> {
        let mut interval = self.interval.lock().await;
        interval.tick().await;
        for _ in 0..self.borrowed.swap(0, Ordering::Relaxed) {
            interval.tick().await;
        }
        self.not_over()
    }

    /// Takes a turn at once, and lets those who wait for theirs wait longer: for what must follow quickly.
    pub(super) fn borrow(&self) -> Result<(), Over> {
        self.not_over()?;
        self.borrowed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn not_over(&self) -> Result<(), Over> {
        if self.end.is_some_and(|end| Instant::now() >= end) { Err(Over) } else { Ok(()) }
    }
}
