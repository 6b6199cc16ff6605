//! From what a queue says of a job to the job that runs.

use std::time::SystemTime;

use cupola_context::{Envelope, InvalidEnvelope, enter_scope};
use cupola_record::{Job, JobOrigin, OpenJob};

use crate::facts::JobFacts;
use crate::fresh::{fresh, now};
use crate::jobs::{Jobs, Settings};
use crate::running::RunningJob;

impl Jobs {
    /// Begins a job: its context is made of its envelope, and the line is written that says that it starts.
    pub fn begin(&self, facts: &JobFacts<'_>) -> RunningJob {
        let settings = self.settings();
        let job = settings.job(facts, SystemTime::now());
        let context = job.context.clone();
        // Whatever the worker is in the course of is no part of the job.
        let mut outside = None;
        let _outside = enter_scope(&mut outside);
        let open = OpenJob::new(job, settings.sink.clone(), now);
        RunningJob::new(open, context, settings.policy.clone(), facts.max_attempts)
    }
}

impl Settings {
    fn job(&self, facts: &JobFacts<'_>, started: SystemTime) -> Job {
        let (envelope, refused) = self.envelope(facts);
        let relation = self.relation(&facts.kind);
        let context = self.identify.resume(&envelope, relation, &fresh(started));
        let mut job = Job::new(context, started, facts.kind.clone(), self.queue.clone());
        (job.system, job.relation, job.refused) = (self.system, relation, refused);
        job.attempt = facts.attempt.unwrap_or(envelope.attempt);
        job.max_attempts = facts.max_attempts;
        // A later attempt waits on purpose.
        let due = envelope.queued.max(facts.due).filter(|_| job.attempt <= 1);
        job.queue_latency = due.map(|due| started.duration_since(due).unwrap_or_default());
        job.past_deadline = envelope.deadline.is_some_and(|deadline| deadline < started);
        job.origin = self.origin(&envelope);
        if let Some(id) = &facts.id {
            let id = self.policy.text(id);
            job.context.set("job_id", id.as_str().to_owned());
            job.id = Some(id);
        }
        job
    }

    /// What there is of an envelope, and why it is not more.
    fn envelope(&self, facts: &JobFacts<'_>) -> (Envelope, Option<InvalidEnvelope>) {
        match facts.envelope.map(|text| self.trusted.decode(text)) {
            Some(Ok(envelope)) => (envelope, None),
            Some(Err(reason)) => (Envelope::new(), Some(reason)),
            None => (Envelope::new(), None),
        }
    }

    fn origin(&self, envelope: &Envelope) -> JobOrigin {
        let mut origin = JobOrigin::default();
        origin.request_id.clone_from(&envelope.request_id);
        origin.trace_id = envelope.trace.as_ref().map(|trace| trace.trace_id);
        origin.service = envelope.origin.as_deref().map(|service| self.policy.text(service));
        origin
    }
}
