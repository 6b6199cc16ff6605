//! Where what is shown goes: a pager, standard output, a file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::environment::variable;

const BUFFER_BYTES: usize = 256 << 10;

/// An output; [`finish`](Self::finish) waits until the reader has seen enough.
pub(crate) struct Output {
    writer: BufWriter<Box<dyn Write>>,
    pager: Option<Child>,
}

impl Output {
    pub(crate) fn stdout() -> Self {
        Self::new(Box::new(io::stdout().lock()), None)
    }

    pub(crate) fn file(path: &Path) -> io::Result<Self> {
        Ok(Self::new(Box::new(File::create(path)?), None))
    }

    /// Whatever takes it.
    pub(crate) fn memory(writer: Box<dyn Write>) -> Self {
        Self::new(writer, None)
    }

    /// Standard output through `$PAGER`, else `less -R`; straight where there is none.
    pub(crate) fn pager() -> Self {
        let command = variable("PAGER").unwrap_or_else(|| "less".to_owned());
        let mut pager = Command::new("sh");
        // Quits where everything fits on the screen, shows colours, leaves the screen as it is.
        pager
            .args(["-c", &command])
            .stdin(Stdio::piped())
            .env("LESS", variable("LESS").unwrap_or_else(|| "FRX".to_owned()));
        let has_pager = !matches!(command.trim(), "" | "cat") && is_installed(&command);
        let child = if has_pager { pager.spawn().ok() } else { None };
        match child {
            Some(mut child) => match child.stdin.take() {
                Some(stdin) => Self::new(Box::new(stdin), Some(child)),
                None => Self::stdout(),
            },
            None => Self::stdout(),
        }
    }

    fn new(writer: Box<dyn Write>, pager: Option<Child>) -> Self {
        Self { writer: BufWriter::with_capacity(BUFFER_BYTES, writer), pager }
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        let Self { mut writer, pager } = self;
        let flushed = writer.flush();
        // What could not be written is not tried again.
        drop(writer.into_parts());
        if let Some(mut pager) = pager {
            pager.wait()?;
        }
        flushed
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Whether a command's program is there; without it there would be an error instead of lines.
fn is_installed(command: &str) -> bool {
    let Some(program) = command.split_whitespace().next() else { return false };
    if program.contains('/') {
        return Path::new(program).exists();
    }
    let folders = variable("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}
