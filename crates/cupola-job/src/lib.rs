//! Background jobs in the context of the request that asked for them, however they get there: over a channel, or a queue on a disk.
//!
//! ```
//! use cupola_job::{JobFacts, Jobs, TypedError};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let jobs = Jobs::new("mail").system("our-queue");
//!
//! // Whoever asks puts the envelope beside the job, in whatever the queue has for that.
//! let sending = jobs.send("send_mail");
//! let envelope = sending.envelope();
//! sending.queued(Some("j-7"));
//!
//! // Whoever works on it, perhaps days later and elsewhere.
//! let facts = JobFacts::new("send_mail").id("j-7").envelope(Some(&envelope)).attempt(1).max_attempts(3);
//! let work = async { Err::<(), _>(TypedError::new("smtp", "no answer")) };
//! let done = jobs.begin(&facts).run(work).await;
//! assert!(done.is_err());
//! // The log has three lines now: `job queued`, `job started` and `job will be tried again`.
//! # }
//! ```
//!
//! # Where this sits
//! Floor 3: on cupola-context, cupola-record and cupola-redact. It must not know a subscriber, metrics or a client; of queues it knows
//! apalis, behind a feature. What it learns goes to one [`cupola_record::Sink`].
//!
//! # What it does, and what it does not
//! A job is worked on in a [`Context`](cupola_context::Context) of its own, which is ambient while it is polled and dropped, and at no
//! other time: the next job of the same worker finds none. That context is made of the job's envelope; an envelope that is missing,
//! torn, forged or of another time fails no job, which is then worked on in a context that nobody has asked for.
//! Panics are recorded and go on to whoever catches them. When a job is tried again is for the queue to say: what is recorded
//! is what the queue's own numbers promise.
//!
//! # Features
//! - `apalis`: workers and queues of apalis 1, by the module `apalis_1`.
//! - `seal`: envelopes that only those who share a key can write, by `Jobs::seal`.

#[cfg(feature = "apalis")]
pub mod apalis_1;
mod begin;
mod carried;
mod executions;
mod facts;
mod failure;
mod fresh;
mod future;
mod jobs;
mod layer;
mod open_envelope;
mod running;
mod sending;
mod share;
mod typed_error;

pub use carried::Carried;
pub use executions::Executions;
pub use facts::{JobFacts, JobRequest};
pub use failure::{JobError, JobFailure};
pub use future::JobFuture;
pub use jobs::{ENVELOPE_KEY, Jobs};
pub use layer::{JobLayer, JobService};
pub use running::RunningJob;
pub use sending::Sending;
pub use share::Share;
pub use typed_error::{BoxError, TypedError};
