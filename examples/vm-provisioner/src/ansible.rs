//! Configures a machine that runs, by a playbook of Ansible's whose tasks are told as they end.
//!
//! ```no_run
//! # async fn example(vm: &vm_provisioner::vm::Vm) -> anyhow::Result<()> {
//! use vm_provisioner::ansible::{Ansible, Guest};
//! use vm_provisioner::hypervisor::Reach;
//!
//! let ansible = Ansible::new("ansible-playbook".into(), "site.yml".into(), "./data".as_ref())?;
//! let guest = Guest { vm, reach: Reach::Here, admin_password: None };
//! let totals = ansible.configure(&guest, |task| println!("{}: {}", task.task, task.status)).await?;
//! println!("{} changed", totals.changed);
//! # Ok(()) }
//! ```

mod choice;
mod error;
mod event;

pub use choice::{Options, Which};
pub use error::AnsibleError;
pub use event::{TaskEnd, TaskStatus, Totals};

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use tokio::process::{ChildStderr, ChildStdout, Command};
use tokio::time::{Instant, timeout};

use crate::hypervisor::Reach;
use crate::lines::Lines;
use crate::process::{self, Process};
use crate::secret::Secret;
use crate::vm::Vm;
use event::Event;

const PLUGIN: &str = include_str!("../ansible/callback_plugins/cupola_lines.py");
const PLAYBOOK: &str = include_str!("../ansible/configure.yml");

/// The longest line of Ansible's that is read as one: an event has two texts in it, and both are bounded.
const LONGEST: u64 = 16 * 1024;
/// Its discovery of an interpreter finds what is first in the `PATH`, which may be a shim that does not run.
const PYTHON: &str = "/usr/bin/python3";

/// A machine that is to be configured.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    /// Which it is.
    pub vm: &'a Vm,
    /// How it is reached.
    pub reach: Reach,
    /// What its administrator's password is to be.
    pub admin_password: Option<&'a Secret>,
}

/// Runs a playbook.
#[derive(Clone, Debug)]
pub struct Ansible {
    program: PathBuf,
    playbook: PathBuf,
    plugins: PathBuf,
    deadline: Duration,
}

impl Ansible {
    /// Runs this playbook with this `ansible-playbook`. In `data` there is a folder for the plugin that tells of tasks.
    pub fn new(program: PathBuf, playbook: PathBuf, data: &Path) -> io::Result<Self> {
        let plugins = folder(data)?;
        fs::write(plugins.join("cupola_lines.py"), PLUGIN)?;
        Ok(Self { program, playbook, plugins, deadline: Duration::from_secs(600) })
    }

    /// The same with the playbook that is part of the binary.
    pub fn with_own_playbook(program: PathBuf, data: &Path) -> io::Result<Self> {
        let playbook = folder(data)?.join("configure.yml");
        fs::write(&playbook, PLAYBOOK)?;
        Self::new(program, playbook, data)
    }

    /// How long a playbook may take.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Runs the playbook to its end; `tell` hears of each task as it ends. Where nobody waits any more, all of it is killed.
    pub async fn configure(&self, guest: &Guest<'_>, tell: impl FnMut(&TaskEnd)) -> Result<Totals, AnsibleError> {
        let begun = Instant::now();
        let run = timeout(self.deadline, self.run(guest, tell)).await;
        let totals = run.unwrap_or(Err(AnsibleError::Deadline(self.deadline)))?;
        let duration_ms = begun.elapsed().as_micros() as f64 / 1000.0;
        let Totals { ok, changed, failed, unreachable, skipped, ignored } = totals;
        tracing::info!(duration_ms, ok, changed, failed, unreachable, skipped, ignored, "playbook ended");
        Ok(totals)
    }

    async fn run(&self, guest: &Guest<'_>, tell: impl FnMut(&TaskEnd)) -> Result<Totals, AnsibleError> {
        let mut process = Process::start(self.command(guest)).map_err(AnsibleError::Start)?;
        let (output, errors) = (process.output().expect("it is piped"), process.errors().expect("it is piped"));
        let (heard, last_words) = tokio::join!(listen(output, tell), last_of(errors));
        let status = process.wait().await.map_err(AnsibleError::Start)?;
        match heard {
            Heard { failure: Some(failure), .. } => Err(failure),
            Heard { totals: Some(totals), .. } if status.success() => Ok(totals),
            _ => Err(AnsibleError::Ended(error::Reason(format!("{status}: {last_words}")))),
        }
    }

    fn command(&self, guest: &Guest<'_>) -> Command {
        let mut command = process::command(&self.program);
        command.arg("--inventory").arg(format!("{},", guest.vm.id));
        command.arg("--extra-vars").arg(variables(guest).to_string()).arg(&self.playbook);
        command.env("ANSIBLE_CALLBACK_PLUGINS", &self.plugins).env("ANSIBLE_STDOUT_CALLBACK", "cupola_lines");
        // A machine that was just made is known to nobody.
        command.env("ANSIBLE_HOST_KEY_CHECKING", "false");
        // Not among the arguments, which every user of this host can see.
        if let Some(password) = guest.admin_password {
            command.env("VM_ADMIN_PASSWORD", password.reveal());
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// The folder in `data` of what Ansible reads.
fn folder(data: &Path) -> io::Result<PathBuf> {
    let folder = std::path::absolute(data.join("ansible"))?;
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// What playbooks know of the machine.
fn variables(guest: &Guest<'_>) -> serde_json::Value {
    let Guest { vm, reach, .. } = guest;
    let mut variables = json!({
        "vm_id": vm.id, "vm_name": vm.name, "vm_template": vm.template, "vm_size": vm.size, "vm_address": vm.address,
    });
    match reach {
        Reach::Here => {
            variables["vm_reach"] = json!("here");
            variables["ansible_connection"] = json!("local");
            if Path::new(PYTHON).exists() {
                variables["ansible_python_interpreter"] = json!(PYTHON);
            }
        }
        Reach::Ssh(address, port) => {
            variables["vm_reach"] = json!("ssh");
            variables["ansible_host"] = json!(address);
            variables["ansible_port"] = json!(port);
        }
    }
    variables
}

/// What a playbook has told.
#[derive(Default)]
struct Heard {
    totals: Option<Totals>,
    /// The first task that failed, and was not allowed to.
    failure: Option<AnsibleError>,
}

async fn listen(output: ChildStdout, mut tell: impl FnMut(&TaskEnd)) -> Heard {
    let (mut lines, mut heard) = (Lines::new(output, LONGEST), Heard::default());
    while let Ok(Some(line)) = lines.next().await {
        match Event::read(&line) {
            Some(Event::Ended(end)) => {
                say(&end);
                tell(&end);
                heard.failure = heard.failure.or_else(|| AnsibleError::of(&end));
            }
            Some(Event::Stats(totals)) => heard.totals = Some(totals),
            Some(Event::Start) => {}
            None => tracing::debug!(line, "ansible says"),
        }
    }
    heard
}

fn say(end: &TaskEnd) {
    let TaskEnd { task, host, item, duration_ms, .. } = end;
    let (status, ignored, reason) = (end.status.as_str(), end.is_ignored(), end.reason());
    if end.is_failure() {
        tracing::warn!(task, host, status, item, duration_ms, reason, "task failed");
    } else {
        tracing::info!(task, host, status, item, duration_ms, ignored, reason, "task ended");
    }
}

/// The last line of what it says beside: there it says why it does nothing at all.
async fn last_of(errors: ChildStderr) -> String {
    let (mut lines, mut last) = (Lines::new(errors, LONGEST), String::new());
    while let Ok(Some(line)) = lines.next().await {
        last = line;
    }
    last
}

#[cfg(test)]
mod tests;
