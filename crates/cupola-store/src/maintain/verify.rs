//! Reads all of a store, and says what of it cannot be read.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::day::Day;
use crate::file::{Block, DayFile, FileError};
use crate::journal::{self, Damage, Replay};
use crate::layout;
use crate::maintain::{MaintainError, Step, going_on, is_store};
use crate::metadata::MetadataFile;
use crate::query::Cancel;
use crate::rollup::{Step as Rolled, What};
use crate::sealing::{chain, sizes};
use crate::signal::Signal;

/// What was read, and what of it is wrong.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Verified {
    /// Files of days.
    pub files: u64,
    /// Blocks that were read.
    pub blocks: u64,
    /// Entries of those blocks.
    pub entries: u64,
    /// Records of the journal that can be read.
    pub records: u64,
    /// What cannot be read.
    pub problems: Vec<Problem>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// In which file.
    pub file: PathBuf,
    /// In which of its blocks, where it is one of them.
    pub block: Option<i64>,
    /// What it is.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        if let Some(block) = self.block {
            write!(f, "block {block}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// Reads every block of every file with all its columns, filters and sums, every record of the journal, and the metadata. Needs no lock: the store may be
/// written meanwhile.
///
/// # Errors
/// There is no store, or its folders cannot be listed. What is damaged is no error, but told of in the answer.
pub fn verify(dir: &Path, step: Step<'_>) -> Result<Verified, MaintainError> {
    if !is_store(dir) {
        return Err(MaintainError::no_store(dir));
    }
    let mut verified = Verified::default();
    let sizes = sizes(dir).map_err(|error| MaintainError::io(dir, error))?;
    for ((signal, day), bytes) in sizes {
        verified.day(dir, signal, day);
        going_on(dir)?;
        step(bytes);
    }
    verified.journal(&layout::journal(dir))?;
    if let Err(error) = crate::ingest::Progress::open(dir) {
        verified.problem(&dir.join("ingested"), None, error.to_string());
    }
    if let Some(what) = MetadataFile::trouble(dir) {
        verified.problem(&MetadataFile::place(dir), None, what);
    }
    Ok(verified)
}

impl Verified {
    fn problem(&mut self, file: &Path, block: Option<i64>, what: String) {
        self.problems.push(Problem { file: file.to_owned(), block, what });
    }

    fn day(&mut self, dir: &Path, signal: Signal, day: Day) {
        let path = layout::day_file(dir, signal, day);
        match DayFile::read(&path).and_then(|file| self.file(&path, &file)) {
            Ok(()) => self.files += 1,
            // It has expired since.
            Err(_) if !path.exists() => {}
            Err(error) => self.problem(&path, None, chain(&error)),
        }
    }

    fn file(&mut self, path: &Path, file: &DayFile) -> Result<(), FileError> {
        // No block goes away while others are read.
        let _one_moment = file.snapshot()?;
        if let Some(what) = file.trouble()? {
            self.problem(path, None, what);
        }
        let cancel = Cancel::current();
        for block in file.blocks(&(i64::MIN..=i64::MAX))? {
            if cancel.is_cancelled() {
                return Ok(());
            }
            match read(file, &block) {
                Ok(()) => (self.blocks, self.entries) = (self.blocks + 1, self.entries + u64::from(block.header.rows)),
                Err(what) => self.problem(path, Some(block.id.0), what),
            }
        }
        for (step, what) in
            [Rolled::Minute, Rolled::Hour].into_iter().flat_map(|step| What::ALL.map(|what| (step, what)))
        {
            if let Err(error) = file.rollups(&(i64::MIN..=i64::MAX), step, what) {
                self.problem(path, None, format!("what was added up cannot be read: {}", chain(&error)));
            }
        }
        Ok(())
    }

    fn journal(&mut self, folder: &Path) -> Result<(), MaintainError> {
        if !folder.exists() {
            return Ok(());
        }
        let found = Replay::find(folder).map_err(|error| MaintainError::io(folder, error))?;
        for path in found.segments {
            let mut records = 0;
            let read = journal::read(&path, |_| {
                records += 1;
                Ok::<_, std::io::Error>(())
            });
            self.records += records;
            match read {
                // That it is cut is how a process leaves it that died, or how it is while one writes: nobody was promised the rest.
                Ok(Damage { records: 0, .. }) if journal::is_ours(&path) => {}
                Ok(Damage { records: 0, .. }) => self.problem(&path, None, "this is no journal of Cupola's".to_owned()),
                Ok(Damage { records, .. }) => {
                    self.problem(&path, None, format!("{records} of its records are damaged"))
                }
                // Sealed since, and deleted.
                Err(_) if !path.exists() => {}
                Err(error) => self.problem(&path, None, error.to_string()),
            }
        }
        Ok(())
    }
}

/// Reads all of a block.
fn read(file: &DayFile, block: &Block) -> Result<(), String> {
    if block.torn {
        return Err("it was found to be damaged before, and is left alone".to_owned());
    }
    let header = &block.header;
    let times = file.times(block).map_err(|error| format!("its times: {}", chain(&error)))?;
    let ends = (times.first().copied(), times.last().copied());
    if !times.is_sorted() || ends != (Some(header.min_time), Some(header.max_time)) {
        return Err("its times are not those that it says".to_owned());
    }
    file.columns(block).map_err(|error| format!("its fields: {}", chain(&error)))?;
    file.words(block.id).map_err(|error| format!("the filter of its words: {}", chain(&error)))?;
    file.traces(block.id).map_err(|error| format!("the filter of its traces: {}", chain(&error)))?;
    Ok(())
}
