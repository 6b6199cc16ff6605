//! The steps of each job, and what is left behind when one of them fails.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cupola::record::{Performance, Thresholds};
use tokio::time::Instant;

use super::{Job, Work};
use crate::ansible::{Ansible, AnsibleError, Guest};
use crate::hypervisor::{Hypervisor, HypervisorError};
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
    pub(super) hypervisor: Arc<dyn Hypervisor>,
    pub(super) ansible: Option<Ansible>,
}

impl Performer {
    /// Does the job to its end; a machine whose job fails is failed, and its address is free again.
    pub(super) async fn perform(&self, job: Job) {
        let begun = Instant::now();
        let (vm_id, operation) = (&job.vm_id, job.work.operation());
        let result = match job.work {
            Work::Provision { admin_password } => self.provision(vm_id, admin_password.as_ref()).await,
            Work::Start => self.start(vm_id).await,
            Work::Stop => self.stop(vm_id).await,
            Work::Destroy => self.destroy(vm_id).await,
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
        self.load(vm_id, VmState::Provisioning).await?;
        let vm = self.step(Step::AddressAllocated, vm_id, self.allocate(vm_id)).await?;
        self.part(&vm, Step::MachineProvisioned, self.hypervisor.make(&vm)).await?;
        let vm = self.part(&vm, Step::MachineStarted, self.hypervisor.start(&vm)).await?;
        if let Some(ansible) = &self.ansible {
            self.part(&vm, Step::MachineConfigured, self.configure(ansible, &vm, password)).await?;
        }
        self.settle(vm_id, VmState::Running).await
    }

    async fn configure(&self, ansible: &Ansible, vm: &Vm, password: Option<&Secret>) -> Result<(), AnsibleError> {
        let guest = Guest { vm, reach: self.hypervisor.reach(vm), admin_password: password };
        ansible.configure(&guest, |end| self.news.tell_task(vm, end)).await.map(drop)
    }

    async fn start(&self, vm_id: &VmId) -> Result<(), Failure> {
        let vm = self.load(vm_id, VmState::Starting).await?;
        self.part(&vm, Step::MachineStarted, self.hypervisor.start(&vm)).await?;
        self.settle(vm_id, VmState::Running).await
    }

    async fn stop(&self, vm_id: &VmId) -> Result<(), Failure> {
        let vm = self.load(vm_id, VmState::Stopping).await?;
        self.part(&vm, Step::MachineStopped, self.hypervisor.stop(vm_id)).await?;
        self.settle(vm_id, VmState::Stopped).await
    }

    /// The record goes last: as long as there is a machine, there is a record of it.
    async fn destroy(&self, vm_id: &VmId) -> Result<(), Failure> {
        let vm = self.load(vm_id, VmState::Deleting).await?;
        self.part(&vm, Step::MachineDestroyed, self.hypervisor.destroy(vm_id)).await?;
        self.step(Step::StatusUpdated, vm_id, self.store.remove(vm_id)).await?;
        Ok(())
    }

    /// Every job's first step: its machine is in state `through` from now on.
    async fn load(&self, vm_id: &VmId, through: VmState) -> Result<Vm, Failure> {
        self.step(Step::RecordLoaded, vm_id, self.store.advance(vm_id, through, Step::RecordLoaded)).await
    }

    /// The last step of most: its machine is in a state that lasts.
    async fn settle(&self, vm_id: &VmId, to: VmState) -> Result<(), Failure> {
        self.step(Step::StatusUpdated, vm_id, self.store.advance(vm_id, to, Step::Done)).await?;
        Ok(())
    }

    async fn allocate(&self, vm_id: &VmId) -> Result<Vm, StoreError> {
        let (vm, address) = self.store.allocate(vm_id).await?;
        cupola::context::set("vm_ip", address.to_string());
        Ok(vm)
    }

    /// A step that somebody else does, and which is written once it is done.
    async fn part<E: Into<Cause>>(
        &self,
        vm: &Vm,
        step: Step,
        part: impl Future<Output = Result<(), E>>,
    ) -> Result<Vm, Failure> {
        let work = async {
            part.await.map_err(Into::into)?;
            Ok::<_, Cause>(self.store.advance(&vm.id, vm.state, step).await?)
        };
        self.step(step, &vm.id, work).await
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

    /// What is left of the machine goes before its address is free for another.
    async fn fail(&self, vm_id: &VmId, failure: Failure, took: Duration) {
        let Failure { step, cause } = failure;
        let left_behind = self.hypervisor.destroy(vm_id).await.err().map(|error| error.to_string());
        let (written, kept_by) = match self.store.fail(vm_id, step, &cause.to_string()).await {
            Ok(written) => (Some(written), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let ip_released = written.as_ref().map(|(_, released)| *released);
        let (step, duration_ms, reason) = (step.as_str(), millis(took), cause.reason());
        // `kept_by` is why it is not written: the next start does it.
        tracing::error!(step, %vm_id, duration_ms, error = %cause, reason, ip_released, left_behind, kept_by, "job failed");
        // Last of all: who watches sees the end only once everything is done.
        written.iter().for_each(|(vm, _)| self.news.tell(vm));
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
    Ansible(AnsibleError),
}

impl Cause {
    /// What is behind it, for the log only.
    fn reason(&self) -> Option<String> {
        let mut next = match self {
            Self::Store(error) => error.source(),
            Self::Hypervisor(error) => error.source(),
            Self::Ansible(error) => error.source(),
        };
        let mut reasons = Vec::new();
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
