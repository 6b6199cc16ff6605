//! What a thread keeps from line to line, so that a warm line allocates nothing.

use std::cell::RefCell;

use cupola_line::{Formatted, LineBuffer, Scratch, Timestamp};

use crate::context_keys::ContextKeys;

/// A giant line's memory is given back.
const KEPT_BYTES: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(crate) struct ThreadState {
    /// Whose names `keys` has judged: two pipelines may have two policies.
    owner: usize,
    /// Nothing that happens on this thread is logged.
    pub(crate) muted: bool,
    pub(crate) buffer: LineBuffer,
    pub(crate) scratch: Scratch,
    /// The text of the value that is being written.
    pub(crate) formatted: Formatted,
    pub(crate) time: Timestamp,
    pub(crate) keys: ContextKeys,
}

thread_local! {
    static STATE: RefCell<ThreadState> = RefCell::default();
}

/// Lends this thread's state. A value whose formatter logs again, and a thread that is being torn down, get a fresh one.
pub(crate) fn with<R>(owner: usize, work: impl FnOnce(&mut ThreadState) -> R) -> R {
    let mut work = Some(work);
    let lent = STATE.try_with(|state| {
        let mut state = state.try_borrow_mut().ok()?;
        state.belong_to(owner);
        work.take().map(|work| work(&mut state))
    });
    match (lent, work) {
        (Ok(Some(result)), _) => result,
        (_, Some(work)) => work(&mut ThreadState::default()),
        (_, None) => unreachable!("the work is taken only to be done"),
    }
}

/// From now on nothing that happens on this thread is logged.
pub(crate) fn mute() {
    STATE.with_borrow_mut(|state| state.muted = true);
}

/// Whether nothing that happens on this thread is logged; a thread that is being torn down says no.
pub(crate) fn is_muted() -> bool {
    STATE.try_with(|state| state.try_borrow().is_ok_and(|state| state.muted)).unwrap_or_default()
}

/// Lets a muted thread speak for as long as `work` takes.
pub(crate) fn aloud<R>(work: impl FnOnce() -> R) -> R {
    struct Restores(bool);

    impl Drop for Restores {
        fn drop(&mut self) {
            STATE.with_borrow_mut(|state| state.muted = self.0);
        }
    }

    let _restores = Restores(STATE.with_borrow_mut(|state| std::mem::replace(&mut state.muted, false)));
    work()
}

impl ThreadState {
    fn belong_to(&mut self, owner: usize) {
        if self.owner != owner {
            self.owner = owner;
            self.keys = ContextKeys::default();
        }
        if self.buffer.capacity() > KEPT_BYTES {
            self.buffer = LineBuffer::new();
        }
        self.buffer.clear();
    }
}
