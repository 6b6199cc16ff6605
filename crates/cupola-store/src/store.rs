//! A store in a directory: opened by one who writes it.

mod error;
mod replay;
mod stats;
#[cfg(test)]
mod tests;

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

pub use error::{CloseError, OpenError};
pub use replay::{Decode, DecodeError};
pub use stats::{FileStats, Stats};

use crate::counters::Counters;
use crate::file::{DayFile, FileError};
use crate::journal::{Journal, Replay};
use crate::layout;
use crate::query::{Cancel, QueryError, Reader, Tails};
use crate::sealing::{Aside, Keeper, run};
use crate::settings::Settings;
use crate::signal::Signal;
use crate::upkeep::StoreUpkeep;
use crate::writer::{Item, Queue, Shared, Writer, now};

/// So many may watch what comes in.
const MAX_TAILS: usize = 64;

/// The store in a directory, of which there is one writer at a time. Dropped, it seals what waits, as `close` does.
///
/// ```
/// use cupola_store::{Batch, Settings, Signal, Store, Value};
///
/// # let dir = tempfile::tempdir()?;
/// let store = Store::open(dir.path(), &Settings::default(), &|_, _| Ok(Vec::new()))?;
/// let mut batch = Batch::new(Signal::Logs);
/// # let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos() as i64;
/// batch.row(now).set("message", Value::Text("machine is up"));
/// store.writer().offer(batch);
/// store.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Store {
    dir: PathBuf,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<bool>>,
    /// Locked as long as it is open.
    _lock: File,
}

impl Store {
    /// Opens the store in this directory, which is made if it is not there (only its owner may look into it). What an earlier process was
    /// promised to keep and has not sealed is sealed first; `decode` makes entries of it again.
    ///
    /// # Errors
    /// Another process writes it; a newer Cupola wrote it; the directory cannot be read or written.
    pub fn open(dir: &Path, settings: &Settings, decode: Decode<'_>) -> Result<Self, OpenError> {
        make_folders(dir).map_err(|error| OpenError::io(dir, error))?;
        let lock = lock(dir)?;
        refuse_newer(dir)?;
        let folder = layout::journal(dir);
        let replay = Replay::find(&folder).map_err(|error| OpenError::io(&folder, error))?;
        let run_number = now().cast_unsigned().max(replay.last_run + 1);
        let shared = Arc::new(Shared {
            queue: Queue::new(settings.queue_bytes),
            journal: Mutex::new(Journal::new(&folder, run_number, settings.durability)),
            counters: Counters::default(),
            retention: settings.retention,
            tails: Tails::new(MAX_TAILS),
            full: AtomicBool::new(false),
            aside: Aside::default(),
            ending: Cancel::default(),
        });
        let mut keeper = Keeper::new(dir, Arc::clone(&shared), settings);
        keeper.expire();
        replay::replay(&mut keeper, &replay, decode)?;
        keeper.begin_run(run_number);
        let thread = thread::Builder::new().name("cupola-store".to_owned()).spawn(move || {
            // Should it panic, nobody goes on to bring what nobody seals.
            let _closing = Closing(Arc::clone(&keeper.shared));
            run(keeper)
        });
        let thread = thread.map_err(|error| OpenError::io(dir, error))?;
        Ok(Self { dir: dir.to_owned(), shared, thread: Some(thread), _lock: lock })
    }

    /// The way in.
    pub fn writer(&self) -> Writer {
        Writer { shared: Arc::clone(&self.shared) }
    }

    /// Those who watch what comes in.
    pub fn tails(&self) -> &Tails {
        &self.shared.tails
    }

    /// What answers questions about what it has sealed.
    ///
    /// # Errors
    /// Where the directory cannot be read.
    pub fn reader(&self) -> Result<Reader, QueryError> {
        Reader::open(&self.dir)
    }

    /// Who takes care of it while it is open. Backups go to new directories within this one; without it none are made.
    pub fn upkeep(&self, backups: Option<PathBuf>) -> StoreUpkeep {
        StoreUpkeep::new(&self.dir, Arc::clone(&self.shared), backups)
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Waits until all that was brought before is sealed, and found by whoever asks. Whether it is: `Stats::trouble` says why not.
    pub fn flush(&self) -> bool {
        let (done, waits) = mpsc::sync_channel(1);
        self.shared.queue.push(Item::Flush(done));
        loop {
            match waits.recv_timeout(Duration::from_millis(100)) {
                Err(RecvTimeoutError::Timeout) if self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) => {}
                sealed => return sealed.unwrap_or(false),
            }
        }
    }

    /// Seals what waits, and ends. Writers that are still there get `Closed`.
    ///
    /// # Errors
    /// Something could not be sealed. What was kept is in the journal, for the next who opens the store; what was offered is lost.
    pub fn close(mut self) -> Result<(), CloseError> {
        if self.end() { Ok(()) } else { Err(CloseError { trouble: self.shared.counters.trouble() }) }
    }

    fn end(&mut self) -> bool {
        self.shared.ending.cancel();
        self.shared.queue.close();
        self.thread.take().is_none_or(|thread| thread.join().unwrap_or(false))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.end();
    }
}

/// Closes the queue when it goes, and ends what others do.
struct Closing(Arc<Shared>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.ending.cancel();
        self.0.queue.close();
    }
}

pub(crate) fn make_folders(dir: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(dir)?;
    builder.create(layout::journal(dir))?;
    Signal::ALL.iter().try_for_each(|signal| builder.create(dir.join(signal.as_str())))
}

/// Locks the store, and writes down who has: `billing (process 4711)`.
pub(crate) fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = layout::lock(dir);
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
    let mut file = file.map_err(|error| OpenError::io(&path, error))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {
            // Nothing hangs on it but what others are told.
            let _ = file.set_len(0).and_then(|()| file.write_all(me().as_bytes()));
            Ok(file)
        }
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let mut holder = String::new();
            let _ = file.take(256).read_to_string(&mut holder);
            Err(OpenError::locked(dir, holder))
        }
        Err(error) => Err(OpenError::io(&path, error.into())),
    }
}

fn me() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(Path::file_name).unwrap_or_default();
    format!("{} (process {})", name.to_string_lossy(), std::process::id())
}

/// The newest file of each signal says whether a newer Cupola was here; it is not for this one to write beside it.
fn refuse_newer(dir: &Path) -> Result<(), OpenError> {
    for signal in Signal::ALL {
        let days = layout::days(dir, signal).map_err(|error| OpenError::io(&dir.join(signal.as_str()), error))?;
        let Some(newest) = days.last() else { continue };
        let path = layout::day_file(dir, signal, *newest);
        if let Err(error @ FileError::Version(_)) = DayFile::read(&path) {
            return Err(OpenError::newer(&path, error));
        }
    }
    Ok(())
}
