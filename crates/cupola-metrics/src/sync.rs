//! What threads share memory with: the standard library's, or that of the model checker.

#[cfg(cupola_model)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64, fence},
};
use std::sync::PoisonError;
#[cfg(not(cupola_model))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64, fence},
};

/// Nothing is left half-done under these locks, so that a poison says nothing.
pub(crate) fn guard<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
