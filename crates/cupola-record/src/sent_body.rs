//! A request's body on its way to another service.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Buf;

use crate::body::BodyCapture;
use crate::body_watch::BodyWatch;

/// A request's body on its way: whoever sends it tells of each piece, on whatever task, and the call that it belongs to reads
/// the account when it ends. Clones are of one body.
///
/// ```
/// use cupola_record::SentBody;
///
/// let sent = SentBody::new(None);
/// sent.clone().passed(&&b"hello"[..]);
/// assert_eq!(sent.bytes(), 5);
/// ```
#[derive(Clone, Debug)]
pub struct SentBody(Arc<Sent>);

#[derive(Debug)]
struct Sent {
    bytes: AtomicU64,
    /// Whether there is something to capture: most are only counted, and need not ask for the lock.
    captures: bool,
    watch: Mutex<Option<BodyWatch>>,
}

impl SentBody {
    /// A body that is counted, and captured where there is a watch.
    pub fn new(watch: Option<BodyWatch>) -> Self {
        Self(Arc::new(Sent { bytes: AtomicU64::new(0), captures: watch.is_some(), watch: Mutex::new(watch) }))
    }

    /// A piece of it is sent.
    pub fn passed(&self, data: &impl Buf) {
        self.0.bytes.fetch_add(data.remaining() as u64, Ordering::Relaxed);
        if let Some(watch) = self.watch().as_mut().and_then(|watch| watch.as_mut()) {
            watch.feed(data);
        }
    }

    /// It was sent to its end.
    pub fn ended(&self) {
        if let Some(watch) = self.watch().as_mut().and_then(|watch| watch.as_mut()) {
            watch.end();
        }
    }

    /// Bytes that were sent so far.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// What was captured so far; what is sent later is only counted.
    pub(crate) fn finish(&self) -> Option<BodyCapture> {
        let watch = self.watch()?.take();
        watch.map(BodyWatch::finish)
    }

    fn watch(&self) -> Option<MutexGuard<'_, Option<BodyWatch>>> {
        self.0.captures.then(|| self.0.watch.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
