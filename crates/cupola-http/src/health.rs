//! Health: the application's own checks, asked together, bounded in time, and not more often than is sensible.

mod check;
mod report;

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use cupola_redact::KeyPolicy;
use tokio::task::JoinSet;

pub use check::Check;
pub use report::{CheckReport, CheckStatus};

use check::Judged;

/// What must be so for a service to be well; clones share their checks.
///
/// ```
/// use std::time::Duration;
/// use cupola_http::{Check, CheckStatus, Checks};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let checks = Checks::default();
/// checks.add(Check::new("disk", || async { Ok::<_, std::io::Error>(()) }));
/// checks.add(Check::new("store", || async { Err("no connection") }).timeout(Duration::from_millis(200)));
/// let found = checks.run().await;
/// assert_eq!(found[1].status, CheckStatus::Failed);
/// assert_eq!(found[1].error.as_ref().map(|text| text.as_str()), Some("no connection"));
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Checks(Arc<Inner>);

#[derive(Default)]
struct Inner {
    policy: KeyPolicy,
    checks: RwLock<Vec<Arc<Judged>>>,
}

impl Checks {
    /// No checks yet; errors are masked by this policy.
    pub fn new(policy: KeyPolicy) -> Self {
        Self(Arc::new(Inner { policy, checks: RwLock::default() }))
    }

    /// One more.
    pub fn add(&self, check: Check) {
        let judged = Arc::new(Judged::new(check, self.0.policy.clone()));
        // A panic elsewhere while the lock was held leaves whole checks behind, so the poison says nothing.
        self.0.checks.write().unwrap_or_else(PoisonError::into_inner).push(judged);
    }

    /// Asks all of them at once, and gives what they say in the order in which they were added. A check that was asked
    /// a moment ago is not asked again, and one that is being asked is waited for.
    ///
    /// Needs a tokio runtime with its timer.
    pub async fn run(&self) -> Vec<CheckReport> {
        let checks = self.0.checks.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut asked = JoinSet::new();
        for (index, check) in checks.into_iter().enumerate() {
            asked.spawn(async move { (index, check.report().await) });
        }
        let mut reports = asked.join_all().await;
        reports.sort_by_key(|(index, _)| *index);
        reports.into_iter().map(|(_, report)| report).collect()
    }
}

impl fmt::Debug for Checks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks = self.0.checks.read().unwrap_or_else(PoisonError::into_inner);
        f.debug_list().entries(checks.iter().map(|check| check.name())).finish()
    }
}
