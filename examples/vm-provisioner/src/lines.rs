//! Lines that somebody else writes: read one at a time, and bounded.

use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// Reads lines that are not empty.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: BufReader<R>,
    longest: u64,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Of at most so many bytes; what is longer is several.
    pub(crate) fn new(reader: R, longest: u64) -> Self {
        Self { reader: BufReader::new(reader), longest }
    }

    /// The next line, without the space around it; none at the end.
    pub(crate) async fn next(&mut self) -> io::Result<Option<String>> {
        loop {
            let mut line = Vec::new();
            if (&mut self.reader).take(self.longest).read_until(b'\n', &mut line).await? == 0 {
                return Ok(None);
            }
            let line = String::from_utf8_lossy(&line);
            if !line.trim().is_empty() {
                return Ok(Some(line.trim().to_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_without_an_end_is_bounded() {
        let mut lines = Lines::new(tokio::io::repeat(b'a').take(25), 10);
        for expected in [10, 10, 5] {
            assert_eq!(lines.next().await.unwrap().unwrap().len(), expected);
        }
        assert_eq!(lines.next().await.unwrap(), None);
    }
}
