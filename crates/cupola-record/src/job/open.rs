//! The open job: it ends once, in one place.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cupola_redact::Masked;

use super::ended::{JobEnded, JobOutcome};
use super::facts::Job;
use crate::open::Clock;
use crate::sink::{Record, Sink};

/// A job that is being worked on. Its sinks are told that it begins, and that it ends, once; dropped without
/// [`OpenJob::end`], it ends as cancelled.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Instant, SystemTime};
/// use cupola_context::{Context, Fresh, RequestIdFormat};
/// use cupola_record::{Capture, Job, JobLog, JobOutcome, OpenJob, Sink};
///
/// let capture = Capture::new();
/// let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
/// let job = Job::new(context.clone(), SystemTime::UNIX_EPOCH, "send_mail", "mail");
/// # #[allow(clippy::disallowed_methods)]
/// let mut open = OpenJob::new(job, Arc::new(JobLog::new().and(capture.clone())), Instant::now);
/// context.enter(|| cupola_context::add("mails", 1_u64));
/// open.end(JobOutcome::Completed);
/// assert_eq!(capture.jobs()[0].1.outcome, JobOutcome::Completed);
/// ```
#[derive(Debug)]
pub struct OpenJob(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    job: Job,
    ended: JobEnded,
    sink: Arc<dyn Sink>,
    clock: Clock,
    began: Instant,
}

impl OpenJob {
    /// Begins a job, and tells so.
    pub fn new(job: Job, sink: Arc<dyn Sink>, clock: Clock) -> Self {
        sink.record(Record::JobBegun(&job));
        let began = clock();
        Self(Some(Box::new(Open { job, ended: JobEnded::begun(), sink, clock, began })))
    }

    /// What is known since the beginning; `None` once it has ended.
    pub fn job(&self) -> Option<&Job> {
        self.0.as_ref().map(|open| &open.job)
    }

    /// There was an error: its type, a short name of a closed set, and what it says.
    pub fn error(&mut self, error_type: impl Into<Cow<'static, str>>, text: Option<Masked>) {
        if let Some(open) = &mut self.0 {
            open.ended.set_error_type(error_type.into());
            open.ended.error = text;
        }
    }

    /// When it is tried again.
    pub fn retry_in(&mut self, delay: Duration) {
        if let Some(open) = &mut self.0 {
            open.ended.retry_in = Some(delay);
        }
    }

    /// Ends the job; only the first time counts.
    pub fn end(&mut self, outcome: JobOutcome) {
        let Some(mut open) = self.0.take() else { return };
        open.ended.outcome = outcome;
        open.ended.duration = (open.clock)().saturating_duration_since(open.began);
        open.sink.record(Record::Job(&open.job, &open.ended));
    }
}

impl Drop for OpenJob {
    fn drop(&mut self) {
        self.end(JobOutcome::Cancelled);
    }
}
