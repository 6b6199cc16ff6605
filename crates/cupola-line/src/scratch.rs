//! The memory that one line lends to the next.

/// What a [`LineWriter`](crate::LineWriter) needs beside its buffer; kept from line to line, so that a warm line allocates
/// nothing. One per thread is enough.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) keys: KeyTable,
    /// Where a known field is encoded that needs more than a copy.
    pub(crate) spare: Vec<u8>,
}

impl Scratch {
    /// Makes an empty scratch; it grows with the first lines.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the last line.
    #[inline]
    pub(crate) fn reset(&mut self) {
        self.keys.reset();
        if self.spare.len() > KEPT_SPARE {
            self.spare = Vec::new();
        }
    }
}

/// The names that a line has already, by their hashes: open addressing, emptied by counting up `line`.
#[derive(Debug)]
pub(crate) struct KeyTable {
    slots: Vec<Slot>,
    /// How far a hash is shifted to give a slot's index.
    shift: u32,
    line: u64,
    used: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    hash: u64,
    line: u64,
}

/// A line with a giant value must not hold its memory for ever.
const KEPT_SPARE: usize = 64 * 1024;

const FIRST_BITS: u32 = 7;

/// A line with very many fields must not hold its table's memory for ever.
const KEPT_SLOTS: usize = 4096;

impl Default for KeyTable {
    fn default() -> Self {
        Self::with_bits(FIRST_BITS)
    }
}

impl KeyTable {
    fn with_bits(bits: u32) -> Self {
        Self { slots: vec![Slot::default(); 1 << bits], shift: 64 - bits, line: 1, used: 0 }
    }

    #[inline]
    fn reset(&mut self) {
        if self.slots.len() > KEPT_SLOTS {
            *self = Self::default();
        }
        self.line += 1;
        self.used = 0;
    }

    /// Notes a name, and says whether it is new to this line.
    #[inline]
    pub(crate) fn insert(&mut self, hash: u64) -> bool {
        let line = self.line;
        let slot = self.search(hash);
        if slot.line == line {
            return false;
        }
        *slot = Slot { hash, line };
        self.used += 1;
        if self.used * 2 > self.slots.len() {
            self.grow();
        }
        true
    }

    /// The slot of a name, or the free one in which it belongs.
    #[inline]
    fn search(&mut self, hash: u64) -> &mut Slot {
        let mask = self.slots.len() - 1;
        let mut at = (hash >> self.shift) as usize & mask;
        while self.slots[at].line == self.line && self.slots[at].hash != hash {
            at = (at + 1) & mask;
        }
        &mut self.slots[at]
    }

    /// Forgets the name that was noted last; no other name's search can lead through its slot.
    pub(crate) fn remove_last(&mut self, hash: u64) {
        *self.search(hash) = Slot::default();
        self.used -= 1;
    }

    #[cold]
    fn grow(&mut self) {
        let mut larger = Self::with_bits(64 - self.shift + 1);
        larger.line = self.line;
        for slot in self.slots.iter().filter(|slot| slot.line == self.line) {
            larger.insert(slot.hash);
        }
        *self = larger;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_once_a_line() {
        let mut table = KeyTable::default();
        for _ in 0..3 {
            table.reset();
            for n in 0..20_000_u64 {
                assert!(table.insert(n.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
                assert!(!table.insert((n / 2).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            }
        }
        table.reset();
        assert_eq!(table.slots.len(), 1 << FIRST_BITS);
    }

    #[test]
    fn equal_indexes_are_probed_and_the_last_can_be_taken_back() {
        let mut table = KeyTable::default();
        table.reset();
        for n in 0..100 {
            assert!(table.insert(n), "{n}");
            table.remove_last(n);
            assert!(table.insert(n), "{n}");
        }
        assert!((0..100).all(|n| !table.insert(n)));
    }
}
