//! What all jobs of one queue have in common.

use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "seal")]
use cupola_context::Seal;
use cupola_context::{Identify, Relation};
use cupola_record::{JobLog, Sink};
use cupola_redact::KeyPolicy;

use crate::open_envelope::Trusted;
use crate::share::Share;

/// The key that an envelope has in a string map, a header or a column of metadata.
pub const ENVELOPE_KEY: &str = "cupola-envelope";

/// A queue's jobs: how they are asked for, and how they are worked on. Clones are the same.
///
/// Unless set, jobs are lines ([`JobLog`]), linked with the request that asks, and take along its fields but for secret ones.
///
/// ```
/// use std::time::Duration;
/// use cupola_context::Relation;
/// use cupola_job::{Jobs, Share};
///
/// let jobs = Jobs::new("mail")
///     .system("sqlite")
///     .share(Share::only(["user_id", "tenant"]))
///     .relation_of("send_receipt", Relation::Child)
///     .wanted_for(Duration::from_secs(3600));
/// # let _ = jobs;
/// ```
#[derive(Clone, Debug)]
pub struct Jobs(Arc<Settings>);

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) queue: Arc<str>,
    pub(crate) system: &'static str,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) policy: KeyPolicy,
    pub(crate) identify: Identify,
    pub(crate) service: Option<Arc<str>>,
    pub(crate) share: Share,
    pub(crate) baggage: bool,
    pub(crate) wanted_for: Option<Duration>,
    pub(crate) trusted: Trusted,
    relation: Relation,
    relations: Vec<(Arc<str>, Relation)>,
}

impl Jobs {
    /// Of the queue of this name: a label, so from a closed set.
    pub fn new(queue: impl Into<Arc<str>>) -> Self {
        Self(Arc::new(Settings {
            queue: queue.into(),
            system: "queue",
            sink: Arc::new(JobLog::new()),
            policy: KeyPolicy::default(),
            identify: Identify::default(),
            service: None,
            share: Share::default(),
            baggage: false,
            wanted_for: None,
            trusted: Trusted::default(),
            relation: Relation::default(),
            relations: Vec::new(),
        }))
    }

    /// The same for another queue.
    #[must_use]
    pub fn queue_name(self, queue: impl Into<Arc<str>>) -> Self {
        self.with(|settings| settings.queue = queue.into())
    }

    /// What runs the queue: `sqlite`, `redis`, by OpenTelemetry's names for `messaging.system` where it has one.
    #[must_use]
    pub fn system(self, system: &'static str) -> Self {
        self.with(|settings| settings.system = system)
    }

    /// Who is told of jobs, in place of the log.
    #[must_use]
    pub fn sink(self, sink: impl Sink) -> Self {
        self.with(|settings| settings.sink = Arc::new(sink))
    }

    /// What is masked, and which fields never go along.
    #[must_use]
    pub fn policy(self, policy: KeyPolicy) -> Self {
        self.with(|settings| settings.policy = policy)
    }

    /// How jobs are identified: the format of ids that they do not bring, the sampler of their traces.
    #[must_use]
    pub fn identify(self, identify: Identify) -> Self {
        self.with(|settings| settings.identify = identify)
    }

    /// As which service jobs are asked for.
    #[must_use]
    pub fn service(self, name: impl Into<Arc<str>>) -> Self {
        self.with(|settings| settings.service = Some(name.into()))
    }

    /// Which fields of a request go along.
    #[must_use]
    pub fn share(self, share: Share) -> Self {
        self.with(|settings| settings.share = share)
    }

    /// The request's baggage goes along.
    #[must_use]
    pub fn share_baggage(self) -> Self {
        self.with(|settings| settings.baggage = true)
    }

    /// Until when jobs are wanted, from when they are queued. A job that begins later says so; it is worked on all the same.
    #[must_use]
    pub fn wanted_for(self, time: Duration) -> Self {
        self.with(|settings| settings.wanted_for = Some(time))
    }

    /// What jobs are to the request that asks for them.
    #[must_use]
    pub fn relation(self, relation: Relation) -> Self {
        self.with(|settings| settings.relation = relation)
    }

    /// What jobs of one kind are to it.
    #[must_use]
    pub fn relation_of(self, kind: impl Into<Arc<str>>, relation: Relation) -> Self {
        self.with(|settings| settings.relations.push((kind.into(), relation)))
    }

    /// Envelopes are sealed with a key, and only those that are sealed so are believed.
    #[cfg(feature = "seal")]
    #[must_use]
    pub fn seal(self, seal: Seal) -> Self {
        self.with(|settings| settings.trusted = Trusted::Sealed(seal))
    }

    /// The queue's name.
    pub fn queue(&self) -> &str {
        &self.0.queue
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl Settings {
    /// The last word on a kind counts.
    pub(crate) fn relation(&self, kind: &str) -> Relation {
        let own = self.relations.iter().rev().find(|(name, _)| &**name == kind);
        own.map_or(self.relation, |(_, relation)| *relation)
    }
}
