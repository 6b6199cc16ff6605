//! What a queue says of a job.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

/// What a queue says of a job when it hands it out.
///
/// ```
/// use cupola_job::JobFacts;
///
/// let facts = JobFacts::new("send_mail").id("j-7").attempt(2).max_attempts(5);
/// # let _ = facts;
/// ```
#[derive(Clone, Debug)]
pub struct JobFacts<'a> {
    pub(crate) kind: Arc<str>,
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) attempt: Option<u32>,
    pub(crate) max_attempts: Option<u32>,
    pub(crate) due: Option<SystemTime>,
    pub(crate) envelope: Option<&'a str>,
}

impl<'a> JobFacts<'a> {
    /// Of a job of a kind, by its name in code: a label, so from a closed set.
    pub fn new(kind: impl Into<Arc<str>>) -> Self {
        Self { kind: kind.into(), id: None, attempt: None, max_attempts: None, due: None, envelope: None }
    }

    /// The queue's id of the job.
    #[must_use]
    pub fn id(mut self, id: impl Into<Cow<'a, str>>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Which attempt this is, from 1; unless told, what the envelope says.
    #[must_use]
    pub const fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = Some(attempt);
        self
    }

    /// How many attempts there may be: where more are left, what fails will be tried again.
    #[must_use]
    pub const fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// From when on it was to be worked on, where that is later than when it was queued.
    #[must_use]
    pub const fn due(mut self, time: SystemTime) -> Self {
        self.due = Some(time);
        self
    }

    /// Its envelope, where it has one.
    #[must_use]
    pub const fn envelope(mut self, envelope: Option<&'a str>) -> Self {
        self.envelope = envelope;
        self
    }
}

/// A request of a tower service that is a job out of a queue.
///
/// ```
/// use cupola_job::{JobFacts, JobRequest};
///
/// struct Delivery {
///     id: String,
///     deliveries: u32,
///     headers: std::collections::HashMap<String, String>,
/// }
///
/// impl JobRequest for Delivery {
///     fn facts(&self) -> JobFacts<'_> {
///         let envelope = self.headers.get(cupola_job::ENVELOPE_KEY).map(String::as_str);
///         JobFacts::new("send_mail").id(&*self.id).attempt(self.deliveries).envelope(envelope)
///     }
/// }
/// ```
pub trait JobRequest {
    /// What is known of it.
    fn facts(&self) -> JobFacts<'_>;
}
