//! How fast requests follow each other, and when they end.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::Plan;

/// The time of the plan is over.
#[derive(Debug)]
pub(super) struct Over;

/// Hands out turns, one a request, evenly over each second.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Mutex<Interval>,
    end: Option<Instant>,
}

impl Pace {
    pub(super) fn new(plan: Plan) -> Self {
        let mut interval = interval(Duration::from_secs(1) / plan.per_second.max(1));
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval: Mutex::new(interval), end: plan.length.map(|length| Instant::now() + length) }
    }

    /// Waits for the next turn.
    pub(super) async fn turn(&self) -> Result<(), Over> {
        self.interval.lock().await.tick().await;
        if self.end.is_some_and(|end| Instant::now() >= end) { Err(Over) } else { Ok(()) }
    }
}
