//! Files that are taken in piece by piece, and how far that has come: a piece is kept once, however often it is stopped.
//!
//! A piece goes through the journal like everything else that outlives the process, and says where in its file it ends. Whoever opens the
//! store after a crash finds by that what was taken in, and notes it before the journal is deleted.

mod progress;

use std::str;

use xxhash_rust::xxh3::xxh3_64;

use crate::batch::Batch;
use crate::signal::Signal;
use crate::store::DecodeError;

pub use progress::Progress;

/// What the journal calls pieces of log files.
pub const LINES: u8 = 1;

/// As fast as it goes: it is read again after a crash, or never.
const LEVEL: i32 = 1;

/// Lines of a file, on their way into the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Which file: a number that it keeps when it is renamed or compressed.
    pub source: u64,
    /// Where in the unpacked file the piece ends, in bytes.
    pub end: u64,
    /// Who speaks, where lines do not say it themselves.
    pub service: Option<&'a str>,
    /// Log lines that are entries, each with its newline.
    pub lines: &'a [u8],
}

impl Piece<'_> {
    /// The bytes that the journal has of it: `source(8) end(8) length of the service(2) service`, then the lines in one zstd frame; numbers
    /// are little-endian.
    pub fn encode(&self) -> Vec<u8> {
        let service = self.service.unwrap_or_default();
        let length = u16::try_from(service.len()).unwrap_or(0);
        let mut raw = Vec::with_capacity(64 + self.lines.len() / 8);
        raw.extend_from_slice(&self.source.to_le_bytes());
        raw.extend_from_slice(&self.end.to_le_bytes());
        raw.extend_from_slice(&length.to_le_bytes());
        raw.extend_from_slice(&service.as_bytes()[..usize::from(length)]);
        raw.extend(zstd::bulk::compress(self.lines, LEVEL).expect("memory takes what is compressed"));
        raw
    }

    /// Its entries. Lines that are none are left out: whoever made the piece has told of them.
    pub fn batch(&self) -> Batch {
        let mut batch = Batch::new(Signal::Logs);
        for line in self.lines.split_inclusive(|byte| *byte == b'\n') {
            let _ = batch.line(line, self.service);
        }
        batch
    }
}

/// The number of a file that begins with this line.
pub fn source(first_line: &[u8]) -> u64 {
    xxh3_64(first_line)
}

/// The entries of a piece that the journal has, for who opens the store; `progress` is told where it ends.
///
/// # Errors
/// The bytes are not those of a piece.
pub fn replay(raw: &[u8], progress: &Progress) -> Result<Batch, DecodeError> {
    let (source, rest) = raw.split_first_chunk().ok_or("a piece of a file without its head")?;
    let (end, rest) = rest.split_first_chunk().ok_or("a piece of a file without its head")?;
    let (length, rest) = rest.split_first_chunk().ok_or("a piece of a file without its head")?;
    let length = usize::from(u16::from_le_bytes(*length));
    let (service, packed) = rest.split_at_checked(length).ok_or("a piece of a file without its service")?;
    let lines = zstd::decode_all(packed)?;
    let (source, end) = (u64::from_le_bytes(*source), u64::from_le_bytes(*end));
    let service = Some(str::from_utf8(service)?).filter(|service| !service.is_empty());
    let batch = Piece { source, end, service, lines: &lines }.batch();
    progress.note(source, end)?;
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = b"{\"timestamp\":\"2026-11-21T03:46:02Z\",\"level\":\"INFO\",\"message\":\"up\"}\n";

    #[test]
    fn a_piece_comes_back_from_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let progress = Progress::open(folder.path()).unwrap();
        let lines = [LINE, b"no entry\n", LINE].concat();
        let piece = Piece { source: 7, end: 1234, service: Some("vms"), lines: &lines };
        let batch = replay(&piece.encode(), &progress).unwrap();
        assert_eq!((batch.rows(), batch.signal()), (2, Signal::Logs));
        assert_eq!(batch.columns.last().unwrap().bytes, b"vmsvms");
        assert_eq!((progress.of(7), progress.of(8)), (1234, 0));
        let reopened = Progress::open(folder.path()).unwrap();
        assert_eq!(reopened.of(7), 1234);
    }

    #[test]
    fn bytes_that_are_no_piece_are_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let progress = Progress::open(folder.path()).unwrap();
        let whole = Piece { source: 7, end: 1, service: Some("vms"), lines: LINE }.encode();
        for length in 0..whole.len() {
            assert!(replay(&whole[..length], &progress).is_err(), "{length}");
        }
        assert_eq!(progress.of(7), 0);
    }

    #[test]
    fn how_far_a_file_has_come_only_grows() {
        let folder = tempfile::tempdir().unwrap();
        let progress = Progress::open(folder.path()).unwrap();
        progress.note(1, 10).unwrap();
        progress.note(1, 5).unwrap();
        progress.note(2, 3).unwrap();
        let reopened = Progress::open(folder.path()).unwrap();
        assert_eq!((reopened.of(1), reopened.of(2)), (10, 3));
        std::fs::write(folder.path().join("ingested"), "cupola-ingested 9\n").unwrap();
        assert!(Progress::open(folder.path()).unwrap_err().to_string().contains("newer"));
    }
}
