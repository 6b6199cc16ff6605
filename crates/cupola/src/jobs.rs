//! Background jobs.

use std::sync::{Arc, OnceLock};

use cupola_context::Identify;
use cupola_job::Jobs;
use cupola_metrics::{JobMetrics, Registry};
use cupola_record::{And, JobLog, Sink};
use cupola_redact::KeyPolicy;

use crate::cupola::Cupola;
use crate::own;

/// What the jobs of all queues have in common, as it is made when somebody asks for it: services without jobs have no metrics of them.
#[derive(Debug)]
pub(crate) struct BackgroundJobs {
    bare: Jobs,
    spans: Arc<dyn Sink>,
    sink: OnceLock<Arc<dyn Sink>>,
}

impl BackgroundJobs {
    pub(crate) fn new(service: &str, policy: &KeyPolicy, identify: Identify, spans: impl Sink) -> Self {
        let bare = Jobs::new("").policy(policy.clone()).identify(identify).service(service);
        Self { bare, spans: Arc::new(spans), sink: OnceLock::new() }
    }

    fn sink(&self, registry: &Registry) -> Arc<dyn Sink> {
        let make = || {
            let metrics = own::counted("jobs", JobMetrics::new(registry));
            let sink = And::new(JobLog::new(), And::new(metrics, Arc::clone(&self.spans)));
            Arc::new(sink) as Arc<dyn Sink>
        };
        self.sink.get_or_init(make).clone()
    }
}

impl Cupola {
    /// The jobs of a queue: each is a line when it is queued, when it begins and when it ends, in the context of the request that asked for it;
    /// metrics; and spans where those are exported. The queue's name is a label, so from a closed set. See [`cupola_job`];
    #[cfg_attr(feature = "apalis", doc = "for apalis 1 its module [`apalis_1`](cupola_job::apalis_1).")]
    #[cfg_attr(not(feature = "apalis"), doc = "for apalis 1 its module `apalis_1`, with feature `apalis`.")]
    ///
    /// ```
    /// use cupola::job::JobFacts;
    ///
    /// # let cupola = cupola::Cupola::builder("hello").vars(|_| None).output(std::io::sink()).build()?;
    /// let jobs = cupola.jobs("mail").system("our-queue");
    /// let sending = jobs.send("send_mail");
    /// let envelope = sending.envelope(); // goes into the queue, beside the job
    /// sending.queued(Some("j-7"));
    ///
    /// let job = jobs.begin(&JobFacts::new("send_mail").id("j-7").envelope(Some(&envelope)));
    /// job.work(|| Ok::<_, std::io::Error>(()))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn jobs(&self, queue: impl Into<Arc<str>>) -> Jobs {
        let jobs = &self.0.jobs;
        jobs.bare.clone().queue_name(queue).sink(jobs.sink(self.registry()))
    }
}
