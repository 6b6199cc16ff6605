//! Stripes: which of several cells a thread writes to.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

/// How often threads must have met in a cell before it grows stripes.
pub(crate) const MEETINGS: u32 = 16;

/// More stripes than this cost memory, and gain nothing that a counter would show.
const MOST: usize = 16;

/// How many stripes a cell grows: a power of two.
pub(crate) fn count() -> usize {
    static COUNT: OnceLock<usize> = OnceLock::new();
    *COUNT.get_or_init(|| available_parallelism().map_or(4, usize::from).next_power_of_two().clamp(2, MOST))
}

/// This thread's own stripe of so many, which are a power of two.
#[inline]
pub(crate) fn own(count: usize) -> usize {
    thread_local!(static NUMBER: Cell<usize> = const { Cell::new(0) });
    // A thread that is being torn down shares the first one.
    let number = NUMBER.try_with(|number| match number.get() {
        0 => number_thread(number),
        known => known,
    });
    number.unwrap_or_default() & count.wrapping_sub(1)
}

/// Threads are numbered as they come, so that a pool of them spreads evenly.
#[cold]
fn number_thread(number: &Cell<usize>) -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    number.set(NEXT.fetch_add(1, Ordering::Relaxed));
    number.get()
}
