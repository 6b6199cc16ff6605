//! Evaluation and delivery, again and again.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::Alerts;

/// How often it is looked whether a rule is due, or a message.
const TICK: Duration = Duration::from_secs(1);
/// After a failure it is waited longer, up to this.
const LONGEST: Duration = Duration::from_secs(60);
/// After so long without an evaluation that went well no heartbeat is heard, in nanoseconds.
const STALE: i64 = 60_000_000_000;

impl Alerts {
    /// Evaluates and delivers until this has ended. The clock tells nanoseconds since 1970. A failure is logged, and tried again later.
    ///
    /// Evaluation runs where blocking is allowed, and delivery beside it: a receiver that does not answer delays no evaluation.
    pub async fn run(
        self: Arc<Self>,
        clock: impl Fn() -> i64 + Send + Sync + 'static,
        ended: impl Future<Output = ()> + Send,
    ) {
        let clock = Arc::new(clock);
        let mut ended = pin!(ended);
        let went_well = Arc::new(AtomicI64::new(i64::MIN));
        let beating = self.beat(&*clock, &went_well);
        let evaluating = {
            let (alerts, clock, went_well) = (self.clone(), clock.clone(), went_well.clone());
            async move {
                let mut pace = Pace::new();
                let mut is_blind = false;
                loop {
                    let (alerts, now) = (alerts.clone(), clock());
                    let done = tokio::task::spawn_blocking(move || alerts.evaluate(now)).await;
                    match done {
                        Ok(Ok(evaluated)) => {
                            // Where no rule at all can be evaluated, nothing is watched.
                            is_blind =
                                if evaluated.rules == 0 { is_blind } else { evaluated.failed == evaluated.rules };
                            if !is_blind {
                                went_well.store(now, Ordering::Relaxed);
                            }
                            pace.good();
                        }
                        Ok(Err(error)) => pace.bad("rules are not evaluated", &error),
                        Err(error) => pace.bad("rules are not evaluated", &error),
                    }
                    tokio::time::sleep(pace.wait).await;
                }
            }
        };
        let delivering = async {
            let mut pace = Pace::new();
            loop {
                match self.deliver(clock()).await {
                    Ok(_) => pace.good(),
                    Err(error) => pace.bad("alerts are not delivered", &error),
                }
                tokio::time::sleep(pace.wait).await;
            }
        };
        tokio::select! {
            () = &mut ended => {}
            () = evaluating => {}
            () = delivering => {}
            () = beating => {}
        }
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Asks whoever waits for that, each in its own time, as long as rules are evaluated; nothing else waits for the answers.
    async fn beat(&self, clock: &(dyn Fn() -> i64 + Send + Sync), went_well: &AtomicI64) {
        let each = self.receivers.heartbeats().iter().map(|(name, heartbeat)| async move {
            loop {
                let now = clock();
                let is_well = now.saturating_sub(went_well.load(Ordering::Relaxed)) < STALE;
                let mut wait = TICK;
                if is_well {
                    let change;
                    (change, wait) = self.beats.beat(name, heartbeat, now).await;
                    let metadata = self.people.metadata().clone();
                    // Where it cannot be written, evaluation says so.
                    _ = tokio::task::spawn_blocking(move || metadata.apply(&[change])).await;
                }
                tokio::time::sleep(wait).await;
            }
        });
        futures_util::future::join_all(each).await;
        std::future::pending::<()>().await;
    }
}

struct Pace {
    wait: Duration,
}

impl Pace {
    fn new() -> Self {
        Self { wait: TICK }
    }

    fn good(&mut self) {
        self.wait = TICK;
    }

    fn bad(&mut self, what: &str, error: &dyn std::error::Error) {
        self.wait = (self.wait * 2).min(LONGEST);
        let cause = error.source().map(ToString::to_string);
        tracing::warn!(target: "cupola::alerts", %error, cause, "{what}");
    }
}
