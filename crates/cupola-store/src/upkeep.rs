//! Takes care of a store that is open: what [`maintain`](crate::maintain) does with one that is not, beside the one who writes.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::maintain::{self, Backup, Compacted, MaintainError, Prune, Verified};
use crate::query::{Entry, Reader, Selection, Walked};
use crate::sealing::{GiveBack, Keeper};
use crate::store::FileStats;
use crate::writer::{FileKey, Item, Shared, Work, now};

/// Takes care of a store that is open. Each call takes as long as the store is large; nobody waits for its turn here, so that whoever calls
/// sees to it that they are few.
#[allow(
    clippy::missing_errors_doc,
    reason = "they are all alike: something cannot be read or written, or the store is closed meanwhile"
)]
pub trait Upkeep: fmt::Debug + Send + Sync {
    /// Reads all of it, and says what cannot be read: [`maintain::verify`].
    fn verify(&self) -> Result<Verified, MaintainError>;

    /// Deletes the files of whole days, or says which would be: [`maintain::Held::prune`]. What still waits for a day makes a new file of it.
    fn prune(&self, prune: &Prune, dry_run: bool) -> Result<Vec<FileStats>, MaintainError>;

    /// Makes its files smaller: [`maintain::Held::compact`].
    fn compact(&self) -> Result<Compacted, MaintainError>;

    /// Copies it to a place of its own, and says what that is called: [`maintain::backup`]. Where nobody has said where backups go, none is
    /// made ([`MaintainError::has_no_place`]).
    fn backup(&self) -> Result<(String, Backup), MaintainError>;

    /// Visits all entries that are wanted, the oldest first: [`Reader::walk`].
    fn export(
        &self,
        selection: &Selection,
        visit: &mut dyn FnMut(&Entry) -> ControlFlow<()>,
    ) -> Result<Walked, MaintainError>;
}

/// Takes care of the store that one has open here ([`Store::upkeep`](crate::Store::upkeep)). When that is closed, what is being done is stopped.
#[derive(Clone, Debug)]
pub struct StoreUpkeep {
    dir: PathBuf,
    shared: Arc<Shared>,
    backups: Option<PathBuf>,
}

/// Between two looks whether there is still somebody to wait for.
const LOOK: Duration = Duration::from_millis(100);

impl StoreUpkeep {
    pub(crate) fn new(dir: &Path, shared: Arc<Shared>, backups: Option<PathBuf>) -> Self {
        Self { dir: dir.to_owned(), shared, backups }
    }

    /// Has something done between two seals, by the one who seals, and waits for it.
    fn have_done<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Keeper) -> T + Send + 'static,
    ) -> Result<T, MaintainError> {
        let (done, waits) = mpsc::sync_channel(1);
        let work = Work::new(move |keeper| _ = done.send(work(keeper)));
        self.shared.queue.push(Item::Work(work));
        loop {
            match waits.recv_timeout(LOOK) {
                Ok(done) => return Ok(done),
                Err(RecvTimeoutError::Timeout) if !self.shared.ending.is_cancelled() => {}
                Err(_) => return Err(MaintainError::closed(&self.dir)),
            }
        }
    }

    /// Nobody seals to this file while what it gives is there.
    fn take(&self, key: FileKey) -> Result<GiveBack<'_>, MaintainError> {
        // There first: whoever gives up waiting gives it back all the same.
        let taken = GiveBack(&self.shared.aside, &self.shared.queue);
        self.have_done(move |keeper| keeper.set_aside(key))?;
        Ok(taken)
    }

    fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.dir).unwrap_or(path).to_owned()
    }
}

impl Upkeep for StoreUpkeep {
    fn verify(&self) -> Result<Verified, MaintainError> {
        let mut verified = self.shared.ending.during(|| maintain::verify(&self.dir, &|_| {}))?;
        verified.problems.iter_mut().for_each(|problem| problem.file = self.relative(&problem.file));
        Ok(verified)
    }

    fn prune(&self, prune: &Prune, dry_run: bool) -> Result<Vec<FileStats>, MaintainError> {
        if dry_run {
            return maintain::to_prune(&self.dir, prune);
        }
        let prune = *prune;
        self.have_done(move |keeper| keeper.prune(&prune))?
    }

    fn compact(&self) -> Result<Compacted, MaintainError> {
        let _one_at_a_time = self.shared.aside.turn();
        self.shared.ending.during(|| maintain::compact(&self.dir, &|_| {}, |key| self.take(key)))
    }

    fn backup(&self) -> Result<(String, Backup), MaintainError> {
        let place = self.backups.as_deref().ok_or_else(|| MaintainError::no_place(&self.dir))?;
        let name = name(now());
        let made = self.shared.ending.during(|| maintain::backup(&self.dir, &place.join(&name), &|_| {}))?;
        Ok((name, made))
    }

    fn export(
        &self,
        selection: &Selection,
        visit: &mut dyn FnMut(&Entry) -> ControlFlow<()>,
    ) -> Result<Walked, MaintainError> {
        let walk = || Reader::open(&self.dir)?.walk(selection, visit);
        self.shared.ending.during(walk).map_err(|error| MaintainError::query(&self.dir, error))
    }
}

/// What a backup of this moment is called: `2026-11-27T160302.123Z`.
fn name(time: i64) -> String {
    let moment = jiff::Timestamp::from_nanosecond(time.into()).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H%M%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests;
