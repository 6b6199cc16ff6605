//! Where panics are caught of which a record tells.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Calls `work`, and catches its panic: the exchange that it belongs to ends with it, and its record tells.
#[inline]
pub fn catch<R>(work: impl FnOnce() -> R) -> thread::Result<R> {
    DEPTH.set(DEPTH.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    result
}

/// Whether a panic on this thread would end in a [`catch`], so that whoever reports panics leaves it to the record. Where
/// panics abort, none does.
///
/// ```
/// use cupola_record::{catch, is_caught};
///
/// assert!(!is_caught());
/// assert_eq!(catch(is_caught).ok(), Some(cfg!(panic = "unwind")));
/// ```
pub fn is_caught() -> bool {
    cfg!(panic = "unwind") && DEPTH.get() > 0
}
