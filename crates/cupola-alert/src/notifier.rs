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
