//! Which containers are open, in one bit each.

const WORDS: usize = 8;

/// Open objects and arrays, up to a depth that no honest body needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Stack {
    objects: [u64; WORDS],
    depth: usize,
}

impl Stack {
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Whether the innermost container is an object; `None` outside of all.
    pub(super) fn is_object(&self) -> Option<bool> {
        let level = self.depth.checked_sub(1)?;
        Some(self.objects[level / 64] >> (level % 64) & 1 == 1)
    }

    /// Whether the two innermost containers are arrays.
    pub(super) fn is_array_in_array(&self) -> bool {
        let Some(level) = self.depth.checked_sub(2) else { return false };
        let is_array = |level: usize| self.objects[level / 64] >> (level % 64) & 1 == 0;
        is_array(level) && is_array(level + 1)
    }

    /// Opens a container; `false` if it is too deep to keep track of.
    pub(super) fn open(&mut self, is_object: bool) -> bool {
        if self.depth == WORDS * 64 {
            return false;
        }
        let bit = 1 << (self.depth % 64);
        let word = &mut self.objects[self.depth / 64];
        *word = if is_object { *word | bit } else { *word & !bit };
        self.depth += 1;
        true
    }

    /// Closes the innermost container; `false` if it is of the other kind.
    pub(super) fn close(&mut self, is_object: bool) -> bool {
        let fits = self.is_object() == Some(is_object);
        self.depth -= usize::from(fits);
        fits
    }
}
