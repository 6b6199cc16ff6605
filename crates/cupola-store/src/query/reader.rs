//! Reads a store's directory beside whoever writes it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::error::QueryError;
use super::scan::Scan;
use super::walk::walk;
use super::{
    Counted, Counts, Entry, Failed, Failures, Found, Measured, Pointed, Points, Quantiles, Query, Requested, Requests,
    Search, Selection, Top, Topped, Trace, TraceOf, Walked,
};

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

    /// Visits all entries that are wanted, the oldest first, until `visit` breaks. What is written meanwhile to a file that is being read is
    /// not visited.
    ///
    /// # Errors
    /// Where the store cannot be read. Damaged blocks are left out, and told of.
    pub fn walk(
        &self,
        selection: &Selection,
        visit: &mut dyn FnMut(&Entry) -> ControlFlow<()>,
    ) -> Result<Walked, QueryError> {
        walk(&self.dir, selection, visit)
    }

    fn scan(&self, selection: &Selection) -> Scan<'_> {
        Scan::new(&self.dir, selection)
    }
}

impl Query for Reader {
    fn search(&self, search: &Search) -> Result<Found, QueryError> {
        search.answer(self.scan(&search.selection))
    }

    fn counts(&self, counts: &Counts) -> Result<Counted, QueryError> {
        counts.answer(self.scan(&counts.selection))
    }

    fn top(&self, top: &Top) -> Result<Topped, QueryError> {
        top.answer(self.scan(&top.selection))
    }

    fn quantiles(&self, quantiles: &Quantiles) -> Result<Measured, QueryError> {
        quantiles.answer(self.scan(&quantiles.selection))
    }

    fn requests(&self, requests: &Requests) -> Result<Requested, QueryError> {
        requests.answer(&self.dir)
    }

    fn requests_all(&self, requests: &[Requests]) -> Result<Vec<Requested>, QueryError> {
        Requests::answer_all(requests, &self.dir)
    }

    fn points(&self, points: &Points) -> Result<Pointed, QueryError> {
        points.answer(&self.dir)
    }

    fn trace(&self, trace: &TraceOf) -> Result<Trace, QueryError> {
        trace.answer(&self.dir)
    }

    fn failures(&self, failures: &Failures) -> Result<Failed, QueryError> {
        failures.answer(&self.dir)
    }
}
