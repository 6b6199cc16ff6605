//! The lines around those that match.

use std::collections::VecDeque;

use super::merge::{Batch, Item};

/// What a line is of its block.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    /// Its number among the block's lines.
    pub(crate) number: usize,
    pub(crate) matches: bool,
}

/// The lines of a block that may be shown: those that match, those around them, and those at its edges, which may be around those that
/// match in its neighbours.
#[derive(Debug, Default)]
pub(crate) struct Marked {
    pub(crate) batch: Batch,
    /// One for each item.
    pub(crate) marks: Vec<Mark>,
    /// How many lines the block has.
    pub(crate) lines: usize,
}

/// Which numbers of lines may be shown, of those that match.
pub(crate) fn candidates(matching: &[usize], lines: usize, around: usize) -> Vec<usize> {
    let near = |number: &usize| number.saturating_sub(around)..(number + around + 1).min(lines);
    let mut numbers: Vec<_> = matching.iter().flat_map(near).collect();
    numbers.extend((0..lines.min(around)).chain(lines.saturating_sub(around)..lines));
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Joins the blocks of one file.
#[derive(Debug, Default)]
pub(crate) struct Join {
    around: usize,
    separator: &'static str,
    /// The number of the block's first line in the file.
    base: usize,
    /// How many lines are still to be shown behind the last one that matched.
    owed: usize,
    /// Lines that are shown if one of the next ones matches.
    before: VecDeque<(usize, Item, Vec<u8>)>,
    last_seen: Option<usize>,
    last_shown: Option<usize>,
}

impl Join {
    pub(crate) fn new(around: usize, separator: &'static str) -> Self {
        Self { around, separator, ..Self::default() }
    }

    /// What is shown of a block, and of the last one's end.
    pub(crate) fn push(&mut self, marked: &Marked) -> Batch {
        let mut shown = Batch { reached: marked.batch.reached, ..Batch::default() };
        for (item, mark) in marked.batch.items.iter().zip(&marked.marks) {
            let number = self.base + mark.number;
            if self.last_seen.is_some_and(|seen| seen + 1 != number) {
                self.before.clear();
                self.owed = 0;
            }
            self.last_seen = Some(number);
            let bytes = &marked.batch.bytes[item.start..item.end];
            if mark.matches {
                for (number, item, bytes) in std::mem::take(&mut self.before) {
                    self.show(&mut shown, number, &item, &bytes);
                }
                self.show(&mut shown, number, item, bytes);
                self.owed = self.around;
            } else if self.owed > 0 {
                self.owed -= 1;
                self.show(&mut shown, number, item, bytes);
            } else {
                self.before.push_back((number, *item, bytes.to_vec()));
                if self.before.len() > self.around {
                    self.before.pop_front();
                }
            }
        }
        self.base += marked.lines;
        shown
    }

    fn show(&mut self, shown: &mut Batch, number: usize, item: &Item, bytes: &[u8]) {
        let start = shown.bytes.len();
        if self.last_shown.is_some_and(|last| last + 1 != number) {
            shown.bytes.extend_from_slice(self.separator.as_bytes());
        }
        self.last_shown = Some(number);
        shown.bytes.extend_from_slice(bytes);
        // The file's order is kept: a line that is late does not leave its neighbours.
        let before = shown.items.last().map_or(item.time, |before| before.time.max(item.time));
        shown.push(Some(before), start, item.hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shows numbered lines, cut into blocks of so many.
    fn shown(lines: usize, matching: &[usize], around: usize, block: usize) -> String {
        let mut join = Join::new(around, "-");
        let mut out = String::new();
        for first in (0..lines).step_by(block) {
            let length = block.min(lines - first);
            let own: Vec<_> = (0..length).filter(|number| matching.contains(&(first + number))).collect();
            let mut marked = Marked { lines: length, ..Marked::default() };
            for number in candidates(&own, length, around) {
                let start = marked.batch.bytes.len();
                marked.batch.bytes.extend_from_slice(format!("{} ", first + number).as_bytes());
                marked.batch.push(Some(1), start, 0);
                marked.marks.push(Mark { number, matches: own.contains(&number) });
            }
            out.push_str(std::str::from_utf8(&join.push(&marked).bytes).unwrap());
        }
        out
    }

    #[test]
    fn lines_around_do_not_hang_on_how_a_file_is_cut() {
        let check = |matching: &[usize], around, expected: &str| {
            for block in 1..25 {
                assert_eq!(shown(20, matching, around, block), expected, "{block}");
            }
        };
        check(&[5], 2, "3 4 5 6 7 ");
        check(&[0, 19], 2, "0 1 2 -17 18 19 ");
        check(&[5, 8], 1, "4 5 6 7 8 9 ");
        check(&[5, 9], 1, "4 5 6 -8 9 10 ");
        check(&[5, 6], 0, "5 6 ");
        check(&[], 3, "");
        check(&[10], 30, "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ");
    }
}
