//! The queue of lines: bounded in bytes, never blocking, every line accounted for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing_core::Level;

use crate::counts::{Counters, Counts, add};
use crate::files::{Accounts, OutputCounts};

/// The share of the queue that only WARN and above may fill: an error behind a flood of chatter is still heard.
const HEADROOM: usize = 8;

/// How many bytes a writer that lets lines gather waits for.
const ENOUGH: usize = 64 * 1024;

/// What [`State::wake_at`] is while the writer works.
const AWAKE: usize = usize::MAX;

/// Lines on their way to the output. Offering one never blocks: a full queue drops it, and the drop is counted.
#[derive(Debug)]
pub struct Lines {
    state: Mutex<State>,
    /// Told when the writer has something to do.
    work: Condvar,
    /// Told when the writer has done something.
    done: Condvar,
    counters: Counters,
    accounts: Accounts,
    capacity: usize,
}

#[derive(Debug)]
struct State {
    pending: Vec<u8>,
    /// How many lines are pending.
    lines: u64,
    /// How many lines were ever taken.
    taken: u64,
    /// How many of them are done with, the first ones first: written or dropped.
    done: u64,
    /// The writer is woken once so many bytes are pending.
    wake_at: usize,
    /// How many lines the writer has in hand, neither written nor dropped.
    in_hand: u64,
    /// Nothing more is taken.
    closed: bool,
    /// What waits is given up.
    abandoned: bool,
    /// The writer is gone.
    left: bool,
}

impl State {
    const fn new() -> Self {
        Self {
            pending: Vec::new(),
            lines: 0,
            taken: 0,
            done: 0,
            wake_at: AWAKE,
            in_hand: 0,
            closed: false,
            abandoned: false,
            left: false,
        }
    }

    /// Whether the writer is to be woken now, by a line of this level. It is woken once.
    fn wakes(&mut self, level: Level) -> bool {
        let wakes = self.pending.len() >= self.wake_at || (level <= Level::WARN && self.wake_at != AWAKE);
        if wakes {
            self.wake_at = AWAKE;
        }
        wakes
    }

    /// Forgets all lines that are neither written nor dropped, and gives their number.
    fn give_up(&mut self) -> u64 {
        self.pending = Vec::new();
        let given_up = std::mem::take(&mut self.lines) + std::mem::take(&mut self.in_hand);
        self.done = self.taken;
        given_up
    }
}

/// What the writer takes at once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: u64,
}

impl Lines {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State::new()),
            work: Condvar::new(),
            done: Condvar::new(),
            counters: Counters::default(),
            accounts: Accounts::default(),
            capacity,
        }
    }

    /// What has become of all lines so far.
    pub fn counts(&self) -> Counts {
        self.counters.read()
    }

    /// What each output has taken of the lines that it was to take, since a line may go to several: it is written once
    /// it is whole in all of them.
    pub fn outputs(&self) -> Vec<OutputCounts> {
        self.accounts.read()
    }

    pub(crate) const fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// Takes one whole line, its newline included.
    pub(crate) fn offer(&self, level: Level, line: &[u8]) {
        add(&self.counters.accepted, 1);
        let room = if level <= Level::WARN { self.capacity } else { self.capacity - self.capacity / HEADROOM };
        let mut state = self.state();
        if state.closed {
            return add(&self.counters.shutdown, 1);
        }
        if state.left {
            return add(&self.counters.output, 1);
        }
        if state.pending.len() + line.len() > room {
            return add(&self.counters.queue_full, 1);
        }
        state.pending.extend_from_slice(line);
        state.lines += 1;
        state.taken += 1;
        if state.wakes(level) {
            drop(state);
            self.work.notify_one();
        }
    }

    /// A line was taken, and counted in another.
    pub(crate) fn note_collapsed(&self) {
        add(&self.counters.accepted, 1);
        add(&self.counters.collapsed, 1);
    }

    pub(crate) fn note_cut(&self, values: u32, fields: u32) {
        if values | fields != 0 {
            add(&self.counters.cut_values, values.into());
            add(&self.counters.dropped_fields, fields.into());
        }
    }

    /// Waits for lines and swaps them for the emptied `batch`; `false` once closed and empty.
    pub(crate) fn take(&self, batch: &mut Batch) -> bool {
        let mut state = self.done_with_hand();
        while state.pending.is_empty() {
            if state.closed {
                return false;
            }
            state.wake_at = 0;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.wake_at = AWAKE;
        batch.bytes.clear();
        std::mem::swap(&mut batch.bytes, &mut state.pending);
        batch.lines = std::mem::take(&mut state.lines);
        state.in_hand = batch.lines;
        true
    }

    /// Lets lines gather for so long: what a write costs is then shared by many of them. It is over at once where enough are
    /// pending, one of them is at WARN or above, somebody waits for a flush, or nothing more is taken.
    pub(crate) fn gather(&self, limit: Duration) {
        let mut state = self.done_with_hand();
        if state.pending.len() >= ENOUGH {
            return;
        }
        state.wake_at = ENOUGH;
        let gathers = |state: &mut State| state.wake_at == ENOUGH && !state.closed;
        let waited = self.work.wait_timeout_while(state, limit, gathers);
        waited.unwrap_or_else(PoisonError::into_inner).0.wake_at = AWAKE;
    }

    /// What the writer had in hand is out, and flushed.
    fn done_with_hand(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.done = state.taken - state.lines;
        self.done.notify_all();
        state
    }

    /// What has become of the lines in the writer's hand. Lines that were given up meanwhile stay counted as dropped.
    pub(crate) fn settle(&self, written: u64, refused: u64) {
        if std::mem::take(&mut self.state().in_hand) > 0 {
            add(&self.counters.written, written);
            add(&self.counters.output, refused);
        }
    }

    /// Whether nobody waits any longer for what is in the writer's hand.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.state().abandoned
    }

    /// Waits until everything that was accepted before is written or counted as dropped, however much comes meanwhile;
    /// `false` at the deadline.
    pub(crate) fn flush(&self, deadline: Duration) -> bool {
        let taken = {
            let mut state = self.state();
            state.wake_at = AWAKE;
            state.taken
        };
        self.work.notify_all();
        self.wait_for(taken, deadline)
    }

    fn wait_for(&self, taken: u64, deadline: Duration) -> bool {
        self.wait_while(deadline, |state| state.done < taken)
    }

    /// Waits until the writer is gone; `false` at the deadline.
    pub(crate) fn wait_for_writer(&self, deadline: Duration) -> bool {
        self.wait_while(deadline, |state| !state.left)
    }

    fn wait_while(&self, deadline: Duration, busy: impl FnMut(&mut State) -> bool) -> bool {
        let waited = self.done.wait_timeout_while(self.state(), deadline, busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Takes nothing more. What is pending is still written.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.work.notify_all();
    }

    /// Gives up what is still pending, and what the writer cannot get rid of.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        state.abandoned = true;
        add(&self.counters.shutdown, state.give_up());
    }

    /// The writer goes. Lines that it leaves behind, and those that still come, nobody will write.
    pub(crate) fn leave(&self) {
        let mut state = self.state();
        state.left = true;
        add(&self.counters.output, state.give_up());
        drop(state);
        self.done.notify_all();
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

    #[test]
    fn lines_that_were_given_up_are_counted_once() {
        let lines = Lines::new(1000);
        lines.offer(Level::INFO, b"in hand\n");
        lines.take(&mut Batch::default());
        lines.offer(Level::INFO, b"pending\n");
        lines.close();
        lines.abandon();
        lines.settle(1, 0);
        assert_eq!((lines.counts().written, lines.counts().dropped_shutdown), (0, 2));
    }

    #[test]
    fn a_flush_waits_for_the_lines_before_it_and_no_others() {
        let lines = Lines::new(1000);
        lines.offer(Level::INFO, b"one\n");
        assert!(!lines.flush(Duration::ZERO));
        let mut batch = Batch::default();
        lines.take(&mut batch);
        lines.settle(1, 0);
        assert!(!lines.flush(Duration::ZERO), "not before the output was flushed");
        lines.offer(Level::INFO, b"two\n");
        lines.take(&mut batch);
        assert!(lines.wait_for(1, Duration::ZERO) && !lines.flush(Duration::ZERO));
    }

    #[test]
    fn without_a_writer_lines_are_refused() {
        let lines = Lines::new(1000);
        lines.offer(Level::INFO, b"one\n");
        lines.leave();
        lines.offer(Level::INFO, b"two\n");
        assert_eq!((lines.counts().accepted, lines.counts().dropped_output), (2, 2));
        assert!(lines.flush(Duration::ZERO) && lines.wait_for_writer(Duration::ZERO));
    }
    #[test]
    fn what_is_urgent_much_or_waited_for_does_not_gather() {
        const LONG: Duration = Duration::from_secs(60);
        let check = |hurries: fn(&Lines)| {
            let lines = Lines::new(1024 * 1024);
            std::thread::scope(|scope| {
                let gathered = scope.spawn(|| lines.gather(LONG));
                while lines.state().wake_at == AWAKE && !gathered.is_finished() {
                    std::thread::yield_now();
                }
                lines.offer(Level::INFO, b"one that can wait\n");
                hurries(&lines);
            });
        };
        check(|lines| lines.offer(Level::WARN, b"one that cannot\n"));
        check(|lines| (0..ENOUGH / 64).for_each(|_| lines.offer(Level::INFO, &[b'x'; 64])));
        check(|lines| _ = lines.flush(Duration::ZERO));
        check(Lines::close);
    }
}
