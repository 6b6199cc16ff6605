//! What was judged of short names, remembered: bodies say the same few names over and over.

use std::cell::Cell;

use crate::KeyPolicy;
use crate::rule::{Position, Verdict};

/// Names of up to fifteen bytes; a name's last byte of sixteen holds its length.
pub(crate) const LONGEST: usize = 15;

const SLOTS: usize = 256;

/// What is known of a name in JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known(u8);

const SEEN: u8 = 1;
const MASK: u8 = 2;
const COUNTS: u8 = 4;
const NAMES: u8 = 8;
const VALUES: u8 = 16;

impl Known {
    #[inline]
    pub(crate) fn keeps(self) -> bool {
        self.0 & (MASK | COUNTS) == 0
    }

    #[inline]
    pub(crate) fn verdict(self) -> Verdict {
        match self.0 & (MASK | COUNTS) {
            0 => Verdict::Keep,
            MASK => Verdict::Mask,
            _ => Verdict::MaskUnlessNumber,
        }
    }

    /// Its value may be a name itself, as in `{"name":"password","value":...}`.
    #[inline]
    pub(crate) fn names(self) -> bool {
        self.0 & NAMES != 0
    }

    /// Its value may belong to such a name.
    #[inline]
    pub(crate) fn values(self) -> bool {
        self.0 & VALUES != 0
    }

    /// Judges a decoded name of any length.
    pub(crate) fn of(policy: &KeyPolicy, name: &[u8]) -> Self {
        let verdict = match policy.judge(name, Position::Body) {
            Verdict::Keep => 0,
            Verdict::Mask => MASK,
            Verdict::MaskUnlessNumber => COUNTS,
        };
        let role = match name {
            b"name" | b"Name" | b"key" | b"Key" | b"field" | b"k" | b"header" | b"param" | b"parameter"
            | b"attribute" | b"property" | b"variable" => NAMES,
            b"value" | b"Value" | b"val" | b"v" | b"values" => VALUES,
            _ => 0,
        };
        Self(SEEN | verdict | role)
    }
}

/// A table in which a name has one place: a later one drives an earlier one out.
#[derive(Debug)]
pub(crate) struct Verdicts {
    policy: u64,
    names: [u128; SLOTS],
    known: [u8; SLOTS],
}

thread_local! {
    /// One table for each thread; while it is lent, another one is made.
    static SHARED: Cell<Option<Box<Verdicts>>> = const { Cell::new(None) };
}

impl Verdicts {
    /// Lends the thread's table, emptied if another policy has filled it.
    pub(crate) fn lend<R>(policy: &KeyPolicy, work: impl FnOnce(&mut Self) -> R) -> R {
        let mut table = SHARED.try_with(Cell::take).ok().flatten().unwrap_or_else(|| Box::new(Self::new(policy.id())));
        if table.policy != policy.id() {
            (table.policy, table.known) = (policy.id(), [0; SLOTS]);
        }
        let result = work(&mut table);
        // On a thread that is being torn down there is no next time.
        _ = SHARED.try_with(|shared| shared.set(Some(table)));
        result
    }

    fn new(policy: u64) -> Self {
        Self { policy, names: [0; SLOTS], known: [0; SLOTS] }
    }

    /// Judges a name without escapes.
    #[inline]
    pub(crate) fn judge(&mut self, policy: &KeyPolicy, name: &[u8]) -> Known {
        if name.len() > LONGEST {
            return Known::of(policy, name);
        }
        let mut padded = [0; 16];
        padded[..name.len()].copy_from_slice(name);
        self.judge_padded(policy, u128::from_le_bytes(padded), name)
    }

    /// The same for a name that was read into a word, with zeros behind it.
    #[inline]
    pub(crate) fn judge_padded(&mut self, policy: &KeyPolicy, padded: u128, name: &[u8]) -> Known {
        let key = padded | (name.len() as u128) << 120;
        let mixed = (key as u64 ^ ((key >> 64) as u64).rotate_left(23)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let slot = (mixed >> 56) as usize;
        if self.known[slot] != 0 && self.names[slot] == key {
            return Known(self.known[slot]);
        }
        self.learn(policy, slot, key, name)
    }

    #[cold]
    #[inline(never)]
    fn learn(&mut self, policy: &KeyPolicy, slot: usize, key: u128, name: &[u8]) -> Known {
        let known = Known::of(policy, name);
        (self.names[slot], self.known[slot]) = (key, known.0);
        known
    }
}
