//! Reads a store's directory beside whoever writes it.

use std::path::{Path, PathBuf};

use super::Query;
use super::error::QueryError;
use super::scan::Scan;
use super::search::{Found, Search};
use super::selection::Selection;

/// A store's directory, to be read. It needs no lock: this process or another one may write it meanwhile.
///
/// ```no_run
/// use cupola_store::{Query, Reader, Search, Selection, Signal};
///
/// let reader = Reader::open("data")?;
/// let found = reader.search(&Search { selection: Selection::of(Signal::Logs), limit: 100, cursor: None })?;
/// for entry in &found.entries {
///     println!("{} {:?}", entry.time(), entry.get("message"));
/// }
/// # Ok::<(), cupola_store::QueryError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reader {
    dir: PathBuf,
}

impl Reader {
    /// The store in this directory.
    ///
    /// # Errors
    /// Where there is no such directory, or it cannot be read.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, QueryError> {
        let dir = dir.as_ref().to_owned();
        std::fs::read_dir(&dir)?;
        Ok(Self { dir })
    }

    fn scan(&self, selection: &Selection) -> Scan<'_> {
        Scan::new(&self.dir, selection)
    }
}

impl Query for Reader {
    fn search(&self, search: &Search) -> Result<Found, QueryError> {
        search.answer(self.scan(&search.selection))
    }
}
