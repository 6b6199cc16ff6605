//! One order in time, of the lines of several files.
//!
//! Each file is nearly in order: threads that write at the same time are a little late. So what a file holds is given out once it has
//! been read [`NEAR_BYTES`] further, and no other file may hold anything earlier. A line that stands less than that from its place is
//! put right, however the file is cut into blocks; memory holds some megabyte of each file that overlaps.

use std::collections::VecDeque;

use crate::log::excerpt::NEAR_BYTES;
use crate::log::input::Input;

/// What is shown of some lines of one file.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    /// In their order in time.
    pub(crate) items: Vec<Item>,
    /// How far in time the file has come.
    pub(crate) reached: i64,
    /// The time of the last line that has one, shown or not.
    pub(crate) last: Option<i64>,
    /// How many bytes of the file these lines are.
    pub(crate) length: u64,
}

/// What is shown of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Microseconds since 1970; a line without a time has that of the one before it.
    pub(crate) time: i64,
    /// Where it begins and ends in the batch's bytes.
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Of the line as it stands in the file, where other files may hold the same.
    pub(crate) hash: u64,
}

/// The time of lines before the first that has one.
pub(crate) const BEFORE_ALL: i64 = i64::MIN;

impl Batch {
    pub(crate) fn push(&mut self, time: Option<i64>, start: usize, hash: u64) {
        let before = self.items.last().map_or(BEFORE_ALL, |item| item.time);
        self.items.push(Item { time: time.unwrap_or(before), start, end: self.bytes.len(), hash });
    }

    /// Puts the items in order; those of the same time stay as they are.
    pub(crate) fn sort(&mut self) {
        if !self.items.is_sorted_by_key(|item| item.time) {
            self.items.sort_by_key(|item| item.time);
        }
        self.reached = self.reached.max(self.items.last().map_or(BEFORE_ALL, |item| item.time));
    }
}

/// Takes batches of each file in order, and gives items out in theirs.
#[derive(Debug)]
pub(crate) struct Merge {
    files: Vec<File>,
    twins: Twins,
}

#[derive(Debug)]
struct File {
    runs: VecDeque<Run>,
    /// Nothing before this time comes any more.
    settled: i64,
    reached: i64,
    /// The time of the last line that has one.
    last: i64,
    /// How much of it has been read.
    length: u64,
    /// How far in time it had come at the ends of the last blocks.
    ends: VecDeque<(u64, i64)>,
    /// What comes is to be given out at once.
    live: bool,
    /// Which folder's files may hold the same; `None` where no other file is of it.
    group: Option<usize>,
}

#[derive(Debug)]
struct Run {
    batch: Batch,
    next: usize,
}

impl Run {
    fn time(&self) -> Option<i64> {
        self.batch.items.get(self.next).map(|item| item.time)
    }
}

impl Merge {
    pub(crate) fn new(inputs: &[Input]) -> Self {
        let files = inputs.iter().enumerate().map(|(index, input)| File {
            runs: VecDeque::new(),
            settled: BEFORE_ALL,
            reached: BEFORE_ALL,
            last: BEFORE_ALL,
            length: 0,
            ends: VecDeque::new(),
            live: input.is_live(),
            group: group_of(inputs, index),
        });
        Self { files: files.collect(), twins: Twins::default() }
    }

    /// Whether other files may hold the lines of this one too.
    pub(crate) fn may_have_twins(inputs: &[Input], input: usize) -> bool {
        group_of(inputs, input).is_some()
    }

    /// Takes the next batch of a file. Returns how far in time the file has come.
    pub(crate) fn push(&mut self, input: usize, mut batch: Batch) -> i64 {
        let file = &mut self.files[input];
        // What begins a block without a time belongs to the end of the last one.
        for item in batch.items.iter_mut().take_while(|item| item.time == BEFORE_ALL) {
            item.time = file.last;
        }
        batch.sort();
        file.advance(&batch);
        if !batch.items.is_empty() {
            file.runs.push_back(Run { batch, next: 0 });
        }
        file.reached
    }

    /// Nothing more comes from a file.
    pub(crate) fn end(&mut self, input: usize) {
        self.files[input].settled = i64::MAX;
    }

    /// Gives out what is settled; returns how many items were left out because they had been given out from another file.
    ///
    /// The order is that of time; where times are equal that of the files, and within a file that of its lines.
    pub(crate) fn give(&mut self, mut give: impl FnMut(&[u8])) -> u64 {
        let mut twice = 0;
        let settled = self.files.iter().enumerate().map(|(number, file)| (file.settled, number));
        let limit = settled.min().unwrap_or((i64::MAX, usize::MAX));
        while let Some(((_, file, run), second)) = self.first().filter(|((time, file, _), _)| (*time, *file) <= limit) {
            let group = self.files[file].group;
            let from = &mut self.files[file].runs[run];
            while let Some(item) = from.batch.items.get(from.next) {
                if (item.time, file) > limit || second.is_some_and(|second| (item.time, file, run) > second) {
                    break;
                }
                from.next += 1;
                if group.is_some_and(|group| self.twins.is_twin(item, group, file)) {
                    twice += 1;
                } else {
                    give(&from.batch.bytes[item.start..item.end]);
                }
            }
            self.files[file].runs.retain(|run| run.time().is_some());
        }
        twice
    }

    /// Time, file and run of the earliest item, and of the earliest of all other runs.
    fn first(&self) -> Option<(Place, Option<Place>)> {
        let (mut first, mut second): (Option<Place>, Option<Place>) = (None, None);
        for (file, of) in self.files.iter().enumerate() {
            for (run, time) in of.runs.iter().enumerate().filter_map(|(run, of)| Some((run, of.time()?))) {
                let place = (time, file, run);
                if first.is_none_or(|first| place < first) {
                    second = first.replace(place);
                } else if second.is_none_or(|second| place < second) {
                    second = Some(place);
                }
            }
        }
        Some((first?, second))
    }
}

type Place = (i64, usize, usize);

impl File {
    /// Another part of it was read.
    fn advance(&mut self, batch: &Batch) {
        self.reached = self.reached.max(batch.reached);
        self.last = batch.last.unwrap_or(self.last);
        self.length += batch.length;
        self.ends.push_back((self.length, self.reached));
        let mut settled = if self.live { self.reached } else { BEFORE_ALL };
        while let Some((_, reached)) = self.ends.front().copied().filter(|(end, _)| end + NEAR_BYTES <= self.length) {
            settled = settled.max(reached);
            self.ends.pop_front();
        }
        // After the end of a file that is followed more may come.
        self.settled = if self.settled == i64::MAX { settled } else { self.settled.max(settled) };
    }
}

/// The folder of an input, as the place of the first input of it, where there are several of it.
fn group_of(inputs: &[Input], index: usize) -> Option<usize> {
    let own = &inputs[index];
    let same = |input: &Input| own.path.is_some() && input.path.is_some() && input.group == own.group;
    let first = inputs.iter().position(same)?;
    inputs.iter().enumerate().any(|(other, input)| other != index && same(input)).then_some(first)
}

/// What was given out of the time that it is now, so that an entry in two files is shown once, and one that was written twice, twice.
#[derive(Debug, Default)]
struct Twins {
    time: i64,
    /// By hash and group: how often each file has it.
    seen: Vec<(u64, usize, usize, u32)>,
}

impl Twins {
    fn is_twin(&mut self, item: &Item, group: usize, file: usize) -> bool {
        if item.time != self.time {
            self.time = item.time;
            self.seen.clear();
        }
        let same = |seen: &&mut (u64, usize, usize, u32)| seen.0 == item.hash && seen.1 == group;
        let others =
            self.seen.iter_mut().filter(same).filter(|seen| seen.2 != file).map(|seen| seen.3).max().unwrap_or(0);
        let own = match self.seen.iter_mut().filter(same).find(|seen| seen.2 == file) {
            Some(seen) => {
                seen.3 += 1;
                seen.3
            }
            None => {
                self.seen.push((item.hash, group, file, 1));
                1
            }
        };
        own <= others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(items: &[(i64, &str)]) -> Batch {
        let mut batch = Batch::default();
        for (time, text) in items {
            let start = batch.bytes.len();
            batch.bytes.extend_from_slice(text.as_bytes());
            let hash = text.bytes().map(u64::from).sum();
            batch.push((*time >= 0).then_some(*time), start, hash);
        }
        batch.last = items.iter().rev().map(|(time, _)| *time).find(|time| *time >= 0);
        batch.length = NEAR_BYTES;
        batch.sort();
        batch
    }

    fn given(merge: &mut Merge) -> String {
        let mut out = Vec::new();
        merge.give(|bytes| out.extend_from_slice(bytes));
        String::from_utf8(out).unwrap()
    }

    fn files(number: usize) -> Vec<Input> {
        (0..number).map(|number| Input::file(format!("{number}/a.log"))).collect()
    }

    #[test]
    fn one_file_is_put_in_order_across_a_block() {
        let mut merge = Merge::new(&files(1));
        merge.push(0, batch(&[(1, "a"), (4, "d"), (3, "c")]));
        assert_eq!(given(&mut merge), "");
        merge.push(0, batch(&[(2, "b"), (6, "f"), (-1, "+"), (5, "e")]));
        assert_eq!(given(&mut merge), "abcd");
        merge.end(0);
        assert_eq!(given(&mut merge), "ef+");
    }

    #[test]
    fn lines_without_a_time_follow_the_one_before_them() {
        let mut merge = Merge::new(&files(1));
        merge.push(0, batch(&[(-1, "x"), (5, "a"), (-1, "+")]));
        merge.push(0, batch(&[(-1, "-"), (6, "b")]));
        merge.end(0);
        assert_eq!(given(&mut merge), "xa+-b");
    }

    #[test]
    fn several_files_wait_for_the_slowest() {
        let mut merge = Merge::new(&files(2));
        merge.push(0, batch(&[(1, "a"), (5, "e")]));
        merge.push(0, batch(&[(7, "g")]));
        assert_eq!(given(&mut merge), "");
        merge.push(1, batch(&[(2, "b"), (3, "c")]));
        merge.push(1, batch(&[(6, "f")]));
        assert_eq!(given(&mut merge), "abc");
        merge.end(1);
        assert_eq!(given(&mut merge), "e");
        merge.end(0);
        assert_eq!(given(&mut merge), "fg");
    }

    #[test]
    fn an_entry_in_two_files_of_a_folder_is_shown_once() {
        let inputs = [Input::file("x/api.log"), Input::file("x/errors.log"), Input::file("y/api.log")];
        let mut merge = Merge::new(&inputs);
        merge.push(0, batch(&[(1, "a"), (2, "b"), (2, "b"), (3, "c")]));
        merge.push(1, batch(&[(2, "b"), (2, "b"), (2, "b"), (4, "d")]));
        merge.push(2, batch(&[(1, "a"), (4, "d")]));
        (0..3).for_each(|input| merge.end(input));
        assert_eq!(given(&mut merge), "aabbbcdd");
        assert!(Merge::may_have_twins(&inputs, 1) && !Merge::may_have_twins(&inputs, 2));
    }

    #[test]
    fn what_is_live_does_not_wait() {
        let mut merge = Merge::new(&[Input::stdin()]);
        merge.push(0, batch(&[(1, "a")]));
        assert_eq!(given(&mut merge), "a");
        merge.push(0, batch(&[(-1, "+")]));
        assert_eq!(given(&mut merge), "+");
    }
}
