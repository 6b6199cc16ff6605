//! Guests: processes with a serial console, each of them one machine.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::process::{ChildStdout, Command};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::HypervisorError;
use super::console::Console;
use crate::process::Process;
use crate::vm::VmId;

/// How long a guest that is asked to end may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A guest that is not yet known to have booted.
#[derive(Debug)]
pub(super) struct Booting {
    process: Process,
    console: Console<ChildStdout>,
    begun: tokio::time::Instant,
}

impl Booting {
    /// Starts the process. What it says itself goes into the file `said`, what its guest says to the console.
    pub(super) fn start(mut command: Command, said: &Path) -> io::Result<Self> {
        command.stdout(Stdio::piped()).stderr(File::create(said)?);
        let mut process = Process::start(command)?;
        let console = Console::new(process.output().expect("it is piped"));
        Ok(Self { process, console, begun: tokio::time::Instant::now() })
    }

    /// Waits until the guest says something on its console, and for `deadline` at most.
    pub(super) async fn booted(mut self, deadline: Duration, said: &Path) -> Result<Self, HypervisorError> {
        match timeout(deadline, self.console.sign_of_life()).await {
            Ok(Ok(Some(line))) => {
                let boot_ms = self.begun.elapsed().as_millis();
                tracing::debug!(console = line, boot_ms, "the guest has booted");
                Ok(self)
            }
            Ok(Ok(None)) => {
                Err(HypervisorError::because("the machine ended before it had booted", self.ended(said).await))
            }
            Ok(Err(error)) => Err(HypervisorError::because("the machine's console broke", error)),
            Err(_) => {
                let said = format!("the machine has not booted after {} s", deadline.as_secs_f64());
                Err(HypervisorError::because(said, self.console.word()))
            }
        }
    }

    /// How the process ended: its own last words, or else its guest's.
    pub(super) async fn ended(&mut self, said: &Path) -> String {
        let status = self.process.wait().await.map_or_else(|error| error.to_string(), |status| status.to_string());
        let own = std::fs::read_to_string(said).unwrap_or_default();
        let last = own.lines().last().unwrap_or(self.console.word());
        format!("{status}: {last}")
    }
}

/// The guests that run.
#[derive(Debug, Default)]
pub(super) struct Guests(Mutex<HashMap<VmId, Guest>>);

#[derive(Debug)]
struct Guest {
    stop: oneshot::Sender<Duration>,
    attendant: JoinHandle<()>,
}

impl Guests {
    /// Whether the machine runs.
    pub(super) fn run(&self, id: &VmId) -> bool {
        self.all().get(id).is_some_and(|guest| !guest.attendant.is_finished())
    }

    /// Keeps a guest running until it is stopped, or all are dropped.
    pub(super) fn keep(&self, id: &VmId, guest: Booting) {
        let (stop, stopped) = oneshot::channel();
        let attendant = tokio::spawn(attend(id.clone(), guest, stopped));
        self.all().insert(id.clone(), Guest { stop, attendant });
    }

    /// Ends the machine, if it runs and does not end by itself within `grace`.
    pub(super) async fn stop(&self, id: &VmId, grace: Duration) {
        let Some(guest) = self.all().remove(id) else { return };
        // An error means that it has ended by itself.
        let _ = guest.stop.send(grace);
        let _ = guest.attendant.await;
    }

    /// Ends all of them.
    pub(super) async fn stop_all(&self) {
        futures_util::future::join_all(self.ids().iter().map(|id| self.stop(id, Duration::ZERO))).await;
    }

    pub(super) fn ids(&self) -> Vec<VmId> {
        self.all().keys().cloned().collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<VmId, Guest>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what the guest says until it ends, by itself or because it is asked to. In no request's context: a machine lives longer.
async fn attend(vm_id: VmId, guest: Booting, stopped: oneshot::Receiver<Duration>) {
    let Booting { process, mut console, .. } = guest;
    let grace = tokio::select! {
        _ = console.drain() => {
            tracing::warn!(%vm_id, console = console.word(), "the machine ended by itself");
            Duration::ZERO
        }
        // None where all guests are dropped.
        grace = stopped => grace.unwrap_or_default(),
    };
    // Its console ends with it.
    let _ = timeout(grace, console.drain()).await;
    if let Err(error) = process.end(PATIENCE).await {
        tracing::error!(%vm_id, %error, "the machine's process is lost");
    }
}
