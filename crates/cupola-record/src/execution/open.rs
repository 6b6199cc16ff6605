//! The open execution: it goes from state to state, and each step is said.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cupola_context::{Context, InContext, Scope, WithContext, enter_scope, enter_slot};
use cupola_redact::{KeyPolicy, Media};

use super::check::Check;
use super::error::{IllegalTransition, RetriesExhausted, TransitionError};
use super::event::{End, ExecutionEvent};
use super::facts::Execution;
use super::parts::{FileUse, Override, Retried, Snapshot, Step};
use super::plan::word;
use super::resources::{Meter, ProcessUsage, ResourceUse};
use super::state::ExecutionState;
use crate::open::Clock;
use crate::sink::{Record, Sink};
use crate::vocabulary::{ConfigChange, FileOperation, Status, Validation};

/// An execution that has not ended. Dropped before its end, it is cancelled; where a panic drops it, it has failed.
///
/// What runs [inside](Self::run) has its id on every line, and what is added up there (tokens and cost of language models, queries, what
/// [`cupola_context::add`] is told) is summed for it.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Instant;
/// use cupola_record::{Capture, ExecutionLog, ExecutionPlan, ExecutionState, Sink, Validation};
/// use cupola_redact::KeyPolicy;
///
/// let capture = Capture::new();
/// let sink = Arc::new(ExecutionLog::new().and(capture.clone()));
/// # #[allow(clippy::disallowed_methods)]
/// let plan = ExecutionPlan::new("report_1", "report", KeyPolicy::default(), sink, Instant::now);
/// let mut report = plan.mode("sequential").max_retries(1).input(br#"{"topic":"tea"}"#).create();
/// report.start()?;
/// report.enter(|| cupola_context::add("pages", 3_u64));
/// report.check("length", Validation::Passed, None);
/// report.output(br#"{"title":"Tea"}"#);
/// report.complete()?;
/// assert!(report.fail("late", &"too late").is_err(), "it has ended");
/// let facts = report.facts();
/// assert_eq!((facts.state, facts.total("pages")), (ExecutionState::Completed, Some(3_u64.into())));
/// # Ok::<(), cupola_record::TransitionError>(())
/// ```
pub struct OpenExecution {
    facts: Execution,
    tools: Tools,
    scope: Scope,
    context: Option<Context>,
    created: Instant,
    began: Option<Instant>,
    /// What the process had used when it began.
    before: ProcessUsage,
}

/// What an execution is recorded with.
pub(super) struct Tools {
    pub(super) policy: KeyPolicy,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) clock: Clock,
    pub(super) meter: Option<Arc<dyn Meter>>,
    pub(super) cap: usize,
}

impl Tools {
    fn usage(&self) -> ProcessUsage {
        self.meter.as_ref().map(|meter| meter.usage()).unwrap_or_default()
    }
}

impl OpenExecution {
    pub(super) fn new(created: &ExecutionEvent, tools: Tools, scope: Scope, context: Option<Context>) -> Self {
        let (at, facts, before) = ((tools.clock)(), Execution::default(), ProcessUsage::default());
        let mut open = Self { facts, tools, scope, context, created: at, began: None, before };
        open.say(created);
        open
    }

    /// What is known of it by now.
    pub const fn facts(&self) -> &Execution {
        &self.facts
    }

    /// Which one it is.
    pub fn id(&self) -> &str {
        &self.facts.id
    }

    /// Begins an attempt.
    ///
    /// # Errors
    /// Where it is not pending.
    pub fn start(&mut self) -> Result<(), IllegalTransition> {
        self.may_become(ExecutionState::Running)?;
        let now = (self.tools.clock)();
        let waited = self.began.is_none().then(|| micros(now.saturating_duration_since(self.created)));
        if self.began.is_none() {
            (self.began, self.before) = (Some(now), self.tools.usage());
        }
        self.say(&ExecutionEvent::Started { attempt: self.facts.attempt + 1, waited });
        Ok(())
    }

    /// The attempt has failed, and there will be another: it is pending again.
    ///
    /// # Errors
    /// Where it is not running, or where its retries are used up: then [fail](Self::fail) it, or do without. It stays as it is.
    pub fn retry(&mut self, error_type: &str, why: &dyn fmt::Display) -> Result<(), TransitionError> {
        self.may_become(ExecutionState::Pending)?;
        let (attempt, max_retries) = (self.facts.attempt, self.facts.max_retries);
        if attempt > max_retries {
            return Err(RetriesExhausted { max_retries }.into());
        }
        let reason = Some(self.tools.policy.text(&why.to_string()));
        self.say(&ExecutionEvent::Retried(Retried {
            attempt,
            error_type: word(&self.tools.policy, error_type),
            reason,
        }));
        Ok(())
    }

    /// It has done what it should.
    ///
    /// # Errors
    /// Where it is not running.
    pub fn complete(&mut self) -> Result<(), IllegalTransition> {
        self.end(ExecutionState::Completed, None)
    }

    /// It has failed for good: the error's type from a closed set, and its text.
    ///
    /// # Errors
    /// Where it has ended.
    pub fn fail(&mut self, error_type: &str, error: &dyn fmt::Display) -> Result<(), IllegalTransition> {
        self.end(ExecutionState::Failed, Some((error_type, error)))
    }

    /// Nobody waits for it any more.
    ///
    /// # Errors
    /// Where it has ended.
    pub fn cancel(&mut self, why: &dyn fmt::Display) -> Result<(), IllegalTransition> {
        self.end(ExecutionState::Cancelled, Some(("cancelled", why)))
    }

    /// What came out, as JSON: masked, and up to the cap. The last word before the end is on its line.
    pub fn output(&mut self, json: &[u8]) {
        self.output_as(Media::Json, json);
    }

    /// What came out, in another form.
    pub fn output_as(&mut self, media: Media, content: &[u8]) {
        if !self.facts.state.is_end() {
            self.facts.output = Some(Snapshot::new(&self.tools.policy, media, content, self.tools.cap));
        }
    }

    /// A part of the work has begun, gone on or ended. `progress` is that of the whole execution, from 0 to 1.
    pub fn step(&mut self, name: &str, status: Status, progress: Option<f64>) {
        self.say_step(name, status, progress, None);
    }

    /// The same with how long it took.
    pub fn step_took(&mut self, name: &str, status: Status, progress: Option<f64>, took: Duration) {
        self.say_step(name, status, progress, Some(took));
    }

    /// Something was looked at: whether it is what it should be, and if not, what is wrong.
    pub fn check(&mut self, name: &str, verdict: Validation, detail: Option<&dyn fmt::Display>) {
        let detail = detail.map(|detail| self.tools.policy.text(&detail.to_string()));
        self.say(&ExecutionEvent::Checked(Check { name: word(&self.tools.policy, name), verdict, detail }));
    }

    /// A file was read or written for it.
    pub fn file(&mut self, operation: &FileOperation<'_>) {
        self.facts.apply(ExecutionEvent::File(FileUse::of(operation, &self.tools.policy)));
        self.enter(|| operation.emit());
    }

    /// Settings are other than usual for it.
    pub fn overridden(&mut self, change: &ConfigChange<'_>) {
        self.facts.apply(ExecutionEvent::Overridden(Override::of(change, &self.tools.policy)));
        self.enter(|| change.emit());
    }

    /// Work that belongs to it.
    pub fn run<F: Future>(&self, work: F) -> InContext<F> {
        self.enter(|| work.in_current_context())
    }

    /// The same for work that does not wait.
    pub fn enter<R>(&self, work: impl FnOnce() -> R) -> R {
        let (mut context, mut scope) = (self.context.clone(), Some(self.scope.clone()));
        let _here = (enter_slot(&mut context), enter_scope(&mut scope));
        work()
    }

    fn say_step(&mut self, name: &str, status: Status, progress: Option<f64>, took: Option<Duration>) {
        let progress = progress.filter(|share| share.is_finite()).map(thousandths);
        let step = Step { name: word(&self.tools.policy, name), status, progress, duration: took.map(micros) };
        self.say(&ExecutionEvent::Step(step));
    }

    fn may_become(&self, to: ExecutionState) -> Result<(), IllegalTransition> {
        let from = self.facts.state;
        if from.may_become(to) { Ok(()) } else { Err(IllegalTransition { from, to }) }
    }

    fn end(&mut self, state: ExecutionState, why: Option<(&str, &dyn fmt::Display)>) -> Result<(), IllegalTransition> {
        self.may_become(state)?;
        let now = (self.tools.clock)();
        let mut totals = Vec::new();
        self.scope.each_total(|name, sum| totals.push((name.as_ref().into(), sum)));
        let (error_type, error) = why.unzip();
        let end = End {
            state,
            duration: self.began.map(|began| micros(now.saturating_duration_since(began))),
            output: self.facts.output.take(),
            error_type: error_type.map(|kind| word(&self.tools.policy, kind)),
            error: error.map(|error| self.tools.policy.text(&error.to_string())),
            resources: self.used(),
            totals,
        };
        self.say(&ExecutionEvent::Ended(Box::new(end)));
        Ok(())
    }

    fn used(&self) -> ResourceUse {
        match self.began {
            Some(_) => ResourceUse::between(&self.before, &self.tools.usage()),
            None => ResourceUse::default(),
        }
    }

    fn say(&mut self, event: &ExecutionEvent) {
        self.facts.apply(event.clone());
        self.enter(|| self.tools.sink.record(Record::Execution(&self.facts, event)));
    }
}

impl Drop for OpenExecution {
    fn drop(&mut self) {
        // What has ended refuses both.
        let _ = match std::thread::panicking() {
            true => self.fail("panic", &"the work panicked"),
            false => self.cancel(&"dropped before its end"),
        };
    }
}

impl fmt::Debug for OpenExecution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenExecution").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// A share, to three decimals.
fn thousandths(share: f64) -> f64 {
    (share.clamp(0.0, 1.0) * 1000.0).round() / 1000.0
}

/// As lines have it.
fn micros(time: Duration) -> Duration {
    Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}
