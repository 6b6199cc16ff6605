//! What becomes of closed files: packed, with an index beside them, and in the end deleted. Nothing here is on anybody's way.
//!
//! The thread keeps no list of what is to be done. Each time it is called it looks at the folders, so that what a crash
//! has left is taken up like everything else, and several processes on one folder need not agree on anything: who has the
//! exclusive lock on a closed file packs it, and nobody gets it while a writer has the file open.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use cupola_line::{Day, FileFamily, Packing, Part};

use crate::files::beside;
use crate::files::clock::Clock;
use crate::files::config::FilesConfig;
use crate::files::log_file::{day_of, is_closed};
use crate::files::pack::{self, End};
use crate::thread_state;

/// How soon it is looked again where a file was still somebody's, and where nothing was.
const SOON: Duration = Duration::from_secs(1);
const LATER: Duration = Duration::from_secs(3600);

/// The thread, and how it is called.
#[derive(Debug)]
pub(super) struct Keeper {
    kept: Arc<Mutex<Vec<Kept>>>,
    stop: Arc<AtomicBool>,
    /// Taken by the end.
    thread: Option<(SyncSender<()>, JoinHandle<()>)>,
}

/// One log in one folder.
#[derive(Clone, Debug)]
struct Kept {
    folder: PathBuf,
    family: FileFamily,
}

impl Keeper {
    pub(super) fn start(config: &FilesConfig, clock: Clock) -> io::Result<Self> {
        let (poke, pokes) = sync_channel(1);
        let (kept, stop) = (Arc::<Mutex<Vec<Kept>>>::default(), Arc::new(AtomicBool::new(false)));
        let work = Work { kept: kept.clone(), stop: stop.clone(), config: config.clone(), clock };
        let thread = Builder::new().name("cupola-files".to_owned()).spawn(move || {
            thread_state::mute();
            be_nice();
            work.run(&pokes);
        })?;
        Ok(Self { kept, stop, thread: Some((poke, thread)) })
    }

    /// Keeps this log's files too.
    pub(super) fn keep(&self, folder: &Path, family: &FileFamily) {
        let kept = Kept { folder: folder.to_owned(), family: family.clone() };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
        self.poke();
    }

    /// A file was closed. One call that waits is enough for all.
    pub(super) fn poke(&self) {
        if let Some((poke, _)) = &self.thread {
            let _ = poke.try_send(());
        }
    }
}

/// What is not packed yet will be, by the next process or by another one.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some((poke, thread)) = self.thread.take() {
            drop(poke);
            let _ = thread.join();
        }
    }
}

/// Whoever serves requests goes first.
#[cfg(all(feature = "pack", target_os = "linux"))]
fn be_nice() {
    let thread = rustix::thread::gettid();
    let _ = rustix::process::setpriority_process(Some(thread), 10);
}

#[cfg(not(all(feature = "pack", target_os = "linux")))]
const fn be_nice() {}

struct Work {
    kept: Arc<Mutex<Vec<Kept>>>,
    stop: Arc<AtomicBool>,
    config: FilesConfig,
    clock: Clock,
}

impl Work {
    fn run(&self, pokes: &Receiver<()>) {
        let mut wait = LATER;
        while !matches!(pokes.recv_timeout(wait), Err(RecvTimeoutError::Disconnected)) {
            // Whatever it finds, it is there the next time.
            let is_done = catch_unwind(AssertUnwindSafe(|| self.look())).unwrap_or(true);
            wait = if is_done { LATER } else { SOON };
        }
    }

    /// Does what is to be done; `false` where something is left because somebody has it open.
    fn look(&self) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = (self.clock)();
        let today = day_of(now);
        self.forget(&kept, today);
        let is_done = kept.iter().all(|kept| self.pack(kept, today));
        self.forget(&kept, today);
        is_done
    }

    /// Packs what is closed, leaves indexes, and removes what was begun and not finished.
    fn pack(&self, kept: &Kept, today: Day) -> bool {
        let mut is_done = true;
        for name in names(&kept.folder) {
            let Some(read) = kept.family.parse(&name) else { continue };
            let path = kept.folder.join(&name);
            match read.part {
                Part::Unfinished => pack::clear(&path),
                Part::Entries if read.packing == Packing::None && is_closed(&kept.family, &name, today) => {
                    match self.pack_file(&path) {
                        End::Done | End::Failed => {}
                        End::Busy => is_done = false,
                        End::Stopped => return true,
                    }
                }
                _ => {}
            }
        }
        is_done
    }

    fn pack_file(&self, path: &Path) -> End {
        match self.config.packing {
            Packing::None if !self.config.index || beside::fits(path) => End::Done,
            Packing::None => beside::make(path, &self.stop),
            packing => pack::pack(path, packing, self.config.index, &self.stop),
        }
    }

    /// Deletes what is too much: of each log by number and age, of all of them by size; the oldest first.
    fn forget(&self, kept: &[Kept], today: Day) {
        let mut all = Vec::new();
        for kept in kept {
            let mut files = closed(kept, today);
            let too_old = |file: &Closed| {
                let age = file.day.map_or(0, |day| today.days_since(day));
                self.config.max_age_days.is_some_and(|days| age > i64::from(days))
            };
            let too_many = files.len().saturating_sub(self.config.backup_count);
            let aged = files.iter().take_while(|file| too_old(file)).count();
            files.drain(..too_many.max(aged)).for_each(Closed::delete);
            all.append(&mut files);
        }
        let Some(most) = self.config.total_bytes else { return };
        all.sort_by_key(|file| file.order);
        let mut total: u64 = all.iter().map(|file| file.bytes).sum();
        for file in all {
            if total <= most {
                break;
            }
            total -= file.bytes;
            file.delete();
        }
    }
}

/// One closed file, in whatever forms it lies there.
struct Closed {
    order: (i64, u32),
    day: Option<Day>,
    bytes: u64,
    paths: Vec<PathBuf>,
}

impl Closed {
    fn delete(self) {
        for path in self.paths {
            // Another process may have been first.
            let _ = fs::remove_file(path);
        }
    }
}

/// The closed files of a log, the oldest first. An index counts with its file; one without a file goes at once.
fn closed(kept: &Kept, today: Day) -> Vec<Closed> {
    let mut found = BTreeMap::<(i64, u32), Closed>::new();
    for name in names(&kept.folder) {
        let Some(read) = kept.family.parse(&name) else { continue };
        let entries = name.strip_suffix(cupola_line::INDEX_SUFFIX).unwrap_or(&name);
        if read.part == Part::Unfinished || !is_closed(&kept.family, entries, today) {
            continue;
        }
        let path = kept.folder.join(&name);
        if read.part == Part::Index && !kept.folder.join(entries).exists() {
            let _ = fs::remove_file(&path);
            continue;
        }
        let bytes = fs::symlink_metadata(&path).map_or(0, |found| found.len());
        let new = || Closed { order: read.order(), day: read.day, bytes: 0, paths: Vec::new() };
        let file = found.entry(read.order()).or_insert_with(new);
        file.bytes += bytes;
        file.paths.push(path);
    }
    found.into_values().collect()
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}
