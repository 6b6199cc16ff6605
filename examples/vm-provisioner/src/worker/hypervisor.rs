//! A simulated hypervisor: it takes its time, and sometimes it fails.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::secret::Secret;
use crate::vm::{Step, Template};

/// How the simulated hypervisor behaves.
#[derive(Clone, Debug)]
pub struct Hypervisor {
    delay_ms: RangeInclusive<u64>,
    failure_rate: f64,
    fails_at: Option<Step>,
}

impl Hypervisor {
    /// It takes 50 to 400 ms, and one operation in fifty fails.
    pub const fn lifelike() -> Self {
        Self { delay_ms: 50..=400, failure_rate: 0.02, fails_at: None }
    }

    /// It takes no time, and only what the template `broken` asks for fails: for tests.
    pub const fn instant() -> Self {
        Self { delay_ms: 0..=0, failure_rate: 0.0, fails_at: None }
    }

    /// The same, but the world ends at this step: for tests of what happens then.
    pub const fn failing_at(self, step: Step) -> Self {
        Self { fails_at: Some(step), ..self }
    }

    /// Makes a machine.
    pub(super) async fn make(&self, template: Template, password: Option<&Secret>) -> Result<(), HypervisorError> {
        if password.is_some_and(|password| password.reveal().is_empty()) {
            return Err(HypervisorError("the administrator's password is empty"));
        }
        self.operate().await?;
        if template == Template::Broken {
            return Err(HypervisorError("the image does not boot"));
        }
        Ok(())
    }

    /// Starts or stops a machine.
    pub(super) async fn operate(&self) -> Result<(), HypervisorError> {
        let delay = rand::random_range(self.delay_ms.clone());
        tokio::time::sleep(Duration::from_millis(delay)).await;
        if rand::random_bool(self.failure_rate) {
            return Err(HypervisorError("the host does not answer"));
        }
        Ok(())
    }

    /// Fails where it was told to fail.
    pub(super) fn interrupt(&self, step: Step) -> Result<(), HypervisorError> {
        if self.fails_at == Some(step) { Err(HypervisorError("told to fail here")) } else { Ok(()) }
    }
}

/// Why the hypervisor did not do it.
#[derive(Clone, Copy, Debug)]
pub(super) struct HypervisorError(&'static str);

impl fmt::Display for HypervisorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for HypervisorError {}
