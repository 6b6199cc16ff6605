//! One check, and the last that it has said.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cupola_redact::{KeyPolicy, Masked};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::report::{CheckReport, CheckStatus};
use crate::panic;

type BoxError = Box<dyn Error + Send + Sync>;
type Answer = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

/// Something that must be so: a name, and how it is found out.
///
/// ```
/// use std::time::Duration;
/// use cupola_http::Check;
///
/// let queue = Check::new("queue", || async { tokio::net::TcpStream::connect("queue:4222").await.map(drop) });
/// let queue = queue.timeout(Duration::from_millis(500)).cached_for(Duration::from_secs(5));
/// # let _ = queue;
/// ```
pub struct Check {
    name: Arc<str>,
    ask: Box<dyn Fn() -> Answer + Send + Sync>,
    timeout: Duration,
    cached_for: Duration,
}

impl Check {
    /// A check by this name. It may take a second, and what it says holds for a second, unless set.
    pub fn new<F, A, E>(name: &str, ask: F) -> Self
    where
        F: Fn() -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let boxed = move || -> Answer {
            let answer = ask();
            Box::pin(async move { answer.await.map_err(Into::into) })
        };
        let second = Duration::from_secs(1);
        Self { name: name.into(), ask: Box::new(boxed), timeout: second, cached_for: second }
    }

    /// What takes longer has failed.
    #[must_use]
    pub fn timeout(self, limit: Duration) -> Self {
        Self { timeout: limit, ..self }
    }

    /// For so long what it said is said again, however many ask.
    #[must_use]
    pub fn cached_for(self, time: Duration) -> Self {
        Self { cached_for: time, ..self }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A check, and the last that it has said.
pub(super) struct Judged {
    check: Check,
    policy: KeyPolicy,
    /// Held while it is asked, so that whoever comes meanwhile waits for the same answer.
    last: Mutex<Option<(Instant, CheckReport)>>,
}

impl Judged {
    pub(super) fn new(check: Check, policy: KeyPolicy) -> Self {
        Self { check, policy, last: Mutex::new(None) }
    }

    pub(super) fn name(&self) -> &str {
        &self.check.name
    }

    pub(super) async fn report(&self) -> CheckReport {
        let mut last = self.last.lock().await;
        let known = last.as_ref().map(|(said, report)| (said.elapsed(), report));
        if let Some((age, report)) = known.filter(|(age, _)| *age < self.check.cached_for) {
            return CheckReport { age, ..report.clone() };
        }
        let began = Instant::now();
        let (status, error) = self.ask().await;
        let error = error.map(|text| self.policy.text(&text));
        let report =
            CheckReport { name: self.check.name.clone(), status, took: began.elapsed(), age: Duration::ZERO, error };
        tell_of_change(known.map(|(_, report)| report), &report);
        *last = Some((Instant::now(), report.clone()));
        report
    }

    /// In a task of its own: one that blocks holds no other up, and a panic stays there. Dropped, the task ends.
    async fn ask(&self) -> (CheckStatus, Option<String>) {
        let mut task = JoinSet::new();
        // Asking may panic as well as answering.
        let ask = std::panic::AssertUnwindSafe(|| (self.check.ask)());
        let answer = match std::panic::catch_unwind(ask) {
            Ok(answer) => answer,
            Err(panic) => return panicked(&panic),
        };
        task.spawn(answer);
        match timeout(self.check.timeout, task.join_next()).await {
            Ok(Some(Ok(Ok(())))) => (CheckStatus::Ok, None),
            Ok(Some(Ok(Err(error)))) => (CheckStatus::Failed, Some(with_sources(&*error))),
            Ok(Some(Err(ended))) if ended.is_panic() => panicked(&ended.into_panic()),
            Ok(_) => (CheckStatus::Failed, Some("the runtime is shutting down".to_owned())),
            Err(_) => (CheckStatus::TimedOut, Some(format!("no answer within {} ms", self.check.timeout.as_millis()))),
        }
    }
}

fn panicked(panic: &panic::Panic) -> (CheckStatus, Option<String>) {
    (CheckStatus::Panicked, panic::text(panic).map(str::to_owned))
}

/// The text of an error and of what has caused it.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Whoever looks at the log later finds when it began and when it was over, and not every time that somebody asked.
fn tell_of_change(before: Option<&CheckReport>, now: &CheckReport) {
    let was_ok = before.is_none_or(CheckReport::is_ok);
    let (check, error) = (&*now.name, now.error.as_ref().map(Masked::as_str));
    if was_ok && !now.is_ok() {
        tracing::warn!(target: "cupola", check, status = now.status.as_str(), error, "a health check fails");
    } else if !was_ok && now.is_ok() {
        tracing::info!(target: "cupola", check, "a health check is well again");
    }
}
