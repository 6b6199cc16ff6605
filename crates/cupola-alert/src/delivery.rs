//! From the outbox to those who are to be told: at least once, in order, and never more than people can read.

mod failed;
mod history;
mod outgoing;
mod plan;
mod prune;
mod queue;
mod sending;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cupola_store::{Metadata, MetadataError};

pub use failed::Failed;
pub use history::{DeliveryNote, Outcome};
pub(crate) use outgoing::json;
pub use outgoing::{Delivered, Deliveries, Outgoing};
pub(crate) use sending::{again, conditions};

use crate::{Receivers, SendError, Sent};
use plan::nanos;
use queue::Queue;

/// The worker over the outbox.
///
/// Each row of the outbox becomes part of one message; the message is written down before it is first sent, and what became of it before
/// anything else is done. So whenever the process ends, the next one sends what had not been taken, with the same `Message::id`: at least
/// once, and twice only where the process ended between the other side's answer and the note of it.
///
/// What is over before anybody was told of it is not told. Where an attempt to tell of it may have arrived, both are told, in order, however late.
///
/// ```
/// use std::sync::Arc;
///
/// use cupola_alert::{Delivery, Notice, Outgoing, Receivers};
/// use cupola_store::{Metadata as _, MetadataFile};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// let metadata = Arc::new(MetadataFile::open(dir.path())?);
/// let notice = Notice { rule: "errors".into(), episode: "e1".into(), ..Notice::default() };
/// metadata.apply(&[Outgoing { receiver: "log".into(), ..Outgoing::of(notice) }.change(0)])?;
///
/// let delivery = Delivery::new(metadata, Receivers::default());
/// let pass = delivery.deliver(60_000_000_000).await?;
/// assert_eq!((pass.sent, pass.next), (1, None));
/// # Ok(())
/// # }
/// ```
pub struct Delivery {
    metadata: Arc<dyn Metadata>,
    receivers: Receivers,
    pace: Pace,
    /// Between 0 and 1.
    chance: Box<dyn Fn() -> f64 + Send + Sync>,
    memory: Mutex<BTreeMap<String, Memory>>,
    pruned: Mutex<Option<i64>>,
}

/// How quickly messages are sent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long a message waits for other alerts of its group.
    pub window: Duration,
    /// After how long a message is given up.
    pub give_up: Duration,
    /// How long a receiver may take for one message.
    pub patience: Duration,
}

impl Default for Pace {
    /// A window of a second, a day until it is given up, half a minute for one message.
    fn default() -> Self {
        Self {
            window: Duration::from_secs(1),
            give_up: Duration::from_secs(24 * 60 * 60),
            patience: Duration::from_secs(30),
        }
    }
}

/// What one pass over the outbox has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// Messages that were taken.
    pub sent: usize,
    /// Messages that were not taken and will be tried again.
    pub delayed: usize,
    /// Messages that were given up.
    pub failed: usize,
    /// Rows that nobody needs to be told of any more.
    pub needless: usize,
    /// When there is something to do again, in nanoseconds since 1970, so far as it is known.
    pub next: Option<i64>,
}

/// What is known of a receiver while the process lives.
#[derive(Debug, Default)]
struct Memory {
    /// Another pass is at it.
    is_busy: bool,
    /// When messages of the last minute were begun.
    begun: VecDeque<i64>,
    /// What became of messages and could not be written down yet: they are not sent again for it.
    unwritten: BTreeMap<String, Result<Sent, SendError>>,
    /// When it was last reminded of what goes on.
    reminded: Option<i64>,
}

impl Delivery {
    /// Over this outbox, to these receivers, at the usual pace.
    pub fn new(metadata: Arc<dyn Metadata>, receivers: Receivers) -> Self {
        Self {
            metadata,
            receivers,
            pace: Pace::default(),
            chance: Box::new(rand::random::<f64>),
            memory: Mutex::default(),
            pruned: Mutex::default(),
        }
    }

    /// Another pace.
    #[must_use]
    pub fn pace(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// Where the jitter between attempts comes from: numbers between 0 and 1.
    #[must_use]
    pub fn chance(self, chance: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self { chance: Box::new(chance), ..self }
    }

    /// Those who can be told.
    pub fn receivers(&self) -> &Receivers {
        &self.receivers
    }

    /// Sends what is due, to all receivers side by side. Two passes may overlap: a receiver that one is at is passed over by the other, so that
    /// a slow one holds up nobody but itself.
    ///
    /// # Errors
    /// The outbox cannot be read or written. What was taken meanwhile is not sent again by this process.
    pub async fn deliver(&self, now: i64) -> Result<Pass, MetadataError> {
        // Whose turn it is, is settled before the outbox is read: what another pass has done since then is not done again.
        let turns = self.turns();
        let mut work = self.blocking(|metadata| Queue::read(metadata)).await?.by_receiver();
        let mut passes = Vec::new();
        let mut whole = Pass::default();
        for turn in turns {
            if turn.is_for_strangers() {
                let known = |name: &String| self.receivers.get(name).is_some();
                let (rest, strange): (BTreeMap<_, _>, _) = work.into_iter().partition(|(name, _)| known(name));
                work = rest;
                whole.add(self.nobody(strange, now).await?);
                continue;
            }
            let own = work.remove(&turn.name).unwrap_or_default();
            passes.push(self.deliver_to(turn, own, now));
        }
        let mut error = None;
        for pass in futures_util::future::join_all(passes).await {
            match pass {
                Ok(pass) => whole.add(pass),
                Err(failed) => error = Some(failed),
            }
        }
        self.prune(now).await?;
        error.map_or(Ok(whole), Err)
    }

    /// Messages that were given up and nobody has seen yet.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn failed(&self) -> Result<Vec<Failed>, MetadataError> {
        Failed::all(&*self.metadata)
    }

    /// Metadata may wait for a disk, and so it is asked where that holds up nobody.
    async fn blocking<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Metadata) -> Result<T, MetadataError> + Send + 'static,
    ) -> Result<T, MetadataError> {
        let metadata = Arc::clone(&self.metadata);
        match tokio::task::spawn_blocking(move || ask(&*metadata)).await {
            Ok(answer) => answer,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The runtime ends: nobody waits for an answer.
                Err(_) => std::future::pending().await,
            },
        }
    }

    fn memory(&self) -> MutexGuard<'_, BTreeMap<String, Memory>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.delayed += other.delayed;
        self.failed += other.failed;
        self.needless += other.needless;
        other.next.into_iter().for_each(|next| self.again(next));
    }

    fn again(&mut self, at: i64) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("receivers", &self.receivers).field("pace", &self.pace).finish_non_exhaustive()
    }
}
