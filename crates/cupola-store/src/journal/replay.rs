//! Reads what earlier runs have left.

use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use crate::journal::{HEAD, MAGIC, MAX_BODY, RECORD_HEAD, VERSION, check};

/// Segments that earlier runs have left, in the order in which they were written.
#[derive(Debug)]
pub(crate) struct Replay {
    pub(crate) segments: Vec<PathBuf>,
    /// The last run of which there is a segment; 0 where there is none.
    pub(crate) last_run: u64,
}

/// A record that was read.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) run: u64,
    pub(crate) number: u64,
    pub(crate) kind: u8,
    pub(crate) body: &'a [u8],
}

/// What of a segment could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Damage {
    /// Whole records that are not what was written.
    pub(crate) records: u64,
    /// It ends within a record, as it does where the process died while it wrote one that nobody was promised.
    pub(crate) cut: bool,
}

/// Why a segment is not read at all.
#[derive(Debug)]
pub(crate) struct Newer(pub(crate) PathBuf);

impl fmt::Display for Newer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the journal {} was written by a newer Cupola", self.0.display())
    }
}

impl std::error::Error for Newer {}

impl Replay {
    /// What lies in this folder.
    pub(crate) fn find(dir: &Path) -> io::Result<Self> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            if let Some(place) = place(&path) {
                found.push((place, path));
            }
        }
        found.sort_unstable();
        let last_run = found.last().map_or(0, |((run, _), _)| *run);
        Ok(Self { segments: found.into_iter().map(|(_, path)| path).collect(), last_run })
    }
}

/// Run and first record, as the name says them.
fn place(path: &Path) -> Option<(u64, u64)> {
    let (run, first) = path.file_name()?.to_str()?.strip_suffix(".journal")?.split_once('-')?;
    Some((run.parse().ok()?, first.parse().ok()?))
}

/// Reads a segment, record by record.
pub(crate) fn read<E: From<io::Error>>(
    path: &Path,
    mut each: impl FnMut(Record<'_>) -> Result<(), E>,
) -> Result<Damage, E> {
    let mut from = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut damage = Damage::default();
    let Some((run, first)) = read_head(&mut from, path)? else {
        return Ok(Damage { cut: true, ..damage });
    };
    let mut body = Vec::new();
    for number in first.. {
        match read_record(&mut from, &mut body)? {
            Read::End => break,
            Read::Cut => {
                damage.cut = true;
                break;
            }
            Read::Whole { kind, expected } if check(number, kind, &body) == expected => {
                each(Record { run, number, kind, body: &body })?;
            }
            Read::Whole { .. } => damage.records += 1,
        }
    }
    Ok(damage)
}

/// Whether a file begins as segments do, as far as it goes.
pub(crate) fn is_ours(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut head));
    read.is_ok() && MAGIC.starts_with(&head)
}

fn read_head(from: &mut impl io::Read, path: &Path) -> io::Result<Option<(u64, u64)>> {
    let mut head = Vec::new();
    from.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
    let Ok(head) = <[u8; HEAD]>::try_from(head) else { return Ok(None) };
    let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|byte| head[at + byte]));
    if head[..8] != *MAGIC {
        return Ok(None);
    }
    let version = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
    if version >> 16 == VERSION >> 16 {
        Ok(Some((number(12), number(20))))
    } else {
        Err(io::Error::other(Newer(path.to_owned())))
    }
}

enum Read {
    End,
    Cut,
    Whole { kind: u8, expected: u64 },
}

fn read_record(from: &mut impl io::Read, body: &mut Vec<u8>) -> io::Result<Read> {
    body.clear();
    from.by_ref().take(RECORD_HEAD as u64).read_to_end(body)?;
    let Ok(head) = <[u8; RECORD_HEAD]>::try_from(&**body) else {
        return Ok(if body.is_empty() { Read::End } else { Read::Cut });
    };
    let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let expected = u64::from_le_bytes(std::array::from_fn(|byte| head[4 + byte]));
    body.clear();
    // What says of itself that it is longer than all that is written is read to the end, and no further.
    from.by_ref().take(len.min(MAX_BODY + 1) as u64).read_to_end(body)?;
    Ok(if body.len() == len { Read::Whole { kind: head[12], expected } } else { Read::Cut })
}
