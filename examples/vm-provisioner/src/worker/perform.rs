//! The steps of each job, and what is left behind when one of them fails.

use std::sync::Arc;
use std::time::Duration;

use cupola::record::{Performance, Thresholds};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::attempt::ATTEMPTS;
use super::crash::CrashAt;
use super::failure::{Cause, Failure};
use super::{Job, Work};
use crate::ansible::{Ansible, AnsibleError, Guest, TaskEnd};
use crate::hypervisor::Hypervisor;
use crate::secret::Secret;
use crate::store::{Store, StoreError};
use crate::vm::{Step, Vm, VmId, VmState};

/// A hypervisor takes a tenth of a second as a rule.
const USUAL: Thresholds = Thresholds::millis(100, 500, 5_000);
/// How long it waits for a store that has failed, when there is nothing left to do but to write that down.
const PAUSE: Duration = Duration::from_secs(1);

/// Does jobs. Each step may be done twice: nobody knows how far a worker came that was lost.
#[derive(Debug)]
pub struct Performer {
    /// The machines.
    pub store: Store,
    /// What makes and runs them.
    pub hypervisor: Arc<dyn Hypervisor>,
    /// What configures new ones, if anything does.
    pub ansible: Option<Ansible>,
    /// After which step the process ends: for tests.
    pub crash_at: CrashAt,
}

impl Performer {
    /// Does the job to its end.
    pub(super) async fn perform(&self, job: &Job, attempt: usize) -> Result<(), Failure> {
        self.crash_at.after(Step::Queued);
        let (begun, vm_id) = (Instant::now(), &job.vm_id);
        let Some(vm) = self.take_up(job, attempt).await? else { return Ok(()) };
        match job.work {
            Work::Provision => self.provision(vm_id).await,
            Work::Start => self.start(&vm).await,
            Work::Stop => self.stop(&vm).await,
            Work::Destroy => self.destroy(&vm).await,
        }?;
        self.crash_at.after(Step::Done);
        Performance::new(job.work.operation(), begun.elapsed()).thresholds(USUAL).emit();
        Ok(())
    }

    /// Every job's first step: its machine is in the midst of it from now on. None where nothing is left to do.
    async fn take_up(&self, job: &Job, attempt: usize) -> Result<Option<Vm>, Failure> {
        let (vm_id, work) = (&job.vm_id, job.work);
        let taken = self.store.take_up(vm_id, work.states(), work.through());
        let Some((vm, step)) = self.step(Step::RecordLoaded, vm_id, taken).await? else {
            tracing::warn!(%vm_id, "nothing is left to do");
            return Ok(None);
        };
        // Not every queue counts workers that were lost.
        if attempt > 1 || step != Step::Queued {
            tracing::warn!(%vm_id, attempt, step = step.as_str(), "taken up again");
        }
        if attempt > ATTEMPTS {
            return Err(Failure { step, cause: Cause::WorkersLost });
        }
        Ok(Some(vm))
    }

    async fn provision(&self, vm_id: &VmId) -> Result<(), Failure> {
        let vm = self.step(Step::AddressAllocated, vm_id, self.allocate(vm_id)).await?;
        self.part(&vm, Step::MachineProvisioned, self.hypervisor.make(&vm)).await?;
        let vm = self.part(&vm, Step::MachineStarted, self.hypervisor.start(&vm)).await?;
        if let Some(ansible) = &self.ansible {
            self.part(&vm, Step::MachineConfigured, self.configure(ansible, &vm)).await?;
        }
        self.settle(vm_id, VmState::Running).await
    }

    async fn configure(&self, ansible: &Ansible, vm: &Vm) -> Result<(), Cause> {
        let password = self.store.admin_password(&vm.id).await?;
        let (ended, tasks) = mpsc::unbounded_channel();
        let configured = self.run_playbook(ansible, vm, password.as_ref(), ended);
        let (configured, ()) = tokio::join!(configured, self.tell_tasks(vm, tasks));
        Ok(configured?)
    }

    async fn run_playbook(
        &self,
        ansible: &Ansible,
        vm: &Vm,
        admin_password: Option<&Secret>,
        ended: mpsc::UnboundedSender<TaskEnd>,
    ) -> Result<(), AnsibleError> {
        let guest = Guest { vm, reach: self.hypervisor.reach(vm), admin_password };
        ansible.configure(&guest, |end| drop(ended.send(end.clone()))).await.map(drop)
    }

    async fn tell_tasks(&self, vm: &Vm, mut tasks: mpsc::UnboundedReceiver<TaskEnd>) {
        while let Some(end) = tasks.recv().await {
            if let Err(error) = self.store.tell_task(vm, &end).await {
                tracing::warn!(%error, "who watches is not told of a task");
            }
        }
    }

    async fn start(&self, vm: &Vm) -> Result<(), Failure> {
        self.part(vm, Step::MachineStarted, self.hypervisor.start(vm)).await?;
        self.settle(&vm.id, VmState::Running).await
    }

    async fn stop(&self, vm: &Vm) -> Result<(), Failure> {
        self.part(vm, Step::MachineStopped, self.hypervisor.stop(&vm.id)).await?;
        self.settle(&vm.id, VmState::Stopped).await
    }

    /// The record goes last: as long as there is a machine, there is a record of it.
    async fn destroy(&self, vm: &Vm) -> Result<(), Failure> {
        self.part(vm, Step::MachineDestroyed, self.hypervisor.destroy(&vm.id)).await?;
        self.step(Step::StatusUpdated, &vm.id, self.store.remove(&vm.id)).await?;
        Ok(())
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

    /// Does one step, and writes its line.
    async fn step<T, E: Into<Cause>>(
        &self,
        step: Step,
        vm_id: &VmId,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        let begun = Instant::now();
        let failed = |cause: Cause| Failure { step, cause };
        self.hypervisor.interrupt(step).map_err(|error| failed(error.into()))?;
        let done = work.await.map_err(|error| failed(error.into()))?;
        tracing::info!(step = step.as_str(), %vm_id, duration_ms = millis(begun.elapsed()), "{}", step.said());
        self.crash_at.after(step);
        Ok(done)
    }

    /// There is to be no other attempt: the machine is failed, and its address is free for another once what is left of the
    /// machine is gone.
    pub(super) async fn give_up(&self, vm_id: &VmId, failure: Failure) {
        let Failure { step, cause } = failure;
        let left_behind = self.hypervisor.destroy(vm_id).await.err().map(|error| error.to_string());
        let ip_released = self.fail(vm_id, step, &cause.to_string()).await;
        let (step, reason) = (step.as_str(), cause.reason());
        tracing::error!(step, %vm_id, error = %cause, reason, ip_released, left_behind, "machine failed");
    }

    /// Writes that the machine has failed, and tells whether it had an address. Where the store has failed too it waits: should the
    /// process end meanwhile, the job is taken up by another, which comes here again.
    async fn fail(&self, vm_id: &VmId, step: Step, cause: &str) -> bool {
        loop {
            match self.store.fail(vm_id, step, cause).await {
                Ok((_, released)) => return released,
                Err(StoreError::NotFound) => return false,
                Err(error) => tracing::error!(%vm_id, %error, "the machine's failure is not written yet"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Milliseconds to the microsecond.
fn millis(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
