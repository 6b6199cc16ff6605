//! What a store has done, counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use crate::writer::Refused;

/// Counts since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) accepted: AtomicU64,
    pub(crate) sealed: AtomicU64,
    pub(crate) future: AtomicU64,
    pub(crate) too_old: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) dropped_fields: AtomicU64,
    pub(crate) busy: AtomicU64,
    pub(crate) replayed: AtomicU64,
    pub(crate) merged_blocks: AtomicU64,
    pub(crate) quarantined_blocks: AtomicU64,
    pub(crate) quarantined_files: AtomicU64,
    pub(crate) quarantined_records: AtomicU64,
    pub(crate) expired_files: AtomicU64,
    pub(crate) failed_seals: AtomicU64,
    /// Why nothing can be sealed at present.
    trouble: Mutex<Option<String>>,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Relaxed);
    }

    pub(crate) fn refuse(&self, refused: Refused) {
        Self::add(&self.future, refused.future);
        Self::add(&self.too_old, refused.too_old);
    }

    /// Says what is the matter now. Whether that is news.
    pub(crate) fn set_trouble(&self, trouble: Option<String>) -> bool {
        let mut now = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = now.is_some() != trouble.is_some();
        *now = trouble;
        is_news
    }

    pub(crate) fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
