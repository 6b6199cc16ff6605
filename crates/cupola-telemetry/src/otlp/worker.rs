//! The worker: the task that takes one message after another to the collector.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;
use tokio::time::Instant;

use super::backoff::Backoff;
use super::queue::{Fate, Message, Queue};
use super::report::Report;
use super::way::Way;

/// How often a message is tried once Cupola has been told to end.
const LAST_ATTEMPTS: u32 = 2;

/// How long it waits before the last of them.
const LAST_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) queue: Arc<Queue>,
    pub(crate) way: Way,
    pub(crate) report: Report,
    pub(crate) give_up: Duration,
}

/// However the worker ends, nobody waits for it any longer.
struct Leaves(Arc<Queue>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Worker {
    pub(crate) async fn run(mut self) {
        let _leaves = Leaves(self.queue.clone());
        loop {
            while let Some(message) = self.queue.take() {
                let fate = self.deliver(message).await;
                self.queue.settle(fate);
                if fate == Fate::Abandoned {
                    // Whoever is not there for this one is not there for the next.
                    self.queue.abandon();
                } else {
                    self.report.losses(&self.queue.counters.read(), false);
                }
            }
            if self.queue.is_closed() {
                break;
            }
            self.queue.work.notified().await;
        }
        self.report.losses(&self.queue.counters.read(), true);
    }

    async fn deliver(&mut self, message: Message) -> Fate {
        let body = self.way.body(message);
        let (began, mut backoff, mut last_attempts) = (Instant::now(), Backoff::new(), 0);
        loop {
            let answer = tokio::select! {
                answer = self.way.send(body.clone()) => answer,
                () = self.queue.abandoned() => return Fate::Abandoned,
            };
            let failure = match answer {
                Ok(reply) => {
                    self.report.succeeded();
                    return Fate::Taken { rejected: reply.rejected };
                }
                Err(failure) => failure,
            };
            self.report.failed(&failure);
            let pause = backoff.pause(failure.after, rand::rng().random());
            last_attempts += u32::from(self.queue.is_closed());
            if !failure.again {
                return Fate::Refused;
            } else if last_attempts >= LAST_ATTEMPTS {
                return Fate::Abandoned;
            } else if began.elapsed() + pause > self.give_up {
                return Fate::Expired;
            }
            self.report.losses(&self.queue.counters.read(), false);
            self.wait(pause).await;
            crate::counts::add(&self.queue.counters.retries, 1);
        }
    }

    /// Waits, but not for long once Cupola is told to end.
    async fn wait(&self, pause: Duration) {
        let over = Instant::now() + pause;
        // More messages wake the worker too, and change nothing.
        while !self.queue.is_closed() {
            tokio::select! {
                () = tokio::time::sleep_until(over) => return,
                () = self.queue.work.notified() => {}
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause.min(LAST_PAUSE)) => {}
            () = self.queue.abandoned() => {}
        }
    }
}
