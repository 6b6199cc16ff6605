//! A simulated hypervisor: it takes its time, and sometimes it fails.

use std::ops::RangeInclusive;
use std::time::Duration;

use async_trait::async_trait;

use super::{Hypervisor, HypervisorError, Reach};
use crate::vm::{Step, Template, Vm, VmId};

/// How the simulated hypervisor behaves.
#[derive(Clone, Debug)]
pub struct Simulated {
    delay_ms: RangeInclusive<u64>,
    failure_rate: f64,
    fails_at: Option<Step>,
}

impl Simulated {
    /// It takes 50 to 400 ms, and one operation in fifty fails.
    pub const fn lifelike() -> Self {
        Self { delay_ms: 50..=400, failure_rate: 0.02, fails_at: None }
    }

    /// The same, but this share of its operations fails: from 0 to 1.
    #[must_use]
    pub const fn failing(self, failure_rate: f64) -> Self {
        Self { failure_rate, ..self }
    }

    /// It takes no time, and only what the template `broken` asks for fails: for tests.
    pub const fn instant() -> Self {
        Self { delay_ms: 0..=0, failure_rate: 0.0, fails_at: None }
    }

    /// The same, but the world ends at this step: for tests of what happens then.
    pub const fn failing_at(self, step: Step) -> Self {
        Self { fails_at: Some(step), ..self }
    }

    async fn operate(&self) -> Result<(), HypervisorError> {
        let delay = rand::random_range(self.delay_ms.clone());
        tokio::time::sleep(Duration::from_millis(delay)).await;
        if rand::random_bool(self.failure_rate) {
            return Err(HypervisorError::new("the host does not answer"));
        }
        Ok(())
    }
}

#[async_trait]
impl Hypervisor for Simulated {
    fn name(&self) -> &'static str {
        "simulated"
    }

    async fn make(&self, _: &Vm) -> Result<(), HypervisorError> {
        self.operate().await
    }

    async fn start(&self, vm: &Vm) -> Result<(), HypervisorError> {
        self.operate().await?;
        if vm.template == Template::Broken {
            return Err(HypervisorError::new("the image does not boot"));
        }
        Ok(())
    }

    async fn stop(&self, _: &VmId) -> Result<(), HypervisorError> {
        self.operate().await
    }

    async fn destroy(&self, _: &VmId) -> Result<(), HypervisorError> {
        self.operate().await
    }

    fn runs(&self, _: &VmId) -> bool {
        true
    }

    fn reach(&self, _: &Vm) -> Reach {
        Reach::Here
    }

    fn interrupt(&self, step: Step) -> Result<(), HypervisorError> {
        if self.fails_at == Some(step) { Err(HypervisorError::new("told to fail here")) } else { Ok(()) }
    }
}
