//! The file of one log that is written to: opened, followed, closed when it is full or its day over.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cupola_line::{Day, FileFamily, Packing, Part};

use crate::files::account::Account;
use crate::files::config::Sync;
use crate::output::Output;

/// How long a file that cannot be opened is left alone: at first, and at most.
const FIRST_RETRY: Duration = Duration::from_millis(250);
const LAST_RETRY: Duration = Duration::from_secs(15);

/// How long a file is left to who is opening it.
const BRIEFLY: Duration = Duration::from_millis(1);

/// How often a file is opened anew within one batch: whoever replaces it faster than that has it.
const REPLACED: u32 = 64;

/// How long a file grows that cannot be closed, before it is tried again.
const GROWS: Duration = Duration::from_secs(1);

/// A clock that is set back by less than this makes no file of the day before.
const STEP_BACK: i64 = 1;

/// One log in one folder. Other processes may write to the same: each batch is one append that ends with a line, each
/// writer holds a shared lock on the file it has open, and only who gets the folder's lock renames it.
#[derive(Debug)]
pub(super) struct LogFile {
    folder: PathBuf,
    family: FileFamily,
    max_bytes: u64,
    sync: Sync,
    open: Option<Open>,
    /// When opening is tried again after it has failed, and how long was waited.
    retry: Option<(SystemTime, Duration)>,
    synced: SystemTime,
    failing: bool,
    account: Arc<Account>,
}

#[derive(Debug)]
struct Open {
    file: Arc<File>,
    output: Output,
    path: PathBuf,
    day: Day,
    length: u64,
    /// It could not be closed: until then it grows.
    grows_until: Option<SystemTime>,
}

/// What a write has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wrote {
    /// How many lines are whole in the file, the first ones.
    pub(super) lines: u64,
    /// A file was closed.
    pub(super) closed: bool,
}

impl LogFile {
    pub(super) fn new(folder: PathBuf, family: FileFamily, max_bytes: u64, sync: Sync, account: Arc<Account>) -> Self {
        let synced = UNIX_EPOCH;
        Self { folder, family, max_bytes, sync, open: None, retry: None, synced, failing: false, account }
    }

    /// Writes whole lines. What is not taken is counted here.
    pub(super) fn write(&mut self, bytes: &[u8], lines: u64, now: SystemTime, patient: &dyn Fn() -> bool) -> Wrote {
        let mut wrote = Wrote { lines: 0, closed: false };
        let done = self.write_all(bytes, now, patient, &mut wrote.closed);
        // A line that was torn has its end in the rest.
        let refused = count(&bytes[done..]).min(lines);
        wrote.lines = lines - refused;
        self.account.add(wrote.lines, refused);
        if refused == 0 {
            self.recovered();
            self.sync(now);
        }
        wrote
    }

    /// Writes a line that is in no account; `false` where it was not taken.
    pub(super) fn note(&mut self, line: &[u8], now: SystemTime, patient: &dyn Fn() -> bool) -> bool {
        self.write_all(line, now, patient, &mut false) == line.len()
    }

    fn write_all(&mut self, bytes: &[u8], now: SystemTime, patient: &dyn Fn() -> bool, closed: &mut bool) -> usize {
        let (mut done, mut replaced) = (0, 0);
        while done < bytes.len() {
            let rest = &bytes[done..];
            if let Err(error) = self.ready(now) {
                self.failed(&error);
                break;
            }
            *closed |= self.close_if_due(first_line(rest).len() as u64, now);
            if self.open.is_none() && replaced < REPLACED {
                replaced += 1;
                continue;
            }
            let Some(open) = &mut self.open else { break };
            let room = if open.grows(now) { u64::MAX } else { self.max_bytes.saturating_sub(open.length) };
            let piece = fitting(rest, room);
            let out = open.output.write(piece, patient);
            open.length += out as u64;
            done += out;
            if out < piece.len() {
                let error = open.output.error().unwrap_or_else(|| io::Error::other("it takes no more"));
                let error = named(&open.path, &error);
                self.failed(&error);
                break;
            }
        }
        done
    }

    /// Closes the file if it is no longer the one that its path names, if the next line does not fit, or its day is over.
    fn close_if_due(&mut self, next: u64, now: SystemTime) -> bool {
        let Some(mut open) = self.open.take() else { return false };
        match fs::metadata(&open.path) {
            Ok(found) if is_same(&found, &open.file) => open.length = found.len(),
            // Somebody has renamed it, or the folder is gone: what is at its path from now on is ours.
            _ => return false,
        }
        let closed = self.is_closed(&mut open, next, now);
        self.open = (!closed).then_some(open);
        closed
    }

    fn is_closed(&self, open: &mut Open, next: u64, now: SystemTime) -> bool {
        let is_full = open.length > 0 && open.length.saturating_add(next) > self.max_bytes;
        let is_over = is_over(open.day, day_of(now));
        if open.grows(now) || !(is_full || is_over) {
            return false;
        }
        // The last file of a day keeps its name where names are days.
        let keeps_its_name = open.length == 0 || (self.family.is_dated() && !is_full);
        if !keeps_its_name && !self.rename(open) {
            open.grows_until = Some(now + GROWS);
            return false;
        }
        true
    }

    /// Takes the file's name away. `false` where it cannot be done, or somebody else is at it: it grows on, rather than
    /// lose a line.
    fn rename(&self, open: &Open) -> bool {
        let Some(_guard) = lock_folder(&self.folder) else { return false };
        match fs::metadata(&open.path) {
            Ok(found) if is_same(&found, &open.file) => {
                self.next_name(open.day).and_then(|next| fs::rename(&open.path, next)).is_ok()
            }
            // Another process was first.
            _ => true,
        }
    }

    /// The first number of a day that is behind all others.
    fn next_name(&self, day: Day) -> io::Result<PathBuf> {
        let mut last = 0;
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let name = name.to_str().and_then(|name| self.family.parse(name)).filter(|name| name.day == Some(day));
            last = last.max(name.and_then(|name| name.number).unwrap_or(0));
        }
        Ok(self.folder.join(self.family.closed(day, last.saturating_add(1), Packing::None)))
    }

    /// Opens the file, unless it is open or has just been tried.
    fn ready(&mut self, now: SystemTime) -> io::Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        if let Some((at, _)) = self.retry.filter(|(at, waited)| now < *at && *at <= now + *waited) {
            let left = at.duration_since(now).unwrap_or_default();
            return Err(io::Error::other(format!("it is tried again in {left:?}")));
        }
        match self.open_active(now) {
            Ok(open) => {
                (self.open, self.retry) = (Some(open), None);
                Ok(())
            }
            Err(error) => {
                let waited = self.retry.map_or(FIRST_RETRY, |(_, waited)| (waited * 2).min(LAST_RETRY));
                self.retry = Some((now + waited, waited));
                Err(error)
            }
        }
    }

    fn open_active(&self, now: SystemTime) -> io::Result<Open> {
        let today = day_of(now);
        let path = self.folder.join(self.family.active(today));
        let named = |error: io::Error| named(&path, &error);
        fs::create_dir_all(&self.folder).map_err(named)?;
        for _ in 0..REPLACED {
            let file = OpenOptions::new().create(true).append(true).read(true).open(&path).map_err(named)?;
            // Who is alone with it may judge its end: what looks torn may be what another process is just writing.
            let is_alone = !matches!(file.try_lock(), Err(TryLockError::WouldBlock));
            if matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
                // Somebody packs it, and at its path there will be another; or somebody has only just opened it too.
                std::thread::sleep(BRIEFLY);
                continue;
            }
            let found = file.metadata().map_err(named)?;
            if !fs::metadata(&path).is_ok_and(|at_path| is_same(&at_path, &file)) {
                continue;
            }
            let length = found.len();
            let day = if length == 0 { today } else { found.modified().map_or(today, day_of) };
            let day = if self.family.is_dated() { today } else { day };
            let torn = is_alone && length > 0 && last_byte(&file).map_err(named)? != b'\n';
            let file = Arc::new(file);
            let output = Output::resumed(Box::new(Arc::clone(&file)), torn);
            return Ok(Open { file, output, path, day, length, grows_until: None });
        }
        Err(named(io::Error::other("it is replaced again and again")))
    }

    fn sync(&mut self, now: SystemTime) {
        let is_due = match self.sync {
            Sync::Never => false,
            Sync::Batch => true,
            Sync::Every(period) => now.duration_since(self.synced).is_ok_and(|since| since >= period),
        };
        if let Some(open) = self.open.as_ref().filter(|_| is_due) {
            self.synced = now;
            if let Err(error) = open.file.sync_data() {
                self.failed(&error);
            }
        }
    }

    /// Tells of the first failure, and again only after it was over.
    fn failed(&mut self, error: &io::Error) {
        if !std::mem::replace(&mut self.failing, true) {
            tell(&format!("log file: {error}; until it is over its lines are counted as dropped"));
        }
    }

    fn recovered(&mut self) {
        if std::mem::take(&mut self.failing) {
            tell(&format!("log file: {} is written again", self.folder.display()));
        }
    }
}

impl Open {
    fn grows(&self, now: SystemTime) -> bool {
        self.grows_until.is_some_and(|until| now < until && until <= now + GROWS)
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Where the log itself cannot say it.
fn tell(text: &str) {
    // Where standard error is gone there is nobody to tell.
    let _ = writeln!(io::stderr(), "cupola: {text}");
}

/// Nobody else renames files of this folder while this is held. Whoever does not get it at once does without.
pub(super) fn lock_folder(folder: &Path) -> Option<File> {
    let opened = File::open(folder).ok()?;
    opened.try_lock().is_ok().then_some(opened)
}

#[cfg(unix)]
fn is_same(found: &Metadata, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.metadata().is_ok_and(|own| (own.dev(), own.ino()) == (found.dev(), found.ino()))
}

/// Where open files cannot be renamed by others, what is at the path is what is open.
#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &File) -> bool {
    true
}

fn is_over(day: Day, today: Day) -> bool {
    let since = today.days_since(day);
    !(-STEP_BACK..=0).contains(&since)
}

pub(super) fn day_of(time: SystemTime) -> Day {
    let seconds = match time.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX),
    };
    Day::of_unix_seconds(seconds)
}

fn last_byte(mut file: &File) -> io::Result<u8> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0])
}

/// As many whole lines as there is room for, and one at least: none is ever cut.
fn fitting(bytes: &[u8], room: u64) -> &[u8] {
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if bytes.len() <= room {
        return bytes;
    }
    match memchr::memrchr(b'\n', &bytes[..room]) {
        Some(end) => &bytes[..=end],
        None => first_line(bytes),
    }
}

fn first_line(bytes: &[u8]) -> &[u8] {
    memchr::memchr(b'\n', bytes).map_or(bytes, |end| &bytes[..=end])
}

fn count(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Whether a file is closed for good: what is not is somebody's.
pub(super) fn is_closed(family: &FileFamily, name: &str, today: Day) -> bool {
    let Some(read) = family.parse(name).filter(|read| read.part == Part::Entries) else { return false };
    read.number.is_some() || read.day.is_some_and(|day| is_over(day, today))
}
