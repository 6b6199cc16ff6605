//! How long to wait before a message is sent again.

use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(15);
/// A collector that asks for more has made a mistake: by then every message is given up.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// Pauses that double, each shortened by chance by up to a half, so that a fleet does not come back in step.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self(FIRST)
    }

    /// The next pause; `chance` is in 0..1. A collector that says when to come back is believed.
    pub(crate) fn pause(&mut self, asked_for: Option<Duration>, chance: f64) -> Duration {
        let own = self.0.mul_f64(1.0 - chance / 2.0);
        self.0 = (self.0 * 2).min(LONGEST);
        // Later by a little, never sooner: those who were all told the same come back one by one.
        asked_for.map_or(own, |time| later(time.min(LONGEST_ASKED), chance).max(own))
    }
}

fn later(time: Duration, chance: f64) -> Duration {
    time + time.mul_f64(chance / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_vary() {
        let mut backoff = Backoff::new();
        let pauses: Vec<u64> = (0..6).map(|_| backoff.pause(None, 0.0).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15]);
        assert_eq!(Backoff::new().pause(None, 1.0), Duration::from_millis(500));
    }

    #[test]
    fn a_collector_that_says_when_is_believed() {
        let asked = Some(Duration::from_secs(30));
        assert_eq!(Backoff::new().pause(asked, 0.0), Duration::from_secs(30));
        assert_eq!(Backoff::new().pause(asked, 1.0), Duration::from_secs(33));
    }

    #[test]
    fn one_that_says_nonsense_is_not() {
        assert_eq!(Backoff::new().pause(Some(Duration::from_secs(u64::MAX)), 0.0), LONGEST_ASKED);
        assert_eq!(Backoff::new().pause(Some(Duration::ZERO), 0.0), FIRST, "at once is never");
    }
}
