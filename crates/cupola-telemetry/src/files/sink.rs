//! The files of a log, and which line goes into which of them.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use cupola_line::FileFamily;
use rustc_hash::FxHashMap;

use crate::files::account::{Account, OutputCounts};
use crate::files::clock::{self, Clock};
use crate::files::config::{FilesConfig, Layout};
use crate::files::head;
use crate::files::keeper::Keeper;
use crate::files::log_file::{LogFile, Wrote};
use crate::files::lost::Lost;

/// The most folders of categories: names come from code, but nobody knows whose.
const MAX_CATEGORIES: usize = 32;

/// Where lines go whose category is no name of a folder, or one too many.
const GENERAL: &[u8] = b"general";

/// A buffer that has grown beyond this gives its memory back.
const KEPT_BYTES: usize = 1024 * 1024;

/// The accounts of all outputs, for whoever shows them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts(Arc<Mutex<Vec<Arc<Account>>>>);

impl Accounts {
    pub(crate) fn open(&self, output: impl Into<String>) -> Arc<Account> {
        let account = Arc::new(Account::new(output));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(account.clone());
        account
    }

    pub(crate) fn read(&self) -> Vec<OutputCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|account| account.read()).collect()
    }
}

/// All files that lines are written to.
#[derive(Debug)]
pub(crate) struct Files {
    config: FilesConfig,
    /// With every line.
    whole: Vec<LogFile>,
    errors: Option<Share>,
    /// By category.
    categories: Option<FxHashMap<Box<[u8]>, Share>>,
    keeper: Keeper,
    accounts: Accounts,
    clock: ClockOf,
}

/// A clock has nothing to show.
struct ClockOf(Clock);

impl std::fmt::Debug for ClockOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// A file with some of the lines, and those of the batch that it is to take.
#[derive(Debug)]
struct Share {
    file: LogFile,
    bytes: Vec<u8>,
    /// Which lines of the batch they are.
    lines: Vec<u32>,
}

impl Files {
    pub(crate) fn open(config: FilesConfig, accounts: Accounts) -> io::Result<Self> {
        Self::with_clock(config, accounts, clock::system())
    }

    pub(super) fn with_clock(config: FilesConfig, accounts: Accounts, clock: Clock) -> io::Result<Self> {
        let keeper = Keeper::start(&config, clock.clone())?;
        let (whole, errors, categories) = (Vec::new(), None, None);
        let mut files = Self { config, whole, errors, categories, keeper, accounts, clock: ClockOf(clock) };
        if let Some((folder, family)) = files.config.single() {
            let file = files.file(folder, family, "LOG_FILE");
            files.whole.push(file);
        }
        let Some(folder) = files.config.folder.clone() else { return Ok(files) };
        if files.config.layout != Layout::Categories {
            let file = files.file(folder.clone(), FileFamily::named("api", "log"), "api.log");
            files.whole.push(file);
            files.errors = Some(Share::of(files.file(folder, FileFamily::named("errors", "log"), "errors.log")));
        }
        files.categories = (files.config.layout != Layout::Files).then(FxHashMap::default);
        Ok(files)
    }

    fn file(&self, folder: PathBuf, family: FileFamily, name: &str) -> LogFile {
        self.keeper.keep(&folder, &family);
        LogFile::new(folder, family, self.config.max_bytes, self.config.sync, self.accounts.open(name))
    }

    /// Writes a batch of so many lines. Those that do not get everywhere they belong are marked as lost.
    pub(crate) fn write(&mut self, batch: &[u8], lines: u64, lost: &mut Lost, patient: &dyn Fn() -> bool) {
        let now = (self.clock.0)();
        let mut closed = false;
        for file in &mut self.whole {
            let wrote = file.write(batch, lines, now, patient);
            lost.last(lines - wrote.lines);
            closed |= wrote.closed;
        }
        self.share(batch);
        let shares = self.errors.iter_mut().chain(self.categories.iter_mut().flat_map(|shares| shares.values_mut()));
        for share in shares.filter(|share| !share.lines.is_empty()) {
            closed |= share.write(now, lost, patient).closed;
        }
        if closed {
            self.keeper.poke();
        }
    }

    /// Writes a line of the log's own, which is in no account; `false` where it was not taken.
    pub(crate) fn note(&mut self, line: &[u8], patient: &dyn Fn() -> bool) -> bool {
        let now = (self.clock.0)();
        match self.whole.first_mut() {
            Some(file) => file.note(line, now, patient),
            None => self.category(GENERAL).is_some_and(|share| share.file.note(line, now, patient)),
        }
    }

    fn share(&mut self, batch: &[u8]) {
        if self.errors.is_none() && self.categories.is_none() {
            return;
        }
        let mut start = 0;
        for (number, end) in (0..).zip(memchr::memchr_iter(b'\n', batch)) {
            let line = &batch[start..=end];
            start = end + 1;
            let head = head::of(line);
            if let Some(errors) = self.errors.as_mut().filter(|_| head.is_error) {
                errors.take(number, line);
            }
            if let Some(share) = self.category(head.category) {
                share.take(number, line);
            }
        }
    }

    /// The file of a category, which is made by its first line.
    fn category(&mut self, category: &[u8]) -> Option<&mut Share> {
        let shares = self.categories.as_ref()?;
        let known = shares.contains_key(category);
        let fits = known || (is_folder_name(category) && (shares.len() < MAX_CATEGORIES || category == GENERAL));
        let category = if fits { category } else { GENERAL };
        if !shares.contains_key(category) {
            let name = String::from_utf8_lossy(category).into_owned();
            let folder = self.config.folder.as_ref()?.join(&name);
            let share = Share::of(self.file(folder, FileFamily::dated("jsonl"), &format!("{name}/")));
            self.categories.as_mut()?.insert(category.into(), share);
        }
        self.categories.as_mut()?.get_mut(category)
    }
}

impl Share {
    const fn of(file: LogFile) -> Self {
        Self { file, bytes: Vec::new(), lines: Vec::new() }
    }

    fn take(&mut self, number: u32, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.lines.push(number);
    }

    fn write(&mut self, now: SystemTime, lost: &mut Lost, patient: &dyn Fn() -> bool) -> Wrote {
        let wrote = self.file.write(&self.bytes, self.lines.len() as u64, now, patient);
        lost.these(self.lines.get(wrote.lines as usize..).unwrap_or_default());
        self.bytes.clear();
        self.lines.clear();
        if self.bytes.capacity() > KEPT_BYTES {
            (self.bytes, self.lines) = (Vec::new(), Vec::new());
        }
        wrote
    }
}

fn is_folder_name(category: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=64).contains(&category.len()) && category.iter().all(plain)
}

#[cfg(test)]
mod tests;
