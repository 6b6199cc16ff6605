//! Values that there may be many of: the first ones are kept.

/// So many attributes, events, links or exemplars one record has at most; the rest is counted.
pub(super) const MAX_SEVERAL: usize = 1_024;

/// Some values, and how many there were beyond what is kept.
#[derive(Debug)]
pub(super) struct Several<T> {
    items: Vec<T>,
    pub(super) dropped: u64,
}

impl<T> Several<T> {
    #[inline]
    pub(super) fn push(&mut self, item: T) {
        if self.items.len() < MAX_SEVERAL { self.items.push(item) } else { self.dropped += 1 }
    }

    pub(super) fn items(&self) -> &[T] {
        &self.items
    }

    pub(super) fn items_mut(&mut self) -> &mut [T] {
        &mut self.items
    }

    /// Makes room for those of another record.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.dropped = 0;
    }
}

impl<T> Default for Several<T> {
    fn default() -> Self {
        Self { items: Vec::new(), dropped: 0 }
    }
}
