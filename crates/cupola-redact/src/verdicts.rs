//! What was judged of short names, remembered: bodies say the same few names over and over.

use std::cell::Cell;

use crate::KeyPolicy;
use crate::rule::{Position, Verdict};

/// Names of up to fifteen bytes; a name's last byte of sixteen holds its length.
pub(crate) const LONGEST: usize = 15;

/// The bytes of a name in two words, its length in the last byte.
type Key = [u64; 2];

const SLOTS: usize = 512;

/// A name has so many places.
const WAYS: usize = 4;

/// No name has this key.
const NONE: Key = [u64::MAX; 2];

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

    /// It is kept, and has no other meaning.
    #[inline]
    pub(crate) fn is_plain(self) -> bool {
        self.0 == SEEN
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

/// A table in which a name has a few places: where too many meet, the earliest goes.
#[derive(Debug)]
pub(crate) struct Verdicts {
    policy: u64,
    names: [Key; SLOTS],
    known: [u8; SLOTS],
}

thread_local! {
    /// One table for each thread; while it is lent, another one is made.
    static SHARED: Cell<Option<Box<Verdicts>>> = const { Cell::new(None) };
}

impl Verdicts {
    /// Lends the thread's table, emptied if a policy of another id has filled it.
    pub(crate) fn lend<R>(policy: u64, work: impl FnOnce(&mut Self) -> R) -> R {
        let mut table = SHARED.try_with(Cell::take).ok().flatten().unwrap_or_else(|| Box::new(Self::new(policy)));
        if table.policy != policy {
            (table.policy, table.names) = (policy, [NONE; SLOTS]);
        }
        let result = work(&mut table);
        // On a thread that is being torn down there is no next time.
        _ = SHARED.try_with(|shared| shared.set(Some(table)));
        result
    }

    fn new(policy: u64) -> Self {
        Self { policy, names: [NONE; SLOTS], known: [0; SLOTS] }
    }

    /// Judges a name of JSON without escapes.
    #[inline]
    pub(crate) fn judge(&mut self, policy: &KeyPolicy, name: &[u8]) -> Known {
        if name.len() > LONGEST {
            return Known::of(policy, name);
        }
        self.judge_padded(policy, padded(name), name)
    }

    /// The same for a name that was read into two words, with zeros behind it.
    #[inline]
    pub(crate) fn judge_padded(&mut self, policy: &KeyPolicy, padded: Key, name: &[u8]) -> Known {
        let key = [padded[0], padded[1] | (name.len() as u64) << 56];
        match self.find(key) {
            Some(known) => known,
            None => self.learn(key, || Known::of(policy, name)),
        }
    }

    /// Whether the value under a name in a text is kept.
    #[inline]
    pub(crate) fn keeps(&mut self, policy: &KeyPolicy, name: &[u8], position: Position) -> bool {
        if name.len() > LONGEST {
            return policy.judge(name, position) == Verdict::Keep;
        }
        // A time or a date: what has no two letters is no name, unless somebody has made it one.
        if policy.id() == 0 && name[0].is_ascii_digit() && name.iter().filter(|b| b.is_ascii_alphabetic()).count() < 2 {
            return true;
        }
        let [low, high] = padded(name);
        let key = [low, high | ((name.len() | position_bit(position)) as u64) << 56];
        let judge = || Known(SEEN | if policy.judge(name, position) == Verdict::Keep { 0 } else { MASK });
        match self.find(key) {
            Some(known) => known.keeps(),
            None => self.learn(key, judge).keeps(),
        }
    }

    #[inline]
    fn find(&self, key: Key) -> Option<Known> {
        let slot = slot(key);
        if self.names[slot] == key {
            return Some(Known(self.known[slot]));
        }
        (1..WAYS).map(|way| slot ^ way).find(|&slot| self.names[slot] == key).map(|slot| Known(self.known[slot]))
    }

    #[cold]
    #[inline(never)]
    fn learn(&mut self, key: Key, judge: impl FnOnce() -> Known) -> Known {
        let (known, slot) = (judge(), slot(key));
        for way in (1..WAYS).rev() {
            let (from, to) = (slot ^ (way - 1), slot ^ way);
            (self.names[to], self.known[to]) = (self.names[from], self.known[from]);
        }
        (self.names[slot], self.known[slot]) = (key, known.0);
        known
    }
}

/// Names in texts and in URLs have places of their own.
const fn position_bit(position: Position) -> usize {
    match position {
        Position::Url => 0x40,
        _ => 0x20,
    }
}

/// The name in two words with zeros behind it.
#[inline]
fn padded(name: &[u8]) -> Key {
    let mut padded = [0; 16];
    padded[..name.len()].copy_from_slice(name);
    let both = u128::from_le_bytes(padded);
    [both as u64, (both >> 64) as u64]
}

/// Both words are multiplied with each other, so that a change of any byte changes the upper bits.
#[inline]
fn slot([low, high]: Key) -> usize {
    let product = u128::from(low ^ 0x9E37_79B9_7F4A_7C15) * u128::from(high ^ 0xC2B2_AE3D_27D4_EB4F);
    ((product >> 64) as u64 ^ product as u64) as usize % SLOTS
}
