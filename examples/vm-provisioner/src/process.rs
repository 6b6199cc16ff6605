//! A program that we run: it never outlives us, nor does what it starts.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio::time::timeout;

/// Lets the kernel end a program when we are gone, however that was: util-linux has it.
const LEASH: &str = "setpriv";

/// A program of the `PATH`, or of this very path; none where there is no such file.
pub fn find(program: impl AsRef<OsStr>) -> Option<PathBuf> {
    let program = Path::new(program.as_ref());
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// A command that runs this program on our leash, with nothing to read. Its output goes nowhere until the caller says where.
///
/// The leash is held by the thread that starts the program, so it must be one that stays: those of the runtime do.
pub fn command(program: impl Into<OsString>) -> Command {
    let program = program.into();
    let mut command = match find(LEASH) {
        Some(leash) => {
            let mut command = Command::new(leash);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// A program that runs. Where this is dropped, it is killed, and whatever it has started with it.
pub struct Process {
    child: Child,
    /// It leads a group of its own, whose number is its own.
    group: Option<Pid>,
}

impl Process {
    /// Starts it.
    pub fn start(mut command: Command) -> io::Result<Self> {
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Self { child, group })
    }

    /// What it writes, where the command says that this is piped; once.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// What it writes beside, in the same way.
    pub fn errors(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks it to end, and kills it where it has not after this time.
    pub async fn end(mut self, patience: Duration) -> io::Result<ExitStatus> {
        self.signal(Signal::TERM);
        if let Ok(ended) = timeout(patience, self.child.wait()).await {
            return ended;
        }
        self.signal(Signal::KILL);
        self.child.wait().await
    }

    /// Not where its end was waited for: the number may be somebody else's by now.
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group.filter(|_| self.child.id().is_some()) {
            // An error means that it has just ended.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("id", &self.child.id()).finish()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, BufReader, Lines};

    use super::*;

    /// A shell that starts a program of its own, says so, and goes on for long.
    fn shell(script: &str) -> (Process, Lines<BufReader<ChildStdout>>) {
        let mut command = command("sh");
        command.args(["-c", script]).stdout(Stdio::piped());
        let mut process = Process::start(command).unwrap();
        let lines = BufReader::new(process.output().unwrap()).lines();
        (process, lines)
    }

    /// The pipe ends once the last of those that hold it has ended.
    async fn ended(mut lines: Lines<BufReader<ChildStdout>>) {
        let end = timeout(Duration::from_secs(10), lines.next_line()).await;
        assert_eq!(end.expect("somebody still holds the pipe").unwrap(), None);
    }

    #[tokio::test]
    async fn what_is_dropped_is_killed_with_all_that_it_has_started() {
        let (process, mut lines) = shell("sleep 600 & echo started; wait");
        assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("started"));
        drop(process);
        ended(lines).await;
    }

    #[tokio::test]
    async fn what_does_not_end_when_asked_is_killed() {
        let (process, mut lines) = shell("trap '' TERM; echo deaf; while :; do sleep 600; done");
        lines.next_line().await.unwrap();
        let status = process.end(Duration::from_millis(50)).await.unwrap();
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(Signal::KILL.as_raw()));
        ended(lines).await;
    }

    #[test]
    fn programs_are_found() {
        assert!(find("sh").is_some_and(|path| path.is_absolute()));
        assert!(
            find("/bin/sh").is_some() && find("/bin/no-such-program").is_none() && find("no-such-program").is_none()
        );
    }
}
