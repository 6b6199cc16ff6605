//! The queue of lines: bounded in bytes, never blocking, every line accounted for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_core::Level;

use crate::counts::{Counters, Counts, add};

/// The share of the queue that only WARN and above may fill: an error behind a flood of chatter is still heard.
const HEADROOM: usize = 8;

/// Lines on their way to the output. Offering one never blocks: a full queue drops it, and the drop is counted.
#[derive(Debug)]
pub struct Lines {
    state: Mutex<State>,
    /// Told when the writer has something to do.
    work: Condvar,
    /// Told when the writer has done something.
    done: Condvar,
    counters: Counters,
    capacity: usize,
}

#[derive(Debug, Default)]
struct State {
    pending: Vec<u8>,
    /// How many lines are pending.
    lines: u64,
    /// The writer is asleep.
    asleep: bool,
    /// The writer has a batch in hand.
    writing: bool,
    /// Nothing more is taken.
    closed: bool,
}

/// What the writer takes at once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: u64,
}

impl Lines {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = Mutex::default();
        Self { state, work: Condvar::new(), done: Condvar::new(), counters: Counters::default(), capacity }
    }

    /// What has become of all lines so far.
    pub fn counts(&self) -> Counts {
        self.counters.read()
    }

    /// Takes one whole line, its newline included.
    pub(crate) fn offer(&self, level: Level, line: &[u8]) {
        add(&self.counters.accepted, 1);
        let room = if level <= Level::WARN { self.capacity } else { self.capacity - self.capacity / HEADROOM };
        let mut state = self.state();
        if state.closed {
            return add(&self.counters.shutdown, 1);
        }
        if state.pending.len() + line.len() > room {
            return add(&self.counters.queue_full, 1);
        }
        state.pending.extend_from_slice(line);
        state.lines += 1;
        if std::mem::take(&mut state.asleep) {
            drop(state);
            self.work.notify_one();
        }
    }

    pub(crate) fn note_cut(&self, values: u32, fields: u32) {
        if values | fields != 0 {
            add(&self.counters.cut_values, values.into());
            add(&self.counters.dropped_fields, fields.into());
        }
    }

    /// Waits for lines and swaps them for the emptied `batch`; `false` once closed and empty.
    pub(crate) fn take(&self, batch: &mut Batch) -> bool {
        let mut state = self.state();
        state.writing = false;
        self.done.notify_all();
        while state.pending.is_empty() {
            if state.closed {
                return false;
            }
            state.asleep = true;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        batch.bytes.clear();
        std::mem::swap(&mut batch.bytes, &mut state.pending);
        batch.lines = std::mem::take(&mut state.lines);
        state.writing = true;
        true
    }

    /// Whether nothing more will come: the writer need not wait for company.
    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    pub(crate) fn written(&self, lines: u64) {
        add(&self.counters.written, lines);
    }

    pub(crate) fn refused(&self, lines: u64) {
        add(&self.counters.output, lines);
    }

    /// Waits until everything that was accepted is written or counted as dropped; `false` at the deadline.
    pub(crate) fn flush(&self, deadline: Duration) -> bool {
        let busy = |state: &mut State| state.writing || !state.pending.is_empty();
        let waited = self.done.wait_timeout_while(self.state(), deadline, busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Takes nothing more. What is pending is still written.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.work.notify_all();
    }

    /// Gives up what is still pending.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        state.pending = Vec::new();
        add(&self.counters.shutdown, std::mem::take(&mut state.lines));
    }

    /// A panic while the lock was held leaves whole lines behind, so the poison says nothing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_warn_the_last_eighth_is_closed() {
        let lines = Lines::new(80);
        for _ in 0..20 {
            lines.offer(Level::INFO, b"123456789\n");
        }
        assert_eq!(lines.counts().dropped_queue_full, 13);
        lines.offer(Level::WARN, b"123456789\n");
        lines.offer(Level::ERROR, b"123456789\n");
        assert_eq!(lines.counts().dropped_queue_full, 14);
    }

    #[test]
    fn after_the_close_nothing_is_taken_and_the_rest_is_given_out() {
        let lines = Lines::new(1000);
        lines.offer(Level::INFO, b"one\n");
        lines.close();
        lines.offer(Level::INFO, b"two\n");
        let mut batch = Batch::default();
        assert!(lines.take(&mut batch));
        assert_eq!((batch.bytes.as_slice(), batch.lines), (b"one\n".as_slice(), 1));
        assert!(!lines.take(&mut batch));
        assert_eq!((lines.counts().accepted, lines.counts().dropped_shutdown), (2, 1));
    }
}
