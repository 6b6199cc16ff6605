//! Messages on their way to a collector: bounded in bytes, never blocking, every item accounted for.

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::counts::Counters;
use crate::counts::add;

/// The protobuf bytes of one export request, in pieces, and how many items are in it.
#[derive(Debug, Default)]
pub struct Message {
    pub(crate) pieces: Vec<Vec<u8>>,
    pub(crate) items: u64,
}

impl Message {
    /// A message of these bytes.
    pub fn new(bytes: Vec<u8>, items: u64) -> Self {
        Self { pieces: vec![bytes], items }
    }

    /// What it holds of the memory.
    fn bytes(&self) -> usize {
        self.pieces.iter().map(Vec::capacity).sum()
    }
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was taken, except for so many items.
    Taken { rejected: u64 },
    /// It will not be taken, ever.
    Refused,
    /// It was tried for too long.
    Expired,
    /// There is no time left to try.
    Abandoned,
}

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Told when the worker has something to do, or something to stop.
    pub(crate) work: Notify,
    /// Told when the worker has done something.
    done: Condvar,
    pub(crate) counters: Counters,
    most_bytes: usize,
    most_items: u64,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Message>,
    /// What all messages hold, the one in hand too.
    bytes: usize,
    /// How many items all messages have.
    items: u64,
    /// What the message in the worker's hand holds.
    bytes_in_hand: usize,
    /// How many items it has.
    items_in_hand: u64,
    /// How many messages were ever taken in.
    taken: u64,
    /// How many of them are done with.
    done: u64,
    /// Nothing more is taken in.
    closed: bool,
    /// What waits is given up.
    abandoned: bool,
    /// The worker is gone.
    left: bool,
}

impl Queue {
    pub(crate) fn new(most_bytes: usize, most_items: u64) -> Self {
        let (state, work, done) = (Mutex::default(), Notify::new(), Condvar::new());
        Self { state, work, done, counters: Counters::default(), most_bytes, most_items }
    }

    /// Counts items that will come in a message, or are dropped before.
    pub(crate) fn accept(&self, items: u64) {
        add(&self.counters.accepted, items);
    }

    /// Takes a message whose items are accepted already; `false` where it is dropped.
    pub(crate) fn push(&self, message: Message) -> bool {
        let (items, bytes) = (message.items, message.bytes());
        let mut state = self.state();
        if let Some(reason) = self.refusal(&state, bytes, items) {
            drop(state);
            add(reason, items);
            return false;
        }
        state.bytes += bytes;
        state.items += items;
        state.taken += 1;
        state.waiting.push_back(message);
        drop(state);
        self.work.notify_one();
        true
    }

    fn refusal(&self, state: &State, bytes: usize, items: u64) -> Option<&AtomicU64> {
        if state.closed || state.left {
            Some(&self.counters.shutdown)
        } else if state.bytes + bytes > self.most_bytes || state.items + items > self.most_items {
            Some(&self.counters.queue_full)
        } else {
            None
        }
    }

    /// The next message; it stays on the account until it is settled.
    pub(crate) fn take(&self) -> Option<Message> {
        let mut state = self.state();
        let message = state.waiting.pop_front()?;
        (state.items_in_hand, state.bytes_in_hand) = (message.items, message.bytes());
        Some(message)
    }

    /// What has become of the message in hand. One that was given up meanwhile stays counted as dropped.
    pub(crate) fn settle(&self, fate: Fate) {
        let mut state = self.state();
        state.bytes -= std::mem::take(&mut state.bytes_in_hand);
        let items = std::mem::take(&mut state.items_in_hand);
        state.items -= items;
        if !state.abandoned {
            state.done += 1;
            match fate {
                Fate::Taken { rejected } => {
                    add(&self.counters.rejected, rejected.min(items));
                    add(&self.counters.exported, items - rejected.min(items));
                }
                Fate::Refused => add(&self.counters.rejected, items),
                Fate::Expired => add(&self.counters.expired, items),
                Fate::Abandoned => add(&self.counters.shutdown, items),
            }
        }
        drop(state);
        self.done.notify_all();
    }

    /// How many bytes wait, the message in hand included.
    pub(crate) fn bytes(&self) -> usize {
        self.state().bytes
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    /// Completes once what is in hand is given up.
    pub(crate) async fn abandoned(&self) {
        while !self.state().abandoned {
            self.work.notified().await;
        }
    }

    /// Waits until every message that was taken in before is done with; `false` at the deadline.
    pub(crate) fn flush(&self, deadline: Duration) -> bool {
        let taken = self.state().taken;
        self.wait_while(deadline, |state| state.done < taken && !state.left)
    }

    /// Waits until the worker is gone; `false` at the deadline.
    pub(crate) fn wait_for_worker(&self, deadline: Duration) -> bool {
        self.wait_while(deadline, |state| !state.left)
    }

    fn wait_while(&self, deadline: Duration, busy: impl FnMut(&mut State) -> bool) -> bool {
        let waited = self.done.wait_timeout_while(self.state(), deadline, busy);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Takes nothing more. What waits is still sent.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.work.notify_one();
    }

    /// Gives up what still waits, and what is in the worker's hand.
    pub(crate) fn abandon(&self) {
        let mut state = self.state();
        if !state.abandoned {
            state.abandoned = true;
            self.give_up(&mut state);
        }
        drop(state);
        self.work.notify_one();
        self.done.notify_all();
    }

    /// The worker goes. What it leaves behind, and what still comes, nobody will send.
    pub(crate) fn leave(&self) {
        let mut state = self.state();
        state.left = true;
        if !state.abandoned {
            state.abandoned = true;
            self.give_up(&mut state);
        }
        drop(state);
        self.done.notify_all();
    }

    fn give_up(&self, state: &mut State) {
        let waiting: u64 = state.waiting.iter().map(|message| message.items).sum();
        add(&self.counters.shutdown, waiting + state.items_in_hand);
        state.waiting = VecDeque::new();
        (state.bytes, state.items) = (state.bytes_in_hand, state.items_in_hand);
        state.done = state.taken;
    }

    /// A panic while the lock was held leaves whole messages behind, so the poison says nothing.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: usize, items: u64) -> Message {
        Message::new(vec![0; bytes], items)
    }

    fn offer(queue: &Queue, bytes: usize, items: u64) -> bool {
        queue.accept(items);
        queue.push(message(bytes, items))
    }

    #[test]
    fn what_finds_no_room_is_counted_and_the_message_in_hand_takes_room() {
        let queue = Queue::new(100, 1000);
        assert!(offer(&queue, 60, 6) && !offer(&queue, 60, 7));
        let taken = queue.take().unwrap();
        assert!(!offer(&queue, 60, 8));
        drop(taken);
        queue.settle(Fate::Taken { rejected: 2 });
        assert!(offer(&queue, 60, 9));
        let counts = queue.counters.read();
        assert_eq!((counts.accepted, counts.exported, counts.dropped_rejected), (30, 4, 2));
        assert_eq!((counts.dropped_queue_full, queue.bytes()), (15, 60));
    }

    #[test]
    fn items_can_be_bounded_too() {
        let queue = Queue::new(100, 10);
        assert!(offer(&queue, 1, 6) && !offer(&queue, 1, 5) && offer(&queue, 1, 4));
        queue.take().unwrap();
        queue.settle(Fate::Refused);
        assert!(offer(&queue, 1, 6));
    }

    #[test]
    fn every_fate_has_its_place_on_the_account() {
        let check = |fate, exported, rejected, expired, shutdown| {
            let queue = Queue::new(100, 1000);
            offer(&queue, 1, 5);
            queue.take().unwrap();
            queue.settle(fate);
            let counts = queue.counters.read();
            assert_eq!((counts.exported, counts.dropped_rejected), (exported, rejected), "{fate:?}");
            assert_eq!((counts.dropped_expired, counts.dropped_shutdown), (expired, shutdown), "{fate:?}");
        };
        check(Fate::Taken { rejected: 0 }, 5, 0, 0, 0);
        check(Fate::Taken { rejected: 99 }, 0, 5, 0, 0);
        check(Fate::Refused, 0, 5, 0, 0);
        check(Fate::Expired, 0, 0, 5, 0);
        check(Fate::Abandoned, 0, 0, 0, 5);
    }

    #[test]
    fn what_was_given_up_is_counted_once() {
        let queue = Queue::new(100, 1000);
        offer(&queue, 1, 1);
        offer(&queue, 1, 2);
        queue.take().unwrap();
        queue.close();
        queue.abandon();
        queue.settle(Fate::Taken { rejected: 0 });
        assert!(!offer(&queue, 1, 4));
        queue.leave();
        let counts = queue.counters.read();
        assert_eq!((counts.accepted, counts.exported, counts.dropped_shutdown), (7, 0, 7));
        assert!(queue.flush(Duration::ZERO) && queue.wait_for_worker(Duration::ZERO));
    }

    #[test]
    fn a_flush_waits_for_what_was_there() {
        let queue = Queue::new(100, 1000);
        offer(&queue, 1, 1);
        assert!(!queue.flush(Duration::ZERO));
        queue.take().unwrap();
        assert!(!queue.flush(Duration::ZERO));
        queue.settle(Fate::Refused);
        assert!(queue.flush(Duration::ZERO));
    }
}
