//! Several threads that read the blocks of one file: what each makes of a part is handed over in the order of the parts, so that the answer is the
//! same however many there are.

use std::panic::resume_unwind;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use crate::file::DayFile;

/// More threads than this no question has.
const MOST: usize = 4;
/// For fewer blocks nobody else is called.
const WORTHWHILE: usize = 24;

/// Those who help the one who asks.
#[derive(Debug)]
pub(super) struct Team {
    /// The file as each of them has it open: all see the same moment of it as the one who asks.
    others: Vec<DayFile>,
}

impl Team {
    /// Those who make so many threads together, for a file with so many blocks to be read, which `again` opens. Where it has been written to since the one who asks began to read
    /// it, there are none: nobody can be shown an earlier moment.
    pub(super) fn new(file: &DayFile, (threads, blocks): (usize, usize), again: impl Fn() -> Option<DayFile>) -> Self {
        let mut others = Vec::new();
        if blocks >= WORTHWHILE {
            let most = threads.min(blocks / (WORTHWHILE / 2)) - 1;
            let moment = file.moment().ok();
            let same = |other: &DayFile| moment.is_some() && other.begin().is_ok() && other.moment().ok() == moment;
            others.extend((0..most).map_while(|_| again().filter(same)));
        }
        Self { others }
    }

    /// How many they are, beside the one who asks.
    #[cfg(test)]
    pub(super) fn helpers(&self) -> usize {
        self.others.len()
    }

    /// What `one` makes of each part, in their order.
    pub(super) fn work<I: Sync, T: Send>(
        &mut self,
        file: &DayFile,
        parts: &[I],
        one: impl Fn(&DayFile, &I) -> T + Sync,
    ) -> Vec<T> {
        if self.others.is_empty() || parts.len() < 2 {
            return parts.iter().map(|part| one(file, part)).collect();
        }
        let next = AtomicUsize::new(0);
        let work = &|file: &DayFile| {
            let mut made = Vec::new();
            loop {
                let place = next.fetch_add(1, Relaxed);
                let Some(part) = parts.get(place) else { return made };
                made.push((place, one(file, part)));
            }
        };
        let mut made = thread::scope(|scope| {
            let helpers: Vec<_> = self.others.iter_mut().map(|file| scope.spawn(move || work(file))).collect();
            let mut made = work(file);
            for helper in helpers {
                made.extend(helper.join().unwrap_or_else(|panic| resume_unwind(panic)));
            }
            made
        });
        made.sort_unstable_by_key(|(place, _)| *place);
        made.into_iter().map(|(_, made)| made).collect()
    }
}

/// How many threads a question has.
pub(super) fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| thread::available_parallelism().map_or(1, |threads| threads.get().min(MOST)))
}
