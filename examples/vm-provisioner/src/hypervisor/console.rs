//! The serial console of a guest.

use std::io;

use tokio::io::AsyncRead;

use crate::lines::Lines;

/// The longest line of a guest's that is read as one.
const LONGEST: u64 = 1024;

/// A console, the last line that was read of it, and that of a panic.
#[derive(Debug)]
pub(super) struct Console<R> {
    lines: Lines<R>,
    last: String,
    panic: Option<String>,
}

impl<R: AsyncRead + Unpin> Console<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { lines: Lines::new(reader, LONGEST), last: String::new(), panic: None }
    }

    /// Reads to the sign that the guest has booted: the first line that its kernel has not written. None where the console
    /// ends before.
    pub(super) async fn sign_of_life(&mut self) -> io::Result<Option<String>> {
        while self.read().await? {
            tracing::debug!(console = self.last, "the guest says");
            if !is_of_the_kernel(&self.last) {
                return Ok(Some(self.last.clone()));
            }
        }
        Ok(None)
    }

    /// Reads to the end: nobody else does, and a guest whose console is full stands still.
    pub(super) async fn drain(&mut self) -> io::Result<()> {
        while self.read().await? {}
        Ok(())
    }

    /// What tells most of how the guest is: why its kernel gave up, or else what was read last.
    pub(super) fn word(&self) -> &str {
        self.panic.as_ref().unwrap_or(&self.last)
    }

    /// Reads a line; false at the end.
    async fn read(&mut self) -> io::Result<bool> {
        let Some(line) = self.lines.next().await? else { return Ok(false) };
        if line.contains("Kernel panic") {
            self.panic.get_or_insert_with(|| line.clone());
        }
        self.last = line;
        Ok(true)
    }
}

/// Linux begins its lines with the time in brackets.
fn is_of_the_kernel(line: &str) -> bool {
    line.starts_with('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_line_that_is_not_of_the_kernel_is_the_sign() {
        let check = async |text: &str, expected: Option<&str>, word: &str| {
            let mut console = Console::new(text.as_bytes());
            assert_eq!(console.sign_of_life().await.unwrap().as_deref(), expected, "{text:?}");
            assert_eq!(console.word(), word, "{text:?}");
        };
        check("\r\n[    0.1] x86: hello\r\nready\r\nmore", Some("ready"), "ready").await;
        check("[    0.8] Kernel panic - no init\r\n[    0.9] Rebooting\r\n", None, "[    0.8] Kernel panic - no init")
            .await;
        check("", None, "").await;
    }
}
