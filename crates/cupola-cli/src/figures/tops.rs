//! Who is there most often, of very many.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

/// So many are counted each for itself: as many as a table of 8,192 places holds.
const KNOWN: usize = (1 << 13) / 8 * 7;
/// So many values are kept of somebody else's counts.
pub(crate) const MAX_TOPS: usize = KNOWN;
/// The others share so many counters; a power of two.
const SHARED: usize = 1 << 15;
/// Texts of so many bytes are their own key.
const SHORT: usize = 7;
/// What a key has that is a long text's hash.
const IS_HASH: u64 = 1 << 63;

/// Counts by a value of which there may be millions: exact while there are few enough, and then, by a filtered space-saving sketch,
/// never too low, and too high by no more than it says. Long texts are known by 63 bits of their hash.
#[derive(Debug, Default)]
pub(crate) struct Tops {
    known: FxHashMap<u64, Counter>,
    texts: FxHashMap<u64, Box<[u8]>>,
    /// Of those that are not known, by the rest of their key: what none of them came more often than. Empty while all are known.
    shared: Vec<u32>,
    /// Whoever comes more often than this becomes known.
    least: u64,
}

/// How often somebody came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counter {
    count: u64,
    /// What the count may be too high by.
    excess: u64,
}

/// One of those that came most often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Top<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) count: u64,
    /// What the count may be too high by.
    pub(crate) excess: u64,
}

impl Tops {
    /// What somebody else has counted: the most frequent values, of so many.
    pub(crate) fn told(values: &[(String, u64)], distinct: usize) -> Self {
        let mut tops = Self::default();
        for (text, count) in values.iter().take(KNOWN) {
            tops.know(key_of(text.as_bytes()), text.as_bytes(), Counter { count: *count, excess: 0 });
        }
        if distinct > tops.known.len() {
            tops.shared = vec![0; SHARED];
        }
        tops
    }

    #[inline]
    pub(crate) fn add(&mut self, text: &[u8]) {
        let key = key_of(text);
        if let Some(counter) = self.known.get_mut(&key) {
            counter.count += 1;
            return;
        }
        if self.shared.is_empty() && self.known.len() < KNOWN {
            return self.know(key, text, Counter { count: 1, excess: 0 });
        }
        if self.shared.is_empty() {
            self.shared = vec![0; SHARED];
        }
        let shared = &mut self.shared[place_of(key)];
        *shared = shared.saturating_add(1);
        let count = u64::from(*shared);
        if count > self.least {
            self.know(key, text, Counter { count, excess: count - 1 });
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// How many different values there were, if that is known.
    pub(crate) fn values(&self) -> Option<usize> {
        self.shared.is_empty().then_some(self.known.len())
    }

    /// Adds what another thread has counted; whom only one of them knows, the other may have met as often as its shared counter says.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, counter) in &mut self.known {
            if !other.known.contains_key(key) {
                let unseen = other.unseen(*key);
                (counter.count, counter.excess) = (counter.count + unseen, counter.excess + unseen);
            }
        }
        for (key, counter) in other.known {
            let unseen = self.unseen(key);
            let sum = self.known.entry(key).or_insert(Counter { count: unseen, excess: unseen });
            (sum.count, sum.excess) = (sum.count + counter.count, sum.excess + counter.excess);
        }
        self.texts.extend(other.texts);
        if self.shared.is_empty() {
            self.shared = other.shared;
        } else {
            self.shared.iter_mut().zip(other.shared).for_each(|(sum, shared)| *sum = sum.saturating_add(shared));
        }
    }

    /// As often somebody who is not known may have come.
    fn unseen(&self, key: u64) -> u64 {
        self.shared.get(place_of(key)).map_or(0, |shared| u64::from(*shared))
    }

    fn know(&mut self, key: u64, text: &[u8], counter: Counter) {
        if self.known.len() >= KNOWN {
            self.forget();
        }
        self.known.insert(key, counter);
        if key & IS_HASH != 0 {
            self.texts.insert(key, text.into());
        }
    }

    /// Forgets the quarter that came least.
    #[cold]
    fn forget(&mut self) {
        let mut counts: Vec<u64> = self.known.values().map(|counter| counter.count).collect();
        let quarter = counts.len() / 4;
        let (_, least, _) = counts.select_nth_unstable(quarter);
        self.least = *least;
        let Self { known, texts, shared, least } = self;
        known.retain(|key, counter| {
            let stays = counter.count > *least;
            if !stays {
                let place = &mut shared[place_of(*key)];
                *place = (*place).max(u32::try_from(counter.count).unwrap_or(u32::MAX));
            }
            stays
        });
        texts.retain(|key, _| known.contains_key(key));
    }

    /// The first so many, the most frequent first, and of equals in the order of the alphabet.
    pub(crate) fn first(&self, number: usize) -> Vec<Top<'_>> {
        let mut counts: Vec<u64> = self.known.values().map(|counter| counter.count).collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let least = counts.get(number.saturating_sub(1)).or(counts.last()).copied().unwrap_or_default();
        let most = self.known.iter().filter(|(_, counter)| counter.count >= least);
        let top = |(key, counter): (&u64, &Counter)| {
            let Counter { count, excess } = *counter;
            Top { text: self.text_of(*key), count, excess }
        };
        let mut most: Vec<_> = most.map(top).collect();
        most.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.text.cmp(&other.text)));
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

/// Which shared counter is a key's.
#[inline]
fn place_of(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 49) as usize % SHARED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_while_there_is_room() {
        let mut parts: Vec<Tops> = (0..3).map(|_| Tops::default()).collect();
        for number in 0..10_000_usize {
            let part = &mut parts[number % 7 % 3];
            part.add(format!("{}", number % 100).as_bytes());
            part.add(format!("a long name with a number {}", number % 3).as_bytes());
        }
        let mut sum = Tops::default();
        parts.into_iter().for_each(|part| sum.merge(part));
        let first = sum.first(5);
        let names: Vec<_> = first.iter().map(|top| (top.text.as_ref(), top.count, top.excess)).collect();
        let name = |number| format!("a long name with a number {number}");
        assert_eq!(
            names,
            [(&*name(0), 3334, 0), (&*name(1), 3333, 0), (&*name(2), 3333, 0), ("0", 100, 0), ("1", 100, 0)]
        );
        assert_eq!(sum.values(), Some(103));
        assert!(Tops::default().first(3).is_empty());
    }

    /// Strangers without end, among whom a few come again and again: one of them only once there is no room any more.
    #[test]
    fn whoever_comes_often_is_known_and_never_too_low() {
        let mut parts = [Tops::default(), Tops::default()];
        for number in 0..600_000_usize {
            let part = &mut parts[number % 2];
            part.add((number % 400_000).to_string().as_bytes());
            part.add(b"often");
            if number % 100 < 2 {
                part.add(b"now and then, by a long name");
            }
            if number > 300_000 && number % 50 < 2 {
                part.add(b"late");
            }
        }
        let [mut sum, other] = parts;
        sum.merge(other);
        assert!(sum.known.len() <= 2 * KNOWN && sum.values().is_none());
        let first = sum.first(3);
        let check = |at: usize, name: &str, exact: u64| {
            let Top { text, count, excess } = &first[at];
            assert!(
                text == name && (exact..=exact + excess).contains(count) && *excess < 200,
                "{name}: {:?}",
                first[at]
            );
        };
        check(0, "often", 600_000);
        // What was known from the beginning is exact.
        assert_eq!(first[0].excess, 0);
        let names: Vec<_> = first[1..].iter().map(|top| top.text.as_ref()).collect();
        let late = if names[0] == "late" { 1 } else { 2 };
        check(late, "late", 11_998);
        check(3 - late, "now and then, by a long name", 12_000);
    }
}
