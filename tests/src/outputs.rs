//! Outputs with a will of their own.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use cupola::telemetry::Memory;

/// An output that stands still while its gate is shut, in the middle of a write.
#[derive(Debug)]
pub struct Gate {
    keeper: GateKeeper,
    inner: Memory,
}

/// Opens and shuts a [`Gate`].
#[derive(Clone, Debug, Default)]
pub struct GateKeeper(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    shut: bool,
    waiting: bool,
}

impl Gate {
    /// A gate before `inner`, open at first.
    pub fn new(inner: Memory) -> (Self, GateKeeper) {
        let keeper = GateKeeper::default();
        (Self { keeper: keeper.clone(), inner }, keeper)
    }
}

impl GateKeeper {
    /// From the next write on the output stands still.
    pub fn shut(&self) {
        self.0.0.lock().unwrap().shut = true;
    }

    /// Lets the output go on.
    pub fn open(&self) {
        self.0.0.lock().unwrap().shut = false;
        self.0.1.notify_all();
    }

    /// Waits until a write stands still.
    ///
    /// # Panics
    /// Where none does within ten seconds.
    pub fn wait_until_blocked(&self) {
        let state = self.0.0.lock().unwrap();
        let (_state, waited) =
            self.0.1.wait_timeout_while(state, Duration::from_secs(10), |state| !state.waiting).unwrap();
        assert!(!waited.timed_out(), "nothing is written");
    }

    /// Whether a write stands still right now.
    pub fn is_blocked(&self) -> bool {
        self.0.0.lock().unwrap().waiting
    }

    fn pass(&self) {
        let mut state = self.0.0.lock().unwrap();
        state.waiting = state.shut;
        self.0.1.notify_all();
        state = self.0.1.wait_while(state, |state| state.shut).unwrap();
        state.waiting = false;
    }
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.keeper.pass();
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
