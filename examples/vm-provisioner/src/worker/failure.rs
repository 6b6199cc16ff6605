//! Why an attempt at a job failed, and whether another may do better.

use std::error::Error;
use std::fmt;

use cupola::job::TypedError;

use crate::ansible::AnsibleError;
use crate::hypervisor::HypervisorError;
use crate::store::StoreError;
use crate::vm::Step;

/// A step that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) step: Step,
    pub(super) cause: Cause,
}

/// Who failed.
#[derive(Debug)]
pub(super) enum Cause {
    Store(StoreError),
    Hypervisor(HypervisorError),
    Ansible(AnsibleError),
    /// The code of a step did.
    Panicked,
    /// Each worker that took the job up was lost.
    WorkersLost,
}

impl Failure {
    /// Whether it may pass: a playbook that fails will fail again.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self.cause, Cause::Store(_) | Cause::Hypervisor(_))
    }

    /// The error that the job's line shows.
    pub(super) fn told(&self) -> TypedError {
        let text = format!("{}: {}", self.step, self.cause);
        TypedError::new(self.cause.name(), text)
    }
}

impl Cause {
    const fn name(&self) -> &'static str {
        match self {
            Self::Store(_) => "store",
            Self::Hypervisor(_) => "hypervisor",
            Self::Ansible(_) => "ansible",
            Self::Panicked => "panicked",
            Self::WorkersLost => "workers_lost",
        }
    }

    fn error(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Store(error) => Some(error),
            Self::Hypervisor(error) => Some(error),
            Self::Ansible(error) => Some(error),
            Self::Panicked | Self::WorkersLost => None,
        }
    }

    /// What is behind it, for the log only.
    pub(super) fn reason(&self) -> Option<String> {
        let mut reasons = Vec::new();
        let mut next = self.error().and_then(Error::source);
        while let Some(error) = next {
            reasons.push(error.to_string());
            next = error.source();
        }
        (!reasons.is_empty()).then(|| reasons.join(": "))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Hypervisor(error) => error.fmt(f),
            Self::Ansible(error) => error.fmt(f),
            Self::Panicked => f.write_str("something broke on our side"),
            Self::WorkersLost => f.write_str("every worker that tried was lost"),
        }
    }
}

impl From<StoreError> for Cause {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<HypervisorError> for Cause {
    fn from(error: HypervisorError) -> Self {
        Self::Hypervisor(error)
    }
}

impl From<AnsibleError> for Cause {
    fn from(error: AnsibleError) -> Self {
        Self::Ansible(error)
    }
}
