//! What waits to be sealed, bounded in bytes.

use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::sealing::Keeper;
use crate::writer::parts::Parts;

/// Between those who bring entries and the one who seals them.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    freed: Condvar,
    most_bytes: usize,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<Item>,
    /// Of what waits here, and of what was taken and is not sealed yet.
    bytes: usize,
    closed: bool,
}

/// What was brought.
#[derive(Debug)]
pub(crate) enum Item {
    /// Entries, and the number of their record in the journal, if they have one.
    Entries(Parts, Option<u64>),
    /// Somebody waits until everything before is sealed, and is told whether it is.
    Flush(SyncSender<bool>),
    /// Something else is to be done between two seals.
    Work(Work),
}

/// What the one who seals is to do.
pub(crate) struct Work(Box<dyn FnOnce(&mut Keeper) + Send>);

impl Work {
    pub(crate) fn new(work: impl FnOnce(&mut Keeper) + Send + 'static) -> Self {
        Self(Box::new(work))
    }

    pub(crate) fn run(self, keeper: &mut Keeper) {
        (self.0)(keeper);
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoRoom {
    Full,
    Closed,
}

impl Queue {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), freed: Condvar::new(), most_bytes }
    }

    /// Takes room for so many bytes; what is too large for any room has it where nothing else is.
    pub(crate) fn reserve(&self, bytes: usize) -> Result<(), NoRoom> {
        let mut state = self.lock();
        if state.closed {
            return Err(NoRoom::Closed);
        }
        if state.bytes > 0 && state.bytes + bytes > self.most_bytes {
            return Err(NoRoom::Full);
        }
        state.bytes += bytes;
        Ok(())
    }

    /// Takes room that is not asked for: what it is for is here already.
    pub(crate) fn occupy(&self, bytes: usize) {
        self.lock().bytes += bytes;
    }

    /// Gives room back.
    pub(crate) fn release(&self, bytes: usize) {
        self.lock().bytes -= bytes;
        self.freed.notify_all();
    }

    /// Waits, no longer than this, until there is room for so many bytes, or none will ever be asked for again.
    pub(crate) fn wait_for_room(&self, bytes: usize, wait: Duration) {
        let full = |state: &mut State| !state.closed && state.bytes > 0 && state.bytes + bytes > self.most_bytes;
        drop(self.freed.wait_timeout_while(self.lock(), wait, full));
    }

    /// Brings what room was taken for.
    pub(crate) fn push(&self, item: Item) {
        self.lock().items.push_back(item);
        self.arrived.notify_one();
    }

    /// How many bytes wait.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Nobody brings anything any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
        self.freed.notify_all();
    }

    /// What has been brought, of so many entries or a little more; waits so long for the first. Nothing and `true` at the end.
    pub(crate) fn take(&self, rows: u64, wait: Duration) -> (Vec<Item>, bool) {
        let idle = |state: &mut State| state.items.is_empty() && !state.closed;
        let waited = self.arrived.wait_timeout_while(self.lock(), wait, idle);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let (mut taken, mut of_rows) = (Vec::new(), 0);
        while of_rows < rows
            && let Some(item) = state.items.pop_front()
        {
            if let Item::Entries(parts, _) = &item {
                of_rows += parts.rows;
            }
            taken.push(item);
        }
        let at_end = taken.is_empty() && state.closed;
        (taken, at_end)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
