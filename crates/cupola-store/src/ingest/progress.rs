//! How far each file was taken in.

use std::fmt::Write as _;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, process};

use rustc_hash::FxHashMap;

/// What the file begins with: magic and version.
const HEAD: &str = "cupola-ingested 1";

/// How far each file was taken in, in a file beside the store's own: a line for each, `source end`, in hexadecimal and decimal.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
    ends: Mutex<FxHashMap<u64, u64>>,
}

impl Progress {
    /// That of the store in this directory.
    ///
    /// # Errors
    /// It cannot be read, or a newer Cupola wrote it.
    pub fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join("ingested");
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => HEAD.to_owned(),
            text => text?,
        };
        let mut lines = text.lines();
        if lines.next() != Some(HEAD) {
            let said = format!("{} is of a newer Cupola, or none of ours", path.display());
            return Err(io::Error::new(ErrorKind::InvalidData, said));
        }
        let ends = lines.filter_map(|line| {
            let (source, end) = line.split_once(' ')?;
            Some((u64::from_str_radix(source, 16).ok()?, end.parse().ok()?))
        });
        Ok(Self { ends: Mutex::new(ends.collect()), path })
    }

    /// How many bytes of a file were taken in, of what it says unpacked.
    pub fn of(&self, source: u64) -> u64 {
        self.ends().get(&source).copied().unwrap_or(0)
    }

    /// Notes that a file was taken in up to there.
    ///
    /// # Errors
    /// It could not be written; then it is as it was.
    pub fn note(&self, source: u64, end: u64) -> io::Result<()> {
        let mut ends = self.ends();
        let known = ends.entry(source).or_default();
        if *known >= end {
            return Ok(());
        }
        let before = std::mem::replace(known, end);
        self.write(&ends).inspect_err(|_| {
            ends.insert(source, before);
        })
    }

    /// Under another name first: whoever reads finds it whole.
    fn write(&self, ends: &FxHashMap<u64, u64>) -> io::Result<()> {
        let mut text = format!("{HEAD}\n");
        for (source, end) in ends {
            let _ = writeln!(text, "{source:016x} {end}");
        }
        let unfinished = self.path.with_extension(format!("{}.tmp", process::id()));
        fs::write(&unfinished, text)?;
        fs::rename(&unfinished, &self.path)
    }

    fn ends(&self) -> MutexGuard<'_, FxHashMap<u64, u64>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
