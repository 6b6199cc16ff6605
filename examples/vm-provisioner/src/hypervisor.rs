//! What makes machines and runs them: simulated, or real ones by QEMU or Firecracker.
//!
//! ```
//! use vm_provisioner::hypervisor::{Hypervisor, Simulated};
//!
//! let hypervisor = Simulated::instant();
//! assert_eq!(hypervisor.name(), "simulated");
//! ```

mod choice;
mod console;
mod firecracker;
mod guest;
mod qemu;
mod simulated;

pub use choice::{Choice, Options};
pub use firecracker::{Firecracker, Image};
pub use qemu::Qemu;
pub use simulated::Simulated;

use std::fmt::{self, Debug};
use std::io;
use std::net::IpAddr;
use std::path::Path;

use async_trait::async_trait;

use crate::vm::{Step, Vm, VmId};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Makes machines, runs them, and takes them away.
///
/// A job may be done twice, where nobody knows whether it was done: making what is made, starting what runs, stopping or
/// destroying what does not run are no failures.
#[async_trait]
pub trait Hypervisor: Debug + Send + Sync + 'static {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Prepares what the machine needs to run.
    async fn make(&self, vm: &Vm) -> Result<(), HypervisorError>;

    /// Runs it, and waits until it has booted.
    async fn start(&self, vm: &Vm) -> Result<(), HypervisorError>;

    /// Ends it; what it needs to run stays.
    async fn stop(&self, id: &VmId) -> Result<(), HypervisorError>;

    /// Ends it, and takes away what it needs to run.
    async fn destroy(&self, id: &VmId) -> Result<(), HypervisorError>;

    /// Whether a machine that was running still does.
    fn runs(&self, id: &VmId) -> bool;

    /// How a machine that runs is reached, to configure it.
    fn reach(&self, vm: &Vm) -> Reach {
        vm.address.map_or(Reach::Here, |address| Reach::Ssh(address.into(), 22))
    }

    /// Ends every machine that would not outlive this process well.
    async fn shut_down(&self) {}

    /// Fails before this step, where it was told to: for tests.
    fn interrupt(&self, _: Step) -> Result<(), HypervisorError> {
        Ok(())
    }
}

/// How a machine is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// There is no machine but this host.
    Here,
    /// By SSH at this address and port.
    Ssh(IpAddr, u16),
}

/// Removes a machine's folder, if it has one.
async fn remove(folder: &Path) -> Result<(), HypervisorError> {
    match tokio::fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(HypervisorError::because("the machine's folder cannot be removed", error))
        }
        _ => Ok(()),
    }
}

/// Why the hypervisor did not do it. Its text is for the machine's owner, its source for the log.
#[derive(Debug)]
pub struct HypervisorError {
    said: String,
    source: Option<BoxError>,
}

impl HypervisorError {
    fn new(said: impl Into<String>) -> Self {
        Self { said: said.into(), source: None }
    }

    /// The same, with what is behind it.
    fn because(said: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self { said: said.into(), source: Some(source.into()) }
    }
}

impl fmt::Display for HypervisorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for HypervisorError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
