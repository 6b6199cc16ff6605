//! Who tells somebody.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use crate::Message;

/// A message on its way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<Sent, SendError>> + Send + 'a>>;

/// Brings messages to one receiver: a chat, a mailbox, a program. What it shows of itself has no secret in it.
///
/// It tries once; whoever calls it tries again where [`SendError`] says that this is of use. It may be called again with a message that has
/// arrived: `Message::id` lets the receiver know it.
pub trait Notifier: fmt::Debug + Send + Sync {
    /// Sends a message, and waits until the other side has taken it.
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a>;

    /// How much it can be told. Without a word of its own it is for people.
    fn manner(&self) -> Manner {
        Manner::PEOPLE
    }
}

/// How much a receiver can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    /// How many messages a minute; what is more becomes one message. `None`: as many as there are.
    pub per_minute: Option<u32>,
    /// How many alerts a message shows; of the others it says how many they are.
    pub alerts: usize,
    /// How often it has to be reminded of alerts that go on, since it believes them to be over otherwise.
    pub remind: Option<Duration>,
}

impl Manner {
    /// People read ten messages a minute at the most, and a hundred alerts of one.
    pub const PEOPLE: Self = Self { per_minute: Some(10), alerts: 100, remind: None };
    /// A program takes everything.
    pub const PROGRAM: Self = Self { per_minute: None, alerts: usize::MAX, remind: None };
}

/// A message was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// What later messages of the same episode can refer to: the time stamp of a chat's message, the id of a mail.
    pub thread: Option<String>,
}

/// A message was not taken.
#[derive(Debug)]
pub struct SendError {
    what: String,
    is_lasting: bool,
    retry_after: Option<Duration>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SendError {
    /// It may go well another time.
    pub fn transient(what: impl Into<String>) -> Self {
        Self { what: what.into(), is_lasting: false, retry_after: None, source: None }
    }

    /// It will go wrong every time.
    pub fn lasting(what: impl Into<String>) -> Self {
        Self { is_lasting: true, ..Self::transient(what) }
    }

    /// The other side says when to try again.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// What is behind it; a text without secrets.
    #[must_use]
    pub fn source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Whether trying again is of no use.
    pub fn is_lasting(&self) -> bool {
        self.is_lasting
    }

    /// How long the other side wants to be left alone.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for SendError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}
