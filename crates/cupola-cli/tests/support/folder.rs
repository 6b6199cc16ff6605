//! A folder of logs, and the command run in it.

#![allow(dead_code, reason = "two test programs share it, and neither needs all")]

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::OpenptFlags;

/// What the command said.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and returns its path.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The command, in this folder and in UTC, with nothing set that it looks at.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cupola"));
        command.args(arguments).current_dir(self.path());
        command.env("TZ", "UTC").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in ["LOG_DIR", "NO_COLOR", "PAGER", "CUPOLA_THEME", "COLUMNS"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Shown {
        Self::shown(&mut self.command(arguments), b"")
    }

    pub(crate) fn run_on(&self, arguments: &[&str], input: &[u8]) -> Shown {
        Self::shown(self.command(arguments).stdin(Stdio::piped()), input)
    }

    pub(crate) fn view(&self, arguments: &[&str]) -> Shown {
        self.run(&[&["view"], arguments].concat())
    }

    pub(crate) fn view_of(&self, arguments: &[&str], input: &[u8]) -> Shown {
        self.run_on(&[&["view"], arguments].concat(), input)
    }

    /// What a command writes to a terminal.
    pub(crate) fn on_terminal(command: &mut Command) -> String {
        let ours = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        rustix::pty::grantpt(&ours).unwrap();
        rustix::pty::unlockpt(&ours).unwrap();
        let name = rustix::pty::ptsname(&ours, Vec::new()).unwrap();
        let theirs = fs::File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let mut child = command.env("TERM", "xterm").stdout(theirs.try_clone().unwrap()).spawn().unwrap();
        // Once nobody has the other end any more, reading ends with an error.
        command.stdout(Stdio::null());
        drop(theirs);
        let mut written = Vec::new();
        _ = fs::File::from(ours).read_to_end(&mut written);
        child.wait().unwrap();
        String::from_utf8(written).expect("what is shown is UTF-8")
    }

    pub(crate) fn shown(command: &mut Command, input: &[u8]) -> Shown {
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        _ = writer.join().unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("what is shown is UTF-8");
        Shown { stdout: text(output.stdout), stderr: text(output.stderr), code: output.status.code().unwrap() }
    }
}

/// A line of our own writer, at a time of one day.
pub(crate) fn entry(time: &str, level: &str, rest: &str) -> String {
    let fraction = if time.len() == 8 { ".000000" } else { "" };
    format!(
        "{{\"timestamp\":\"2026-11-21T{time}{fraction}Z\",\"level\":\"{level}\",\"target\":\"app\",\"category\":\"general\",{rest}}}\n"
    )
}
