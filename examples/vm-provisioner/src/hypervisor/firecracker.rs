//! Firecracker: a process for each machine, told over its API what to boot.

mod api;
mod socket;

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use cupola::client::CallLayer;
use serde_json::json;
use tokio::process::Command;
use tokio::time::{sleep, timeout};

use super::guest::{Booting, Guests};
use super::{Hypervisor, HypervisorError};
use crate::process;
use crate::vm::{Template, Vm, VmId};
use api::Api;

/// What the kernel is told, as Firecracker's own guide has it.
const KERNEL_SAYS: &str = "console=ttyS0 reboot=k panic=1 pci=off quiet";
/// How long a process may take until it answers.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// How long a guest that is asked to shut down may take.
const GRACE: Duration = Duration::from_secs(5);

/// What machines boot.
#[derive(Clone, Debug)]
pub struct Image {
    /// An uncompressed kernel.
    pub kernel: PathBuf,
    /// What the kernel begins with.
    pub initrd: Option<PathBuf>,
    /// The disk that each machine has a copy of.
    pub rootfs: Option<PathBuf>,
}

/// Machines by Firecracker.
#[derive(Debug)]
pub struct Firecracker {
    binary: PathBuf,
    image: Image,
    /// A folder with one for each machine.
    folder: PathBuf,
    calls: CallLayer,
    deadline: Duration,
    guests: Guests,
}

impl Firecracker {
    /// Machines that boot this image, with what they need in this folder. Each call of the API is told as `calls` says.
    pub fn new(binary: PathBuf, image: Image, folder: PathBuf, calls: CallLayer) -> Self {
        let (calls, deadline) = (calls.dependency("firecracker"), Duration::from_secs(60));
        Self { binary, image, folder, calls, deadline, guests: Guests::default() }
    }

    /// How long a machine may take to boot.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    fn folder_of(&self, id: &VmId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    fn socket_of(&self, id: &VmId) -> PathBuf {
        self.folder_of(id).join("api.sock")
    }

    fn api(&self, id: &VmId) -> Api {
        Api::new(&self.calls, self.socket_of(id))
    }

    /// Its own log goes into a file: what is left on its output is the guest's console.
    fn command(&self, vm: &Vm, log: &Path) -> Command {
        let mut command = process::command(&self.binary);
        command.arg("--api-sock").arg(self.socket_of(&vm.id)).args(["--id", vm.id.as_str()]).arg("--log-path").arg(log);
        command
    }

    /// Starts the process, and waits until it answers.
    async fn launch(&self, vm: &Vm, log: &Path, said: &Path) -> Result<Booting, HypervisorError> {
        let socket = self.socket_of(&vm.id);
        // One that an earlier process left behind would answer for nobody, and the new process does not take it.
        let _ = std::fs::remove_file(&socket);
        std::fs::File::create(log).map_err(does_not_start)?;
        let mut booting = Booting::start(self.command(vm, log), said).map_err(does_not_start)?;
        let answers = async {
            while tokio::net::UnixStream::connect(&socket).await.is_err() {
                sleep(Duration::from_millis(10)).await
            }
        };
        tokio::select! {
            answered = timeout(ANSWERS_WITHIN, answers) => {
                answered.map_err(|_| HypervisorError::new("the machine's process does not answer"))?;
                Ok(booting)
            }
            ended = booting.ended(said) => Err(does_not_start(ended)),
        }
    }

    async fn configure(&self, vm: &Vm, api: &Api) -> Result<(), HypervisorError> {
        let (cpus, memory) = (vm.size.cpus(), vm.size.memory_mib());
        api.put("/machine-config", json!({ "vcpu_count": cpus, "mem_size_mib": memory })).await?;
        // Without any disk the kernel finds nothing to begin with, and panics.
        let whole = vm.template != Template::Broken;
        let mut source = json!({ "kernel_image_path": self.image.kernel, "boot_args": KERNEL_SAYS });
        if let Some(initrd) = self.image.initrd.as_ref().filter(|_| whole) {
            source["initrd_path"] = json!(initrd);
        }
        api.put("/boot-source", source).await?;
        if self.image.rootfs.is_some() && whole {
            let disk = self.disk_of(&vm.id);
            let drive =
                json!({ "drive_id": "rootfs", "path_on_host": disk, "is_root_device": true, "is_read_only": false });
            api.put_at("/drives/rootfs", "/drives/{drive_id}", drive).await?;
        }
        api.put("/actions", json!({ "action_type": "InstanceStart" })).await
    }

    fn disk_of(&self, id: &VmId) -> PathBuf {
        self.folder_of(id).join("rootfs")
    }

    async fn stop_gently(&self, id: &VmId) {
        if self.guests.run(id) {
            let asked = self.api(id).put("/actions", json!({ "action_type": "SendCtrlAltDel" })).await;
            self.guests.stop(id, if asked.is_ok() { GRACE } else { Duration::ZERO }).await;
        }
    }
}

fn does_not_start(why: impl Into<super::BoxError>) -> HypervisorError {
    HypervisorError::because("the machine's process does not start", why)
}

#[async_trait]
impl Hypervisor for Firecracker {
    fn name(&self) -> &'static str {
        "firecracker"
    }

    async fn make(&self, vm: &Vm) -> Result<(), HypervisorError> {
        let made = async {
            tokio::fs::create_dir_all(self.folder_of(&vm.id)).await?;
            let disk = self.disk_of(&vm.id);
            match &self.image.rootfs {
                Some(rootfs) if !disk.exists() => tokio::fs::copy(rootfs, disk).await.map(drop),
                _ => Ok(()),
            }
        };
        made.await
            .map_err(|error: std::io::Error| HypervisorError::because("the machine's files cannot be made", error))
    }

    async fn start(&self, vm: &Vm) -> Result<(), HypervisorError> {
        if self.guests.run(&vm.id) {
            return Ok(());
        }
        let (folder, api) = (self.folder_of(&vm.id), self.api(&vm.id));
        let said = folder.join("firecracker.said");
        let booting = self.launch(vm, &folder.join("firecracker.log"), &said).await?;
        self.configure(vm, &api).await?;
        let booted = booting.booted(self.deadline, &said).await?;
        match api.state().await?.as_str() {
            "Running" => self.guests.keep(&vm.id, booted),
            state => return Err(HypervisorError::because("the machine does not run", state)),
        }
        Ok(())
    }

    async fn stop(&self, id: &VmId) -> Result<(), HypervisorError> {
        self.stop_gently(id).await;
        Ok(())
    }

    async fn destroy(&self, id: &VmId) -> Result<(), HypervisorError> {
        // What is on its disk is to go: there is nothing to be gentle with.
        self.guests.stop(id, Duration::ZERO).await;
        super::remove(&self.folder_of(id)).await
    }

    fn runs(&self, id: &VmId) -> bool {
        self.guests.run(id)
    }

    async fn shut_down(&self) {
        let ids = self.guests.ids();
        futures_util::future::join_all(ids.iter().map(|id| self.stop_gently(id))).await;
    }
}
