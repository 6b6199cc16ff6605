//! Takes care of the store when people ask for it: one thing at a time, with notes of who had what done and what became of it.

mod export;
mod work;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, io, thread};

use cupola_store::{Metadata, MetadataError, Upkeep};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::access::{audit, now};
pub(crate) use export::LINES;
pub(crate) use work::{BackedUp, Compacted, Pruned, Verified, Work};

/// Takes care of a store that is open: verifies it, deletes its oldest days, makes it smaller, copies it and takes entries out. One thing is done
/// at a time, away from the threads that others wait for; whoever asks while one is at work is told who has it done. Each is noted with the
/// people's other changes before it begins, and when it ends. It goes on when whoever asked has gone.
#[derive(Clone, Debug)]
pub struct Caretaker(Arc<House>);

#[derive(Debug)]
struct House {
    upkeep: Arc<dyn Upkeep>,
    metadata: Arc<dyn Metadata>,
    state: Mutex<State>,
}

/// What is done, and what was done last.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) at_work: Option<Begun>,
    pub(crate) last: Option<Ended>,
}

/// Somebody has something done.
#[derive(Clone, Debug)]
pub(crate) struct Begun {
    /// In a word: `backup`.
    pub(crate) what: &'static str,
    pub(crate) by: String,
    /// In nanoseconds since 1970.
    pub(crate) since: i64,
}

/// What became of it.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) begun: Begun,
    /// In nanoseconds since 1970.
    pub(crate) until: i64,
    pub(crate) outcome: Outcome,
}

/// What was done; or why it was not.
pub(crate) type Outcome = Result<Value, Failure>;

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) why: String,
    /// No place for backups was named.
    pub(crate) has_no_place: bool,
}

/// Why something was not begun.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Something else is at work.
    AtWork(Begun),
    /// It could not be noted.
    Metadata(MetadataError),
    /// There is no thread for it.
    Thread(io::Error),
}

impl Caretaker {
    /// Takes care of this store, and notes it there.
    pub fn new(upkeep: Arc<dyn Upkeep>, metadata: Arc<dyn Metadata>) -> Self {
        Self(Arc::new(House { upkeep, metadata, state: Mutex::default() }))
    }

    /// What is done, and what was done last.
    pub(crate) fn state(&self) -> State {
        self.0.lock().clone()
    }

    /// Begins something for somebody. What it gives is told when it has ended, and need not be waited for.
    pub(crate) fn begin(&self, work: Work, by: &str) -> Result<oneshot::Receiver<Outcome>, Refused> {
        let (told, ended) = oneshot::channel();
        self.have_done(
            work.name(),
            &work.about(),
            by,
            move |upkeep| work.run(upkeep),
            move |outcome| {
                // Whoever asked may have gone.
                let _ = told.send(outcome);
            },
        )?;
        Ok(ended)
    }

    fn have_done(
        &self,
        what: &'static str,
        about: &Value,
        by: &str,
        work: impl FnOnce(&dyn Upkeep) -> Outcome + Send + 'static,
        told: impl FnOnce(Outcome) + Send + 'static,
    ) -> Result<(), Refused> {
        let begun = Begun { what, by: by.to_owned(), since: now() };
        let turn = self.0.take_turn(&begun)?;
        self.0.note(&begun, "begun", about).map_err(Refused::Metadata)?;
        let at_work = move || {
            let done = catch_unwind(AssertUnwindSafe(|| work(&*turn.0.upkeep)));
            let outcome = done.unwrap_or_else(|_| Err(Failure::of("it panicked")));
            turn.end(begun, outcome.clone());
            told(outcome);
        };
        thread::Builder::new().name("cupola-upkeep".to_owned()).spawn(at_work).map_err(Refused::Thread)?;
        Ok(())
    }
}

impl House {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_turn(self: &Arc<Self>, begun: &Begun) -> Result<Turn, Refused> {
        let mut state = self.lock();
        if let Some(other) = &state.at_work {
            return Err(Refused::AtWork(other.clone()));
        }
        state.at_work = Some(begun.clone());
        Ok(Turn(Arc::clone(self)))
    }

    fn note(&self, begun: &Begun, how: &str, about: &Value) -> Result<(), MetadataError> {
        self.metadata.apply(&[audit(&begun.by, &format!("store {} {how}", begun.what), about, now())])
    }
}

/// Lets others have their turn when it goes.
struct Turn(Arc<House>);

impl Turn {
    /// Notes what became of it, and says so to whoever asks.
    fn end(self, begun: Begun, outcome: Outcome) {
        let noted = match &outcome {
            Ok(done) => self.0.note(&begun, "done", &work::shortened(done)),
            Err(failure) => self.0.note(&begun, "failed", &json!({ "why": failure.why })),
        };
        let (by, what) = (&begun.by, begun.what);
        match (&outcome, noted) {
            (_, Err(error)) => {
                tracing::error!(target: "cupola::dashboard", by, what, %error, "that the store was taken care of was not noted")
            }
            (Err(Failure { why, .. }), _) => {
                tracing::error!(target: "cupola::dashboard", by, what, error = why, "the store was not taken care of")
            }
            (Ok(_), _) => tracing::info!(target: "cupola::dashboard", by, what, "the store was taken care of"),
        }
        self.0.lock().last = Some(Ended { begun, until: now(), outcome });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.lock().at_work = None;
    }
}

impl Failure {
    pub(crate) fn of(why: impl Into<String>) -> Self {
        Self { why: why.into(), has_no_place: false }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtWork(Begun { what, by, since }) => {
                let since = jiff::Timestamp::from_nanosecond((*since).into()).unwrap_or_default();
                write!(f, "{by} has had the store's {what} at work since {since:.0}: ask again when it is done")
            }
            Self::Metadata(error) => write!(f, "who wants this done cannot be noted, so that it is not done: {error}"),
            Self::Thread(error) => write!(f, "there is no thread for it: {error}"),
        }
    }
}
