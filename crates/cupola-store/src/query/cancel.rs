//! Questions whose asker has gone.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Stops questions. Whoever answers one looks at it as often as at the time that is left; what was found by then is the answer, which says that
/// it is partial.
///
/// ```
/// use cupola_store::Cancel;
///
/// let cancel = Cancel::default();
/// let other = cancel.clone();
/// other.cancel();
/// assert!(cancel.during(|| Cancel::current().is_cancelled()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

thread_local! {
    static CURRENT: RefCell<Option<Cancel>> = const { RefCell::new(None) };
}

impl Cancel {
    /// Stops the questions that are asked [during](Self::during) this one.
    pub fn cancel(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Relaxed)
    }

    /// Asks questions, on this thread, that this one stops. Questions do not name what stops them: they are data, and whether somebody waits for
    /// the answer is not.
    pub fn during<T>(&self, ask: impl FnOnce() -> T) -> T {
        let _before = Before(CURRENT.replace(Some(self.clone())));
        ask()
    }

    /// What stops the question that this thread is asking; for those who answer.
    pub fn current() -> Self {
        CURRENT.with_borrow(Option::clone).unwrap_or_default()
    }
}

/// Puts back what was there before, however the question ends.
struct Before(Option<Cancel>);

impl Drop for Before {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_has_one_of_its_own() {
        let (outer, inner) = (Cancel::default(), Cancel::default());
        inner.cancel();
        let seen = outer.during(|| {
            let during = inner.during(|| Cancel::current().is_cancelled());
            let _ = std::panic::catch_unwind(|| inner.during(|| panic!("it went wrong")));
            (during, Cancel::current().is_cancelled())
        });
        assert_eq!((seen, Cancel::current().is_cancelled()), ((true, false), false));
    }
}
