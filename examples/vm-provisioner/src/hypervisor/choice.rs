//! Which hypervisor the options choose, and whether all its parts are there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;
use clap::{Args, ValueEnum};
use cupola::client::CallLayer;

use super::{Firecracker, Hypervisor, Image, Qemu, Simulated};
use crate::process;

/// The hypervisors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// It only takes its time.
    #[default]
    Simulated,
    /// Firecracker, over its API.
    Firecracker,
    /// QEMU's microvm.
    Qemu,
}

/// The options of hypervisors.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub struct Options {
    /// What makes and runs the machines.
    #[arg(long, env = "HYPERVISOR", value_name = "NAME", value_enum, default_value_t)]
    pub hypervisor: Choice,
    /// Which share of the simulated hypervisor's operations fails, from 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.02, value_parser = share)]
    pub simulated_failures: f64,
    /// Firecracker's binary.
    #[arg(long, env = "FIRECRACKER_BIN", value_name = "PROGRAM", default_value = "firecracker")]
    pub firecracker_bin: PathBuf,
    /// The kernel, not compressed, that Firecracker's machines boot.
    #[arg(long, env = "FIRECRACKER_KERNEL", value_name = "FILE")]
    pub firecracker_kernel: Option<PathBuf>,
    /// What that kernel begins with.
    #[arg(long, env = "FIRECRACKER_INITRD", value_name = "FILE")]
    pub firecracker_initrd: Option<PathBuf>,
    /// The disk that each of Firecracker's machines has a copy of.
    #[arg(long, env = "FIRECRACKER_ROOTFS", value_name = "FILE")]
    pub firecracker_rootfs: Option<PathBuf>,
    /// QEMU's binary.
    #[arg(long, env = "QEMU_BIN", value_name = "PROGRAM", default_value = "qemu-system-x86_64")]
    pub qemu_bin: PathBuf,
    /// The kernel that QEMU's machines boot.
    #[arg(long, env = "QEMU_KERNEL", value_name = "FILE")]
    pub qemu_kernel: Option<PathBuf>,
    /// What that kernel begins with.
    #[arg(long, env = "QEMU_INITRD", value_name = "FILE")]
    pub qemu_initrd: Option<PathBuf>,
    /// By what QEMU runs the code of its machines: `tcg` works everywhere, `kvm` is fast.
    #[arg(long, env = "QEMU_ACCEL", value_name = "NAME", default_value = "tcg")]
    pub qemu_accel: String,
}

impl Options {
    /// The hypervisor, whose machines have what they need in a folder of their own in `data`. Calls of
    /// its API are told as `calls` says.
    ///
    /// # Errors
    /// Where parts are not there: all that are missing are named at once.
    pub fn prepare(&self, data: &Path, calls: CallLayer) -> anyhow::Result<Arc<dyn Hypervisor>> {
        let folder = data.join("machines");
        Ok(match self.hypervisor {
            Choice::Simulated => Arc::new(Simulated::lifelike().failing(self.simulated_failures)),
            Choice::Firecracker => Arc::new(self.firecracker(folder, calls)?),
            Choice::Qemu => Arc::new(self.qemu(folder)?),
        })
    }

    fn firecracker(&self, folder: PathBuf, calls: CallLayer) -> anyhow::Result<Firecracker> {
        let mut parts = Parts::of("firecracker");
        let binary = parts.program(&self.firecracker_bin, "--firecracker-bin", "FIRECRACKER_BIN");
        let kernel = self.firecracker_kernel.as_deref();
        let kernel = parts.file(kernel, "a kernel", "--firecracker-kernel", "FIRECRACKER_KERNEL");
        let mut optional = |file: &Option<PathBuf>, what, option, variable| {
            file.as_deref().map(|file| parts.file(Some(file), what, option, variable))
        };
        let initrd = optional(&self.firecracker_initrd, "an initrd", "--firecracker-initrd", "FIRECRACKER_INITRD");
        let rootfs = optional(&self.firecracker_rootfs, "a disk", "--firecracker-rootfs", "FIRECRACKER_ROOTFS");
        parts.all_there()?;
        Ok(Firecracker::new(binary, Image { kernel, initrd, rootfs }, std::path::absolute(folder)?, calls))
    }

    fn qemu(&self, folder: PathBuf) -> anyhow::Result<Qemu> {
        let mut parts = Parts::of("qemu");
        let binary = parts.program(&self.qemu_bin, "--qemu-bin", "QEMU_BIN");
        let kernel = parts.file(self.qemu_kernel.as_deref(), "a kernel", "--qemu-kernel", "QEMU_KERNEL");
        let initrd = parts.file(self.qemu_initrd.as_deref(), "an initrd", "--qemu-initrd", "QEMU_INITRD");
        parts.all_there()?;
        Ok(Qemu::new(binary, kernel, initrd, folder).accelerator(&self.qemu_accel))
    }
}

fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "accepted: a number from 0 to 1".to_owned())
}

/// Looks for the parts of a hypervisor, and notes what is missing.
struct Parts {
    of: &'static str,
    missing: Vec<String>,
}

impl Parts {
    const fn of(hypervisor: &'static str) -> Self {
        Self { of: hypervisor, missing: Vec::new() }
    }

    fn program(&mut self, program: &Path, option: &str, variable: &str) -> PathBuf {
        process::find(program).unwrap_or_else(|| {
            self.missing.push(format!("the program {program:?} (install it, or name it by {option} or {variable})"));
            PathBuf::new()
        })
    }

    fn file(&mut self, file: Option<&Path>, what: &str, option: &str, variable: &str) -> PathBuf {
        match file {
            Some(file) if file.is_file() => return std::path::absolute(file).unwrap_or_else(|_| file.to_owned()),
            Some(file) => self.missing.push(format!("{what} at {file:?}, which {option} or {variable} names")),
            None => self.missing.push(format!("{what} ({option} or {variable} names it)")),
        }
        PathBuf::new()
    }

    fn all_there(self) -> anyhow::Result<()> {
        if self.missing.is_empty() {
            return Ok(());
        }
        bail!("the hypervisor {} lacks {}", self.of, self.missing.join(", and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_missing_is_named_at_once() {
        let options = Options {
            hypervisor: Choice::Qemu,
            qemu_bin: "qemu-of-nowhere".into(),
            qemu_initrd: Some("/nowhere/initrd".into()),
            ..Options::default()
        };
        let said = options.prepare(Path::new("data"), CallLayer::new()).unwrap_err().to_string();
        assert_eq!(
            said,
            "the hypervisor qemu lacks the program \"qemu-of-nowhere\" (install it, or name it by --qemu-bin or QEMU_BIN), \
             and a kernel (--qemu-kernel or QEMU_KERNEL names it), \
             and an initrd at \"/nowhere/initrd\", which --qemu-initrd or QEMU_INITRD names"
        );
    }
}
