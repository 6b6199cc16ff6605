//! QEMU's microvm: a process for each machine, whose serial console says when it has booted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use tokio::process::Command;

use super::guest::{Booting, Guests};
use super::{Hypervisor, HypervisorError, Reach};
use crate::process;
use crate::vm::{Template, Vm, VmId};

/// What the kernel is told: where to speak, and to end the machine rather than to stand still after a panic.
const KERNEL_SAYS: &str = "console=ttyS0 reboot=t panic=-1 quiet";

/// Machines by QEMU.
///
/// Every template boots the same kernel: what tells them apart is a matter of their disks, which these machines do not have.
#[derive(Debug)]
pub struct Qemu {
    binary: PathBuf,
    kernel: PathBuf,
    initrd: PathBuf,
    accelerator: String,
    /// A folder with one for each machine.
    folder: PathBuf,
    deadline: Duration,
    guests: Guests,
}

impl Qemu {
    /// Machines that boot this kernel and initrd, with what they need in this folder.
    pub fn new(binary: PathBuf, kernel: PathBuf, initrd: PathBuf, folder: PathBuf) -> Self {
        let (accelerator, deadline) = ("tcg".to_owned(), Duration::from_secs(60));
        Self { binary, kernel, initrd, accelerator, folder, deadline, guests: Guests::default() }
    }

    /// By what QEMU runs the guest's code: `tcg` works everywhere, `kvm` is fast.
    #[must_use]
    pub fn accelerator(self, accelerator: impl Into<String>) -> Self {
        Self { accelerator: accelerator.into(), ..self }
    }

    /// How long a machine may take to boot.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    fn folder_of(&self, id: &VmId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    fn command(&self, vm: &Vm) -> Command {
        let mut command = process::command(&self.binary);
        command.args(["-M", "microvm,acpi=off", "-accel", &self.accelerator, "-cpu", "max"]);
        command.args(["-smp", &vm.size.cpus().to_string(), "-m", &vm.size.memory_mib().to_string()]);
        command.args(["-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"]);
        command.args(["-name", vm.id.as_str(), "-append", KERNEL_SAYS]).arg("-kernel").arg(&self.kernel);
        // Without one the kernel finds nothing to begin with, and panics.
        if vm.template != Template::Broken {
            command.arg("-initrd").arg(&self.initrd);
        }
        command
    }

    async fn boot(&self, vm: &Vm, said: &Path) -> Result<Booting, HypervisorError> {
        let booting = Booting::start(self.command(vm), said)
            .map_err(|error| HypervisorError::because("the machine's process does not start", error))?;
        booting.booted(self.deadline, said).await
    }
}

#[async_trait]
impl Hypervisor for Qemu {
    fn name(&self) -> &'static str {
        "qemu"
    }

    async fn make(&self, vm: &Vm) -> Result<(), HypervisorError> {
        let made = tokio::fs::create_dir_all(self.folder_of(&vm.id)).await;
        made.map_err(|error| HypervisorError::because("the machine's folder cannot be made", error))
    }

    async fn start(&self, vm: &Vm) -> Result<(), HypervisorError> {
        if self.guests.run(&vm.id) {
            return Ok(());
        }
        let booted = self.boot(vm, &self.folder_of(&vm.id).join("qemu.log")).await?;
        self.guests.keep(&vm.id, booted);
        Ok(())
    }

    async fn stop(&self, id: &VmId) -> Result<(), HypervisorError> {
        self.guests.stop(id, Duration::ZERO).await;
        Ok(())
    }

    async fn destroy(&self, id: &VmId) -> Result<(), HypervisorError> {
        self.guests.stop(id, Duration::ZERO).await;
        super::remove(&self.folder_of(id)).await
    }

    fn runs(&self, id: &VmId) -> bool {
        self.guests.run(id)
    }

    /// Its guest has no network: whoever answers at the address that it was given is somebody else.
    fn reach(&self, _: &Vm) -> Reach {
        Reach::Here
    }

    async fn shut_down(&self) {
        self.guests.stop_all().await;
    }
}
