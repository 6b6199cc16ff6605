//! Which entries of a block are meant: a bit for each.

use std::ops::Range;

/// A set of rows below a length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rows {
    words: Vec<u64>,
    len: usize,
}

impl Rows {
    pub(crate) fn none(len: usize) -> Self {
        Self { words: vec![0; len.div_ceil(64)], len }
    }

    pub(crate) fn all(len: usize) -> Self {
        let mut rows = Self { words: vec![u64::MAX; len.div_ceil(64)], len };
        if let (Some(last), 1..) = (rows.words.last_mut(), len % 64) {
            *last = (1 << (len % 64)) - 1;
        }
        rows
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn has(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    pub(crate) fn add(&mut self, row: usize) {
        if row < self.len {
            self.words[row / 64] |= 1 << (row % 64);
        }
    }

    pub(crate) fn remove(&mut self, row: usize) {
        if row < self.len {
            self.words[row / 64] &= !(1 << (row % 64));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many of them are in this range.
    pub(crate) fn count_within(&self, range: &Range<usize>) -> usize {
        let below = |end: usize| {
            let (words, bits) = (end / 64, end % 64);
            let whole: usize = self.words.iter().take(words).map(|word| word.count_ones() as usize).sum();
            whole + self.words.get(words).map_or(0, |word| (word & ((1 << bits) - 1)).count_ones() as usize)
        };
        below(range.end).saturating_sub(below(range.start))
    }

    pub(crate) fn join(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(crate) fn drop_all(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// From the first on that is not below this.
    pub(crate) fn iter_from(&self, row: usize) -> impl Iterator<Item = usize> + '_ {
        let (first, bit) = (row / 64, row % 64);
        self.words.iter().enumerate().skip(first).flat_map(move |(place, word)| {
            let word = if place == first { word >> bit << bit } else { *word };
            Bits { word, start: place * 64 }
        })
    }

    /// From the first on.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(place, word)| Bits { word: *word, start: place * 64 })
    }
}

/// The bits of a word, from either end.
#[derive(Clone, Copy, Debug)]
struct Bits {
    word: u64,
    start: usize,
}

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = (self.word != 0).then(|| self.word.trailing_zeros() as usize)?;
        self.word &= self.word - 1;
        Some(self.start + bit)
    }
}

impl DoubleEndedIterator for Bits {
    fn next_back(&mut self) -> Option<usize> {
        let bit = (self.word != 0).then(|| 63 - self.word.leading_zeros() as usize)?;
        self.word &= !(1 << bit);
        Some(self.start + bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_a_set() {
        for len in [0, 1, 63, 64, 65, 4_096] {
            let all = Rows::all(len);
            assert_eq!((all.count(), all.is_empty(), all.has(len)), (len, len == 0, false));
            assert_eq!(all.iter().collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
            assert_eq!(all.iter().rev().collect::<Vec<_>>(), (0..len).rev().collect::<Vec<_>>());
            let mut some = Rows::none(len);
            (0..=len).filter(|row| row % 3 == 0).for_each(|row| some.add(row));
            let mut others = all.clone();
            others.drop_all(&some);
            assert!((0..len).all(|row| some.has(row) == (row % 3 == 0) && others.has(row) != some.has(row)));
            others.join(&some);
            assert_eq!(others, all);
            some.remove(0);
            assert!(!some.has(0));
        }
    }
}
