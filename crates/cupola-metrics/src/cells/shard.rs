//! A row of counts, as small as they can be.
//!
//! Counts have 32 bits, since a histogram has hundreds of them. One that is full goes back to zero, and what it held is
//! carried: once in four thousand million observations a lock is taken, which readers take too, so that they never see a
//! count between the two.

use std::sync::atomic::Ordering;

use crate::sync::{AtomicU32, AtomicU64, Mutex, guard};

/// How many counts are looked at together.
const GROUP: usize = 8;

/// A row of counts that can be added to and not reset.
#[derive(Debug)]
pub(crate) struct Shard {
    counts: Box<[AtomicU32]>,
    /// The sum of what was counted, in the histogram's own terms.
    pub(crate) sum: AtomicU64,
    carried: Mutex<Vec<Carry>>,
}

/// How often a count was full.
#[derive(Debug)]
struct Carry {
    cell: usize,
    times: u64,
}

/// Another thread was at the same count at the same time.
#[derive(Debug)]
pub(crate) struct Met;

impl Shard {
    pub(crate) fn new(cells: usize) -> Self {
        Self {
            counts: (0..cells).map(|_| AtomicU32::new(0)).collect(),
            sum: AtomicU64::new(0),
            carried: Mutex::new(Vec::new()),
        }
    }

    /// Counts one, unless another thread comes between.
    #[inline]
    pub(crate) fn try_count(&self, cell: usize) -> Result<(), Met> {
        let Some(count) = self.counts.get(cell) else { return Ok(()) };
        let now = count.load(Ordering::Relaxed);
        if now == u32::MAX {
            return self.carry(cell, count);
        }
        count.compare_exchange(now, now + 1, Ordering::Relaxed, Ordering::Relaxed).map(drop).map_err(|_| Met)
    }

    /// Counts one, however many threads come between.
    #[inline]
    pub(crate) fn count(&self, cell: usize) {
        while self.try_count(cell).is_err() {}
    }

    /// Counts one where the count is full.
    #[cold]
    fn carry(&self, cell: usize, count: &AtomicU32) -> Result<(), Met> {
        let mut carried = guard(&self.carried);
        count.compare_exchange(u32::MAX, 0, Ordering::Relaxed, Ordering::Relaxed).map_err(|_| Met)?;
        match carried.iter_mut().find(|carry| carry.cell == cell) {
            Some(carry) => carry.times += 1,
            None => carried.push(Carry { cell, times: 1 }),
        }
        Ok(())
    }

    /// Shows each count that is not zero, in rising order.
    #[inline]
    pub(crate) fn each(&self, mut show: impl FnMut(usize, u64)) {
        let carried = guard(&self.carried);
        if !carried.is_empty() {
            return self.each_carried(&carried, show);
        }
        let groups = self.counts.chunks_exact(GROUP);
        let rest = groups.remainder();
        for (group, counts) in groups.enumerate() {
            // Most counts are zero, and most of those have such neighbours: they are passed over together.
            let counts: [u32; GROUP] = std::array::from_fn(|cell| counts[cell].load(Ordering::Relaxed));
            if counts != [0; GROUP] {
                let cells = counts.iter().enumerate().filter(|(_, count)| **count > 0);
                cells.for_each(|(cell, count)| show(group * GROUP + cell, u64::from(*count)));
            }
        }
        let first = self.counts.len() - rest.len();
        for (cell, count) in rest.iter().enumerate() {
            match count.load(Ordering::Relaxed) {
                0 => {}
                count => show(first + cell, u64::from(count)),
            }
        }
    }

    #[cold]
    fn each_carried(&self, carried: &[Carry], mut show: impl FnMut(usize, u64)) {
        for (cell, count) in self.counts.iter().enumerate() {
            let times = carried.iter().find(|carry| carry.cell == cell).map_or(0, |carry| carry.times);
            let sum = u64::from(count.load(Ordering::Relaxed)) + (times << 32);
            if sum > 0 {
                show(cell, sum);
            }
        }
    }

    /// Adds to each sum the counts of its cells, which end where it is said and begin where those of the one before end.
    pub(crate) fn add_to(&self, sums: &mut [u64], ends: &[usize]) {
        let carried = guard(&self.carried);
        let mut start = 0;
        for (sum, end) in sums.iter_mut().zip(ends) {
            let counts = self.counts.get(start..*end).unwrap_or_default();
            *sum += counts.iter().map(|count| u64::from(count.load(Ordering::Relaxed))).sum::<u64>();
            if !carried.is_empty() {
                let carried = carried.iter().filter(|carry| (start..*end).contains(&carry.cell));
                *sum += carried.map(|carry| carry.times << 32).sum::<u64>();
            }
            start = *end;
        }
    }
}

#[cfg(all(test, not(cupola_model)))]
mod tests {
    use super::*;

    #[test]
    fn counts_are_shown_in_their_order_and_added_up_by_their_ends() {
        let shard = Shard::new(21);
        let mut expected = Vec::new();
        for (cell, count) in [(0, 2), (7, 1), (8, 3), (17, 1), (20, 4)] {
            (0..count).for_each(|_| shard.count(cell));
            expected.push((cell, count));
        }
        let mut shown = Vec::new();
        shard.each(|cell, count| shown.push((cell, count)));
        assert_eq!(shown, expected);
        let mut sums = [0; 4];
        shard.add_to(&mut sums, &[1, 8, 18, 21]);
        assert_eq!(sums, [2, 1, 4, 4]);
    }

    #[test]
    fn a_count_that_is_full_is_carried() {
        let shard = Shard::new(3);
        shard.counts[1].store(u32::MAX - 1, Ordering::Relaxed);
        (0..3).for_each(|_| shard.count(1));
        shard.counts[1].store(u32::MAX, Ordering::Relaxed);
        shard.count(1);
        let mut shown = Vec::new();
        shard.each(|cell, count| shown.push((cell, count)));
        assert_eq!(shown, [(1, 2 << 32)]);
        let mut sums = [1, 0];
        shard.add_to(&mut sums, &[1, 3]);
        assert_eq!(sums, [1, 2 << 32]);
        shard.count(7); // there is no such count
    }
}

/// Every order in which threads can come: `RUSTFLAGS="--cfg cupola_model" cargo test -p cupola-metrics --lib`.
#[cfg(all(test, cupola_model))]
mod model {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    fn read(shard: &Shard) -> u64 {
        let mut sum = 0;
        shard.each(|_, count| sum += count);
        sum
    }

    #[test]
    fn no_order_of_threads_loses_a_count_or_shows_fewer_than_before() {
        loom::model(|| {
            let shard = Arc::new(Shard::new(1));
            shard.counts[0].store(u32::MAX - 1, Ordering::Relaxed);
            let before = u64::from(u32::MAX) - 1;
            let writers: Vec<_> = (0..2)
                .map(|_| {
                    let shard = shard.clone();
                    thread::spawn(move || shard.count(0))
                })
                .collect();
            let first = read(&shard);
            let second = read(&shard);
            assert!(before <= first && first <= second && second <= before + 2, "{before} {first} {second}");
            writers.into_iter().for_each(|writer| writer.join().unwrap());
            assert_eq!(read(&shard), before + 2);
        });
    }
}
