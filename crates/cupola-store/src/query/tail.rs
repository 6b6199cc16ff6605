//! Entries as they come in, to whoever watches.
//!
//! A store shows what it takes to its [`Tails`]; each [`Tail`] has a filter, which is asked there, and a bounded queue. A watcher
//! that is slow loses entries, and is told how many: it never makes a writer wait.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::{error, fmt};

use super::entry::Entry;
use super::wanted::Wanted;
use crate::batch::Batch;
use crate::language::Expression;
use crate::signal::Signal;
use crate::writer::{FileKey, Part};

/// So many entries wait for a watcher.
const MAX_WAITING: usize = 1_000;
/// So many bytes of entries wait for a watcher.
const MAX_BYTES: usize = 4 << 20;

/// All who watch.
///
/// ```
/// use cupola_store::{Batch, Signal, Tails, Value};
///
/// let tails = Tails::new(16);
/// let mut tail = tails.open(Signal::Logs, None)?;
/// let mut batch = Batch::new(Signal::Logs);
/// batch.row(1_795_232_762_123_456_000).set("message", Value::Text("machine is up"));
/// tails.offer(&batch);
/// assert_eq!(tail.take().entries[0].get("message"), Some(Value::Text("machine is up")));
/// # Ok::<(), cupola_store::TooManyTails>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tails(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    most: usize,
    /// How many there are: a batch that nobody watches costs one look at this.
    open: AtomicUsize,
    queues: Mutex<Vec<Weak<Queue>>>,
}

/// One who watches. Dropped, it watches no more.
#[derive(Debug)]
pub struct Tail {
    queue: Arc<Queue>,
    tails: Arc<Shared>,
}

/// What has come since it was asked for last.
#[derive(Debug, Default)]
pub struct Told {
    /// In the order in which they came.
    pub entries: Vec<Entry>,
    /// Entries that came, and were dropped because too many waited.
    pub dropped: u64,
}

#[derive(Debug)]
struct Queue {
    signal: Signal,
    wanted: Option<Wanted>,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    entries: VecDeque<Entry>,
    bytes: usize,
    dropped: u64,
    waker: Option<Waker>,
}

/// As many watch as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyTails {
    /// How many may.
    pub most: usize,
}

impl Tails {
    /// At most so many may watch.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Shared { most, open: AtomicUsize::new(0), queues: Mutex::default() }))
    }

    /// Begins to watch.
    ///
    /// # Errors
    /// Where as many watch as may.
    pub fn open(&self, signal: Signal, expression: Option<&Expression>) -> Result<Tail, TooManyTails> {
        let mut queues = lock(&self.0.queues);
        queues.retain(|queue| queue.strong_count() > 0);
        if queues.len() >= self.0.most {
            return Err(TooManyTails { most: self.0.most });
        }
        let queue = Arc::new(Queue { signal, wanted: expression.map(Wanted::new), waiting: Mutex::default() });
        queues.push(Arc::downgrade(&queue));
        self.0.open.fetch_add(1, Ordering::Release);
        Ok(Tail { queue, tails: Arc::clone(&self.0) })
    }

    /// Shows entries to all who watch.
    pub fn offer(&self, batch: &Batch) {
        self.offer_rows(batch, |_| true);
    }

    /// Shows those entries to all who watch that are kept.
    pub(crate) fn offer_parts(&self, parts: &[(FileKey, Part)]) {
        if !self.is_empty() {
            parts.iter().for_each(|(_, part)| self.offer_rows(&part.batch, |row| part.has(row)));
        }
    }

    /// Whether nobody watches.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.open.load(Ordering::Acquire) == 0
    }

    fn offer_rows(&self, batch: &Batch, is_kept: impl Fn(u32) -> bool) {
        if self.is_empty() {
            return;
        }
        let queues: Vec<_> = lock(&self.0.queues).iter().filter_map(Weak::upgrade).collect();
        let watching: Vec<_> = queues.iter().filter(|queue| queue.signal == batch.signal()).collect();
        if watching.is_empty() {
            return;
        }
        Entry::each_of(batch, |row, entry| {
            if is_kept(row) {
                watching.iter().for_each(|queue| queue.offer(&entry));
            }
        });
        watching.iter().for_each(|queue| queue.wake());
    }
}

impl Queue {
    fn offer(&self, entry: &Entry) {
        if self.wanted.as_ref().is_some_and(|wanted| !entry.is(wanted)) {
            return;
        }
        let mut waiting = lock(&self.waiting);
        let bytes = entry.bytes();
        if waiting.entries.len() >= MAX_WAITING || waiting.bytes + bytes > MAX_BYTES {
            waiting.dropped += 1;
        } else {
            waiting.bytes += bytes;
            waiting.entries.push_back(entry.clone());
        }
    }

    fn wake(&self) {
        let waker = {
            let mut waiting = lock(&self.waiting);
            if waiting.is_empty() { None } else { waiting.waker.take() }
        };
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.dropped == 0
    }

    fn take(&mut self) -> Told {
        self.bytes = 0;
        Told { entries: self.entries.drain(..).collect(), dropped: std::mem::take(&mut self.dropped) }
    }
}

impl Tail {
    /// What has come; nothing, if nothing has.
    pub fn take(&mut self) -> Told {
        lock(&self.queue.waiting).take()
    }

    /// What has come, once something has.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Told> {
        let mut waiting = lock(&self.queue.waiting);
        if !waiting.is_empty() {
            return Poll::Ready(waiting.take());
        }
        waiting.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.tails.open.fetch_sub(1, Ordering::Release);
    }
}

impl fmt::Display for TooManyTails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "too many watch what comes in: at most {}; close another one first", self.most)
    }
}

impl error::Error for TooManyTails {}

/// What is kept under these locks is whole between any two statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::task::Wake;

    use super::*;
    use crate::column::Owned;
    use crate::query::stored::{batch, entry, expression, text};

    fn messages(told: &Told) -> Vec<String> {
        told.entries.iter().map(|entry| entry.get("message").unwrap().text().into_owned()).collect()
    }

    fn line(level: &str, message: &str) -> Entry {
        entry(7, &[("level", text(level)), ("message", text(message)), ("n", Owned::Int(1))])
    }

    #[test]
    fn each_is_told_what_it_watches_for() {
        let tails = Tails::new(3);
        let mut all = tails.open(Signal::Logs, None).unwrap();
        let mut warnings = tails.open(Signal::Logs, Some(&expression("level>=warn n=1"))).unwrap();
        let mut spans = tails.open(Signal::Spans, None).unwrap();
        assert_eq!(tails.open(Signal::Logs, None).unwrap_err(), TooManyTails { most: 3 });
        tails.offer(&batch(&[line("INFO", "a"), line("WARN", "b"), entry(8, &[("message", text("c"))])]));
        assert_eq!(messages(&all.take()), ["a", "b", "c"]);
        assert_eq!(messages(&warnings.take()), ["b"]);
        assert_eq!((spans.take().entries.len(), all.take().entries.len()), (0, 0));
        drop(spans);
        tails.open(Signal::Logs, None).unwrap();
    }

    #[test]
    fn who_is_slow_is_told_what_was_dropped() {
        let tails = Tails::new(1);
        let mut tail = tails.open(Signal::Logs, None).unwrap();
        let many: Vec<_> = (0..MAX_WAITING + 5).map(|number| line("INFO", &number.to_string())).collect();
        tails.offer(&batch(&many));
        let told = tail.take();
        assert_eq!((told.entries.len(), told.dropped), (MAX_WAITING, 5));
        let large: Vec<_> = (0..10).map(|_| line("INFO", &"x".repeat(1 << 20))).collect();
        tails.offer(&batch(&large));
        let told = tail.take();
        assert!((2..4).contains(&told.entries.len()) && told.entries.len() as u64 + told.dropped == 10);
        tails.offer(&batch(&large[..1]));
        assert_eq!(tail.take().dropped, 0);
    }

    #[test]
    fn who_waits_is_woken() {
        #[derive(Default)]
        struct Woken(AtomicBool);
        impl Wake for Woken {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let (tails, woken) = (Tails::new(1), Arc::new(Woken::default()));
        let mut tail = tails.open(Signal::Logs, Some(&expression("wanted"))).unwrap();
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        assert!(tail.poll_next(&mut context).is_pending());
        tails.offer(&batch(&[line("INFO", "other")]));
        assert!(!woken.0.load(Ordering::SeqCst));
        tails.offer(&batch(&[line("INFO", "wanted")]));
        assert!(woken.0.load(Ordering::SeqCst));
        assert!(matches!(tail.poll_next(&mut context), Poll::Ready(told) if told.entries.len() == 1));
    }
}
