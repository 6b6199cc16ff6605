//! The steps of each job, and what is left behind when one of them fails.

use std::fmt;
use std::time::Duration;

use cupola::record::{Performance, Thresholds};
use tokio::time::Instant;

use super::hypervisor::HypervisorError;
use super::{Hypervisor, Job, Work};
use crate::progress::News;
use crate::secret::Secret;
use crate::store::{Store, StoreError};
use crate::vm::{Step, Vm, VmId, VmState};

/// A hypervisor takes a tenth of a second as a rule.
const USUAL: Thresholds = Thresholds::millis(100, 500, 5_000);

/// Does jobs.
#[derive(Debug)]
pub(super) struct Performer {
    pub(super) store: Store,
    pub(super) news: News,
    pub(super) hypervisor: Hypervisor,
}

impl Performer {
    /// Does the job to its end; a machine whose job fails is failed, and its address is free again.
    pub(super) async fn perform(&self, job: Job) {
        let begun = Instant::now();
        let (vm_id, operation) = (&job.vm_id, job.work.operation());
        let result = match job.work {
            Work::Provision { admin_password } => self.provision(vm_id, admin_password.as_ref()).await,
            Work::Start => self.switch(vm_id, VmState::Starting, Step::MachineStarted, VmState::Running).await,
            Work::Stop => self.switch(vm_id, VmState::Stopping, Step::MachineStopped, VmState::Stopped).await,
        };
        let took = begun.elapsed();
        match result {
            Ok(()) => {
                say(Step::Done, vm_id, took);
                Performance::new(operation, took).thresholds(USUAL).emit();
            }
            Err(failure) => self.fail(vm_id, failure, took).await,
        }
    }

    async fn provision(&self, vm_id: &VmId, password: Option<&Secret>) -> Result<(), Failure> {
        let (store, state) = (&self.store, VmState::Provisioning);
        let loaded = store.advance(vm_id, state, Step::RecordLoaded);
        let template = self.step(Step::RecordLoaded, vm_id, loaded).await?.template;
        self.step(Step::AddressAllocated, vm_id, self.allocate(vm_id)).await?;
        let made = self.operated(vm_id, state, Step::MachineProvisioned, self.hypervisor.make(template, password));
        self.step(Step::MachineProvisioned, vm_id, made).await?;
        self.step(Step::StatusUpdated, vm_id, store.advance(vm_id, VmState::Running, Step::Done)).await?;
        Ok(())
    }

    /// Starts or stops a machine: on the way it is in state `through`, and then in state `to`.
    async fn switch(&self, vm_id: &VmId, through: VmState, done: Step, to: VmState) -> Result<(), Failure> {
        self.step(Step::RecordLoaded, vm_id, self.store.advance(vm_id, through, Step::RecordLoaded)).await?;
        self.step(done, vm_id, self.operated(vm_id, through, done, self.hypervisor.operate())).await?;
        self.step(Step::StatusUpdated, vm_id, self.store.advance(vm_id, to, Step::Done)).await?;
        Ok(())
    }

    async fn allocate(&self, vm_id: &VmId) -> Result<Vm, StoreError> {
        let (vm, address) = self.store.allocate(vm_id).await?;
        cupola::context::set("vm_ip", address.to_string());
        Ok(vm)
    }

    /// Lets the hypervisor do its part, then writes that it is done.
    async fn operated(
        &self,
        vm_id: &VmId,
        state: VmState,
        done: Step,
        part: impl Future<Output = Result<(), HypervisorError>>,
    ) -> Result<Vm, Cause> {
        part.await?;
        Ok(self.store.advance(vm_id, state, done).await?)
    }

    /// Does one step, tells who watches, and writes its line.
    async fn step<E: Into<Cause>>(
        &self,
        step: Step,
        vm_id: &VmId,
        work: impl Future<Output = Result<Vm, E>>,
    ) -> Result<Vm, Failure> {
        let begun = Instant::now();
        let failed = |cause: Cause| Failure { step, cause };
        self.hypervisor.interrupt(step).map_err(|error| failed(error.into()))?;
        let vm = work.await.map_err(|error| failed(error.into()))?;
        self.news.tell(&vm);
        say(step, vm_id, begun.elapsed());
        Ok(vm)
    }

    async fn fail(&self, vm_id: &VmId, failure: Failure, took: Duration) {
        let Failure { step, cause } = failure;
        let (step_name, duration_ms) = (step.as_str(), millis(took));
        match self.store.fail(vm_id, step, &cause.to_string()).await {
            Ok((vm, ip_released)) => {
                self.news.tell(&vm);
                tracing::error!(step = step_name, %vm_id, duration_ms, error = %cause, ip_released, "job failed");
            }
            Err(error) => {
                tracing::error!(step = step_name, %vm_id, duration_ms, error = %cause, kept_by = %error, "job failed, which is not written: the next start does it");
            }
        }
    }
}

fn say(step: Step, vm_id: &VmId, took: Duration) {
    tracing::info!(step = step.as_str(), %vm_id, duration_ms = millis(took), "{}", step.said());
}

/// Milliseconds to the microsecond.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

/// A step that failed.
#[derive(Debug)]
struct Failure {
    step: Step,
    cause: Cause,
}

/// Who failed.
#[derive(Debug)]
enum Cause {
    Store(StoreError),
    Hypervisor(HypervisorError),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Hypervisor(error) => error.fmt(f),
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
