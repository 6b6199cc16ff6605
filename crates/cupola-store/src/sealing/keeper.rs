//! The files that are open and the entries that wait for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::block::Sealer;
use crate::counters::Counters;
use crate::file::{BlockId, DayFile, Durability, FileError, beside};
use crate::layout;
use crate::sealing::buffer::Buffer;
use crate::sealing::encode::encode;
use crate::settings::Settings;
use crate::writer::{FileKey, Parts, Shared, now};

/// A file that nothing was written to for so long is closed.
const IDLE: Duration = Duration::from_secs(60);
/// So many files are open at once.
const MAX_OPEN: usize = 8;

/// All that the one who seals has.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(crate) dir: PathBuf,
    pub(crate) shared: Arc<Shared>,
    pub(crate) files: BTreeMap<FileKey, OpenFile>,
    pub(crate) sealers: Vec<Sealer>,
    buffers: BTreeMap<FileKey, Buffer>,
    durability: Durability,
    pub(crate) max_bytes: u64,
    /// Whose records those are that come in.
    run: u64,
    /// The last record that came in.
    last: u64,
}

/// A file, and which of its blocks are small.
#[derive(Debug)]
pub(crate) struct OpenFile {
    pub(crate) file: DayFile,
    pub(crate) small: Vec<(BlockId, u32)>,
    used: Instant,
}

impl Keeper {
    pub(crate) fn new(dir: &Path, shared: Arc<Shared>, settings: &Settings) -> Self {
        Self {
            dir: dir.to_owned(),
            shared,
            files: BTreeMap::new(),
            sealers: (0..settings.threads).map(|_| Sealer::new()).collect(),
            buffers: BTreeMap::new(),
            durability: settings.durability,
            max_bytes: settings.max_bytes,
            run: 0,
            last: 0,
        }
    }

    /// The records that come now are this run's. Whatever came before has to be sealed.
    pub(crate) fn begin_run(&mut self, run: u64) {
        (self.run, self.last) = (run, 0);
    }

    /// Takes entries; they wait.
    pub(crate) fn add(&mut self, parts: Parts, record: Option<u64>) {
        let now = clock();
        for (key, part) in parts.parts {
            self.buffers.entry(key).or_insert_with(|| Buffer::new(now)).add(part, record);
        }
        self.last = record.unwrap_or(self.last);
    }

    /// Whether a record's entries for this file are in it.
    pub(crate) fn has(&mut self, key: FileKey, record: u64) -> Result<bool, FileError> {
        if !layout::day_file(&self.dir, key.0, key.1).exists() {
            return Ok(false);
        }
        let run = self.run;
        Ok(record <= self.open(key)?.file.mark(run)?)
    }

    /// When the next of what waits is to be sealed.
    pub(crate) fn due(&self) -> Option<Instant> {
        let waiting = self.buffers.iter().filter(|(key, _)| !self.shared.aside.is(**key));
        waiting.map(|(_, buffer)| buffer.due()).min()
    }

    /// How many entries wait.
    pub(crate) fn waiting(&self) -> usize {
        self.buffers.values().map(|buffer| buffer.rows).sum()
    }

    /// Seals what is due at this time, or all, but for what others work on. Whether nothing failed, and nothing is left of all.
    pub(crate) fn seal(&mut self, due: Option<Instant>) -> bool {
        let is_due = |buffer: &Buffer| due.is_none_or(|due| buffer.due() <= due);
        let due_now = self.buffers.iter().filter(|(key, buffer)| is_due(buffer) && !self.shared.aside.is(**key));
        let keys: Vec<FileKey> = due_now.map(|(key, _)| *key).collect();
        let failed = keys.iter().filter(|key| !self.seal_one(**key)).count();
        if !keys.is_empty() {
            let released = self.release();
            crate::journal::delete(&released);
        }
        failed == 0 && (due.is_some() || self.buffers.is_empty())
    }

    fn seal_one(&mut self, key: FileKey) -> bool {
        let Some(mut buffer) = self.buffers.remove(&key) else { return true };
        let mut done = self.write(key, &buffer);
        if done.as_ref().is_err_and(FileError::is_corrupt) && self.quarantine(key) {
            done = self.write(key, &buffer);
        }
        let counters = &self.shared.counters;
        match done {
            Ok(()) => {
                Counters::add(&counters.sealed, buffer.rows as u64);
                self.shared.queue.release(buffer.bytes);
                if counters.set_trouble(None) {
                    tracing::info!(target: "cupola::store", "entries are sealed again");
                }
                true
            }
            Err(error) => {
                Counters::add(&counters.failed_seals, 1);
                let chain = chain(&error);
                if counters.set_trouble(Some(format!("{} {}: {chain}", key.0, key.1))) {
                    tracing::error!(target: "cupola::store", signal = %key.0, day = %key.1, error = chain, "entries cannot be sealed, and wait");
                }
                buffer.put_off(clock());
                self.buffers.insert(key, buffer);
                false
            }
        }
    }

    fn write(&mut self, key: FileKey, buffer: &Buffer) -> Result<(), FileError> {
        self.open(key)?;
        let Self { files, sealers, run, shared, .. } = self;
        let Some(open) = files.get_mut(&key) else { return Ok(()) };
        let mut seal = open.file.seal()?;
        let mut small = Vec::new();
        let table = buffer.table();
        encode(sealers, &table, &buffer.order(&table), buffer.block_rows(), |sealed| {
            let (block, rows) = (seal.add_new(&sealed)?, sealed.header.rows);
            small.extend(is_small(rows).then_some((block, rows)));
            Ok::<_, FileError>(())
        })?;
        if let Some((_, last)) = buffer.records {
            seal.mark(*run, last)?;
        }
        Counters::add(&shared.counters.dropped_fields, seal.dropped_columns);
        seal.commit()?;
        open.small.extend(small);
        open.used = clock();
        Ok(())
    }

    /// The file, opened or made.
    fn open(&mut self, key: FileKey) -> Result<&mut OpenFile, FileError> {
        if !self.files.contains_key(&key) {
            self.close_one_too_many();
            let path = layout::day_file(&self.dir, key.0, key.1);
            let file = DayFile::write(&path, self.durability)?;
            let small = small_blocks(&file)?;
            self.files.insert(key, OpenFile { file, small, used: clock() });
        }
        self.files.get_mut(&key).ok_or(FileError::Foreign)
    }

    fn close_one_too_many(&mut self) {
        if self.files.len() >= MAX_OPEN
            && let Some(key) = self.files.iter().min_by_key(|(_, open)| open.used).map(|(key, _)| *key)
        {
            self.files.remove(&key);
        }
    }

    /// Closes files that nothing is written to any more; SQLite tidies them up.
    pub(crate) fn close_idle(&mut self) {
        let now = clock();
        self.files.retain(|_, open| now.duration_since(open.used) < IDLE);
    }

    /// Puts a damaged file aside under another name. Whether it is away.
    fn quarantine(&mut self, key: FileKey) -> bool {
        self.files.remove(&key);
        let path = layout::day_file(&self.dir, key.0, key.1);
        let aside = beside(&path, &format!(".damaged-{}", now()));
        let moved = fs::rename(&path, &aside);
        for end in ["-wal", "-shm"] {
            let _ = fs::rename(beside(&path, end), beside(&aside, end));
        }
        Counters::add(&self.shared.counters.quarantined_files, u64::from(moved.is_ok()));
        tracing::error!(target: "cupola::store", file = %path.display(), aside = %aside.display(), moved = moved.is_ok(), "a file of the store is damaged: it is put aside, and a new one begun");
        moved.is_ok()
    }

    /// Segments of the journal that are no longer needed.
    fn release(&self) -> Vec<PathBuf> {
        let mut journal = self.shared.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if journal.run() == self.run { journal.release(self.sealed()) } else { Vec::new() }
    }

    /// Nothing comes at the moment: what the journal has of it is not needed where all of it is sealed.
    pub(crate) fn rest(&self) {
        let mut journal = self.shared.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if journal.run() == self.run {
            journal.rest(self.sealed());
        }
    }

    /// Each record up to this one is sealed.
    pub(crate) fn sealed(&self) -> u64 {
        let waiting = self.buffers.values().filter_map(|buffer| buffer.records).map(|(first, _)| first - 1).min();
        waiting.unwrap_or(self.last)
    }
}

/// Whether a block of so many entries is one of those that are made into larger ones.
pub(crate) fn is_small(rows: u32) -> bool {
    rows as usize <= crate::block::MAX_ROWS / 2
}

fn small_blocks(file: &DayFile) -> Result<Vec<(BlockId, u32)>, FileError> {
    let blocks = file.blocks(&(i64::MIN..=i64::MAX))?;
    let small = blocks.iter().filter(|block| is_small(block.header.rows) && !block.torn);
    Ok(small.map(|block| (block.id, block.header.rows)).collect())
}

/// An error and what is behind it.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

#[allow(clippy::disallowed_methods, reason = "the thread that seals waits for the clock of the machine")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}
