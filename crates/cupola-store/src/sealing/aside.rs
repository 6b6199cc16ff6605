//! A file that others work on while the one who seals leaves it alone.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::sealing::Keeper;
use crate::writer::{FileKey, Item, Queue, Work};

/// Which file that is, if there is one. Entries for it wait as others do.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    key: Mutex<Option<FileKey>>,
    free: Condvar,
    turn: Mutex<()>,
}

impl Aside {
    /// Waits until nobody else sets files aside.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is this one.
    pub(crate) fn is(&self, key: FileKey) -> bool {
        *self.lock() == Some(key)
    }

    /// Waits until there is none.
    pub(crate) fn wait(&self) {
        drop(self.free.wait_while(self.lock(), |key| key.is_some()));
    }

    fn set(&self, key: Option<FileKey>) {
        *self.lock() = key;
        self.free.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Option<FileKey>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper {
    /// Lets go of a file, for somebody else.
    pub(crate) fn set_aside(&mut self, key: FileKey) {
        self.files.remove(&key);
        self.shared.aside.set(Some(key));
    }
}

/// Gives the file back when it goes.
#[derive(Debug)]
pub(crate) struct GiveBack<'a>(pub(crate) &'a Aside, pub(crate) &'a Queue);

impl Drop for GiveBack<'_> {
    fn drop(&mut self) {
        self.0.set(None);
        // What waits for it may be due.
        self.1.push(Item::Work(Work::new(|_| {})));
    }
}
