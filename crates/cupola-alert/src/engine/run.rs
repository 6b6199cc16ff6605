//! Evaluation and delivery, again and again.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::Alerts;

/// How often it is looked whether a rule is due, or a message.
const TICK: Duration = Duration::from_secs(1);
/// After a failure it is waited longer, up to this.
const LONGEST: Duration = Duration::from_secs(60);

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
        let evaluating = {
            let (alerts, clock) = (self.clone(), clock.clone());
            async move {
                let mut pace = Pace::new();
                loop {
                    let (alerts, now) = (alerts.clone(), clock());
                    let done = tokio::task::spawn_blocking(move || alerts.evaluate(now)).await;
                    match done {
                        Ok(Ok(_)) => pace.good(),
                        Ok(Err(error)) => pace.bad("rules are not evaluated", &error),
                        Err(error) => pace.bad("rules are not evaluated", &error),
                    }
                    tokio::time::sleep(pace.wait).await;
                }
            }
        };
        let delivering = async move {
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
        }
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
