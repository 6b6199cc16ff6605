//! Asks again and again, one question at a time; after a failure less and less often.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use super::news::News;
use super::range::Range;
use super::source::Source;
use super::state::Trouble;
use crate::alerts::now;

/// More than this nobody waits for a server that may be back.
const MOST: Duration = Duration::from_secs(30);

/// How long it is until the next question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    every: Duration,
    failures: u32,
}

impl Pace {
    pub(super) fn new(every: Duration) -> Self {
        Self { every, failures: 0 }
    }

    pub(super) fn went_well(&mut self) -> Duration {
        self.failures = 0;
        self.every
    }

    pub(super) fn failed(&mut self) -> Duration {
        self.failures += 1;
        Duration::from_secs(1 << (self.failures - 1).min(5)).min(MOST).max(self.every)
    }

    /// How long it is after an answer, which is also the time that is told of a failure.
    pub(super) fn after<T>(&mut self, answer: anyhow::Result<T>) -> (Duration, Result<T, Trouble>) {
        match answer {
            Ok(value) => (self.went_well(), Ok(value)),
            Err(error) => {
                let wait = self.failed();
                (wait, Err(Trouble::new(&error, later(wait))))
            }
        }
    }
}

pub(super) fn later(wait: Duration) -> i64 {
    now() + i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX / 2)
}

/// What is to be done about alerts.
#[derive(Debug)]
pub(super) enum OfAlerts {
    Look,
    Acknowledge { alert: String, is_taken_back: bool },
}

/// Asks for routes; an order to ask at once says of which time.
pub(super) fn routes(
    source: &Source,
    mut pace: Pace,
    mut range: Range,
    orders: &Receiver<Range>,
    news: &SyncSender<News>,
) {
    loop {
        let (wait, told) = pace.after(source.routes(range, now()));
        if news.send(News::Routes(range, told)).is_err() {
            return;
        }
        match orders.recv_timeout(wait) {
            // Of many orders the last one counts.
            Ok(order) => range = orders.try_iter().last().unwrap_or(order),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Asks for alerts, and does what is said about them.
pub(super) fn alerts(source: &Source, mut pace: Pace, orders: &Receiver<OfAlerts>, news: &SyncSender<News>) {
    loop {
        let (wait, told) = pace.after(source.alerts());
        if news.send(News::Alerts(told)).is_err() {
            return;
        }
        match orders.recv_timeout(wait) {
            Ok(OfAlerts::Acknowledge { alert, is_taken_back }) => {
                let done = match source.acknowledge(&alert, is_taken_back) {
                    Ok(()) if is_taken_back => format!("{alert} is acknowledged by nobody"),
                    Ok(()) => format!("{alert} is acknowledged; a takes it back"),
                    Err(error) => format!("{error:#}"),
                };
                _ = news.send(News::Done(done));
            }
            Ok(OfAlerts::Look) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_answer_is_asked_less_often_up_to_a_bound() {
        let mut pace = Pace::new(Duration::from_secs(2));
        let waits: Vec<u64> = (0..8).map(|_| pace.failed().as_secs()).collect();
        assert_eq!(waits, [2, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!((pace.went_well().as_secs(), pace.failed().as_secs()), (2, 2));
    }
}
