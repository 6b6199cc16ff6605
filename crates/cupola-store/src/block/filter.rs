//! What a block may have: a Bloom filter in lines of 32 bytes, of which a question reads one.
//!
//! Eight bits a word, one in each eighth of the line that the upper half of the word's number picks, and ten bits of filter for each
//! word: about one word in a hundred that is not there seems to be. The layout is the file format's.

use crate::block::torn::Torn;
use crate::words;

const LINE: usize = 32;
const BITS_A_WORD: usize = 10;
const SALTS: [u32; 8] =
    [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

/// A filter that was read.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    lines: Vec<u8>,
}

impl Filter {
    /// The one that `build` has written.
    pub(crate) fn new(lines: Vec<u8>) -> Result<Self, Torn> {
        if lines.len().is_multiple_of(LINE) { Ok(Self { lines }) } else { Err(Torn("a filter of half a line")) }
    }

    /// Whether a text of the block may have this token, in whichever case. A no is sure.
    pub(crate) fn may_contain(&self, token: &[u8]) -> bool {
        self.has(words::hash(token))
    }

    /// Whether the block may have an entry with this id. A no is sure.
    pub(crate) fn may_contain_id(&self, id: &[u8]) -> bool {
        self.has(words::hash_id(id))
    }

    fn has(&self, hash: u64) -> bool {
        if self.lines.is_empty() {
            return false;
        }
        let hash = hash.max(1);
        let start = line(hash, self.lines.len() / LINE) * LINE;
        self.lines[start..start + LINE].iter().zip(mask(hash)).all(|(byte, bits)| byte & bits == bits)
    }
}

/// The filter of these numbers, which are different from each other.
pub(crate) fn build(hashes: impl ExactSizeIterator<Item = u64>) -> Vec<u8> {
    let lines = (hashes.len() * BITS_A_WORD).div_ceil(8 * LINE);
    let mut out = vec![0; lines * LINE];
    for hash in hashes {
        let start = line(hash, lines) * LINE;
        out[start..start + LINE].iter_mut().zip(mask(hash)).for_each(|(byte, bits)| *byte |= bits);
    }
    out
}

fn line(hash: u64, lines: usize) -> usize {
    let picked = ((hash >> 32) * lines as u64) >> 32;
    usize::try_from(picked).expect("below the number of lines")
}

fn mask(hash: u64) -> [u8; LINE] {
    #[allow(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    let low = hash as u32;
    let mut out = [0; LINE];
    for (eighth, salt) in out.as_chunks_mut::<4>().0.iter_mut().zip(SALTS) {
        *eighth = (1_u32 << (low.wrapping_mul(salt) >> 27)).to_le_bytes();
    }
    out
}

/// Numbers, each once.
#[derive(Debug)]
pub(crate) struct Distinct {
    /// A power of two of places, of which at most half are taken; 0 is a free one.
    places: Vec<u64>,
    taken: Vec<u64>,
}

impl Distinct {
    pub(crate) fn new() -> Self {
        Self { places: vec![0; 1 << 12], taken: Vec::new() }
    }

    pub(crate) fn add(&mut self, hash: u64) {
        let hash = hash.max(1);
        if insert(&mut self.places, hash) {
            self.taken.push(hash);
            if 2 * self.taken.len() > self.places.len() {
                self.grow();
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.places.fill(0);
        self.taken.clear();
    }

    /// The filter of what was added.
    pub(crate) fn filter(&self) -> Vec<u8> {
        build(self.taken.iter().copied())
    }

    fn grow(&mut self) {
        self.places = vec![0; 2 * self.places.len()];
        for hash in &self.taken {
            insert(&mut self.places, *hash);
        }
    }
}

fn insert(places: &mut [u64], hash: u64) -> bool {
    let last = places.len() - 1;
    #[allow(clippy::cast_possible_truncation, reason = "the lower bits are meant")]
    let mut place = hash as usize & last;
    while places[place] != 0 {
        if places[place] == hash {
            return false;
        }
        place = (place + 1) & last;
    }
    places[place] = hash;
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_is_there_and_little_else() {
        for count in [1, 2, 30, 1_000, 50_000] {
            let mut distinct = Distinct::new();
            for round in 0..2 * count {
                distinct.add(words::hash(format!("word{}", round % count).as_bytes()));
            }
            assert_eq!(distinct.taken.len(), count);
            let filter = Filter::new(distinct.filter()).unwrap();
            assert!((0..count).all(|number| filter.may_contain(format!("WORD{number}").as_bytes())));
            let wrong = (0..10_000).filter(|number| filter.may_contain(format!("other{number}").as_bytes())).count();
            assert!(wrong < 400, "{wrong} of 10,000 at {count}");
        }
    }

    #[test]
    fn a_filter_of_nothing_has_nothing() {
        assert!(!Filter::new(Distinct::new().filter()).unwrap().may_contain(b"word"));
        assert!(Filter::new(vec![0; 33]).is_err());
    }
}
