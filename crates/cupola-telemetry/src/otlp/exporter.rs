//! One signal's way to a collector, as whoever exports sees it.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use super::config::Config;
use super::counts::ExportCounts;
use super::names::Signal;
use super::queue::{Message, Queue};
use super::report::Report;
use super::way::Way;
use super::worker::Worker;
use crate::background::Background;
use crate::queue::Lines;

/// Sends one signal's messages; clones are handles on the same queue.
#[derive(Clone, Debug)]
pub struct Exporter(Arc<Inner>);

/// How long a worker that has nothing more to do may take to say so.
const LAST_WORD: Duration = Duration::from_secs(1);

type Collect = Box<dyn Fn(&Exporter) + Send + Sync>;

struct Inner {
    signal: Signal,
    is_here: bool,
    queue: Arc<Queue>,
    background: Arc<Background>,
    collect: OnceLock<Collect>,
}

impl Exporter {
    pub(crate) fn start(
        signal: Signal,
        config: &Config,
        background: Arc<Background>,
        lines: Arc<Lines>,
    ) -> Result<Self, ExportError> {
        let queue = Arc::new(Queue::new(config.queue_bytes, config.queue_items.unwrap_or(u64::MAX)));
        let report = Report::new(lines, signal, config.origin());
        let worker = Worker { queue: queue.clone(), way: Way::new(config)?, report, give_up: config.give_up };
        background.spawn(worker.run());
        Ok(Self(Arc::new(Inner {
            signal,
            is_here: config.taker.is_some(),
            queue,
            background,
            collect: OnceLock::new(),
        })))
    }

    /// What is exported.
    pub fn signal(&self) -> Signal {
        self.0.signal
    }

    /// Whether it goes to somebody within the process.
    pub fn is_here(&self) -> bool {
        self.0.is_here
    }

    /// Takes a message. It never waits: `false` where there is no room, and then its items are counted as dropped.
    pub fn offer(&self, message: Message) -> bool {
        self.accept(message.items);
        self.push(message)
    }

    /// Has `collect` called once in each period, and before each flush and the shutdown, so that it offers what there
    /// is. It is called on telemetry's thread, or on that of whoever flushes. Only the first call counts.
    pub fn collect_every(&self, period: Duration, collect: impl Fn(&Self) + Send + Sync + 'static) {
        if self.0.collect.set(Box::new(collect)).is_ok() {
            let inner = Arc::downgrade(&self.0);
            self.0.background.every(period, move || Self::collect_of(&inner));
        }
    }

    fn collect_of(inner: &Weak<Inner>) {
        if let Some(inner) = inner.upgrade() {
            Self(inner).collect();
        }
    }

    fn collect(&self) {
        if let Some(collect) = self.0.collect.get() {
            // The panic hook has told of it.
            let _ = catch_unwind(AssertUnwindSafe(|| collect(self)));
        }
    }

    /// What has become of all items so far.
    pub fn counts(&self) -> ExportCounts {
        self.0.queue.counters.read()
    }

    /// How many bytes wait, the message that is being sent included.
    pub fn waiting_bytes(&self) -> usize {
        self.0.queue.bytes()
    }

    /// Sends what there is, and waits for it; `false` at the deadline.
    pub fn flush(&self, deadline: Duration) -> bool {
        self.collect();
        self.0.queue.flush(deadline)
    }

    /// Takes no more, and sends what there is. Where the collector does not answer, that is given up soon.
    pub(crate) fn close(&self) {
        self.collect();
        self.0.queue.close();
        // What came in between has its fate too.
        self.collect();
    }

    /// Whether nothing more is taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.queue.is_closed()
    }

    /// Waits for the last message; what is left at the deadline is counted as dropped.
    pub(crate) fn wait(&self, deadline: Duration) {
        if !self.0.queue.wait_for_worker(deadline) {
            self.0.queue.abandon();
            // It still tells the log.
            self.0.queue.wait_for_worker(LAST_WORD);
        }
    }

    pub(crate) fn accept(&self, items: u64) {
        self.0.queue.accept(items);
    }

    pub(crate) fn push(&self, message: Message) -> bool {
        self.0.queue.push(message)
    }

    pub(crate) fn drop_for_want_of_room(&self, items: u64) {
        crate::counts::add(&self.0.queue.counters.queue_full, items);
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exporter").field("signal", &self.signal).finish_non_exhaustive()
    }
}

/// An exporter could not be started.
#[derive(Debug)]
pub struct ExportError(Kind);

#[derive(Debug)]
enum Kind {
    Thread(std::io::Error),
    #[cfg(not(feature = "tls"))]
    WithoutTls,
    #[cfg(feature = "tls")]
    File(std::path::PathBuf, Box<dyn Error + Send + Sync>),
    #[cfg(feature = "tls")]
    Tls(Box<dyn Error + Send + Sync>),
}

impl ExportError {
    pub(crate) const fn thread(error: std::io::Error) -> Self {
        Self(Kind::Thread(error))
    }

    #[cfg(not(feature = "tls"))]
    pub(crate) const fn without_tls() -> Self {
        Self(Kind::WithoutTls)
    }

    #[cfg(feature = "tls")]
    pub(crate) fn file(file: &std::path::Path, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Kind::File(file.to_owned(), error.into()))
    }

    #[cfg(feature = "tls")]
    pub(crate) fn tls(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Kind::Tls(error.into()))
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Thread(_) => f.write_str("the thread for exports could not be started"),
            #[cfg(not(feature = "tls"))]
            Kind::WithoutTls => f.write_str("an https endpoint needs the feature `tls`, which this build is without"),
            #[cfg(feature = "tls")]
            Kind::File(file, _) => write!(f, "{} holds nothing that TLS could use", file.display()),
            #[cfg(feature = "tls")]
            Kind::Tls(_) => f.write_str("TLS could not be set up"),
        }
    }
}

impl Error for ExportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Thread(error) => Some(error),
            #[cfg(not(feature = "tls"))]
            Kind::WithoutTls => None,
            #[cfg(feature = "tls")]
            Kind::File(_, error) | Kind::Tls(error) => Some(&**error),
        }
    }
}
