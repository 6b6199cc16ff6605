//! Who is there most often, of very many.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

/// Of more than this, those that come least are forgotten. Tables of these sizes are just not made twice as large.
const MAX_SHORT: usize = (1 << 18) / 8 * 7 - MAX_PART - 1;
const MAX_LONG: usize = (1 << 16) / 8 * 7 - MAX_PART - 1;
/// What one thread counts for itself.
const MAX_PART: usize = 4_096;
/// Texts of so many bytes are their own key.
const SHORT: usize = 7;
/// What a key has that is a long text's hash.
const IS_HASH: u64 = 1 << 63;

/// Counts by a value of which there may be hundreds of thousands: exact until memory ends, and from then on at most `excess` too
/// high, as a space-saving sketch has it. Long texts are known by 63 bits of their hash.
#[derive(Debug, Default)]
pub(crate) struct Tops {
    counts: FxHashMap<u64, u64>,
    texts: FxHashMap<u64, Box<[u8]>>,
    /// What a count may be too high by. Whatever is not among the counts came no more often.
    pub(crate) excess: u64,
}

impl Tops {
    #[inline]
    pub(crate) fn add(&mut self, text: &[u8]) {
        let key = key_of(text);
        let count = self.counts.entry(key).or_insert(0);
        *count += 1;
        if *count == 1 && key & IS_HASH != 0 {
            self.texts.insert(key, text.into());
        }
    }

    /// Whether a thread's own counts are to be handed over.
    pub(crate) fn is_full(&self) -> bool {
        self.counts.len() >= MAX_PART
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// How many different values there were; of those that were forgotten nothing is known.
    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Takes all that a thread has counted.
    pub(crate) fn take(&mut self, part: &mut Self) {
        for (key, count) in part.counts.drain() {
            *self.counts.entry(key).or_insert(self.excess) += count;
        }
        for (key, text) in part.texts.drain() {
            self.texts.entry(key).or_insert(text);
        }
        while self.counts.len() > MAX_SHORT || self.texts.len() > MAX_LONG {
            self.forget();
        }
    }

    /// Forgets the quarter that comes least.
    fn forget(&mut self) {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let quarter = counts.len() / 4;
        let (_, count, _) = counts.select_nth_unstable(quarter);
        self.excess = *count;
        self.counts.retain(|_, count| *count > self.excess);
        self.texts.retain(|key, _| self.counts.contains_key(key));
    }

    /// The first so many, the most frequent first, and of equals in the order of the alphabet.
    pub(crate) fn first(&self, number: usize) -> Vec<(Cow<'_, str>, u64)> {
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let least = counts.get(number.saturating_sub(1)).or(counts.last()).copied().unwrap_or_default();
        let most = self.counts.iter().filter(|(_, count)| **count >= least);
        let mut most: Vec<_> = most.map(|(key, count)| (self.text_of(*key), *count)).collect();
        most.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        most.truncate(number);
        most
    }

    fn text_of(&self, key: u64) -> Cow<'_, str> {
        if key & IS_HASH != 0 {
            return self.texts.get(&key).map_or(Cow::Borrowed(""), |text| String::from_utf8_lossy(text));
        }
        let bytes = key.to_le_bytes();
        Cow::Owned(String::from_utf8_lossy(&bytes[..usize::from(bytes[7]).min(SHORT)]).into_owned())
    }
}

#[inline]
fn key_of(text: &[u8]) -> u64 {
    if text.len() <= SHORT {
        let mut bytes = [0; 8];
        bytes[..text.len()].copy_from_slice(text);
        bytes[7] = text.len() as u8;
        return u64::from_le_bytes(bytes);
    }
    cupola_line::index::id_hash(text) | IS_HASH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_while_there_is_room() {
        let (mut sum, mut part) = (Tops::default(), Tops::default());
        for number in 0..10_000_u32 {
            part.add(format!("{}", number % 100).as_bytes());
            part.add(format!("a long name with a number {}", number % 3).as_bytes());
            if part.len() > 50 {
                sum.take(&mut part);
            }
        }
        sum.take(&mut part);
        let first = sum.first(5);
        let names: Vec<_> = first.iter().map(|(name, count)| (name.as_ref(), *count)).collect();
        let name = |number| format!("a long name with a number {number}");
        assert_eq!(names, [(&*name(0), 3334), (&*name(1), 3333), (&*name(2), 3333), ("0", 100), ("1", 100)]);
        assert_eq!((sum.excess, sum.len()), (0, 103));
    }

    /// Each round has more strangers than there is room for; whoever comes in every round is known, and never too low.
    #[test]
    fn whoever_comes_often_is_not_forgotten() {
        let (mut sum, mut part) = (Tops::default(), Tops::default());
        for number in 0..600_000_u64 {
            part.add((number % 400_000).to_string().as_bytes());
            part.add(b"often");
            if number % 100 == 0 {
                part.add(b"now and then, by a long name");
            }
            if part.is_full() {
                sum.take(&mut part);
            }
        }
        sum.take(&mut part);
        assert!(sum.len() <= MAX_SHORT && (1..10).contains(&sum.excess), "{}", sum.excess);
        let first = sum.first(2);
        let check = |at: usize, name: &str, exact: u64| {
            let (found, count) = &first[at];
            assert!(found == name && (exact..=exact + sum.excess).contains(count), "{name}: {count}, not {exact}");
        };
        check(0, "often", 600_000);
        check(1, "now and then, by a long name", 6_000);
        assert!(Tops::default().first(3).is_empty());
    }
}
