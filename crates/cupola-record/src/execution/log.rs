//! The lines of an execution: one for each thing that happens to it.

use cupola_context::Scope;
use tracing::Level;

use super::check::Check;
use super::event::{End, ExecutionEvent};
use super::facts::Execution;
use super::parts::{Retried, Step};
use super::state::ExecutionState;
use crate::category::Category;
use crate::line_fields::Milliseconds;
use crate::sink::{Record, Sink};
use crate::vocabulary::{Status, Validation};

/// The target of every event of this sink.
pub const EXECUTION_TARGET: &str = "cupola::execution";

/// Writes what happens to executions as `tracing` events of the category `operations`. Together they hold all that is known of an
/// execution: [`Execution::read_event`] reads them back. INFO; WARN for what was cancelled or is tried again, ERROR for what failed.
/// Its files and settings say [lines of their own](crate::VOCABULARY). The fields stand in `docs/log-schema.md`.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ExecutionLog;

impl ExecutionLog {
    /// A line for each thing that happens.
    pub const fn new() -> Self {
        Self
    }
}

impl Sink for ExecutionLog {
    fn record(&self, record: Record<'_>) {
        let Record::Execution(_, event) = record else { return };
        match event {
            ExecutionEvent::Created(first) => created(first),
            ExecutionEvent::Started { attempt, waited } => tracing::info!(
                target: EXECUTION_TARGET,
                message = "execution started",
                category = Category::Operations.as_str(),
                event = "execution",
                execution_state = ExecutionState::Running.as_str(),
                attempt,
                waited_ms = waited.milliseconds(),
            ),
            ExecutionEvent::Step(step) => took_step(step),
            ExecutionEvent::Checked(check) => checked(check),
            ExecutionEvent::Retried(retried) => tried_again(retried),
            ExecutionEvent::Ended(end) => ended(end),
            // Their nouns say them.
            ExecutionEvent::File(_) | ExecutionEvent::Overridden(_) => {}
        }
    }
}

/// An event at one of the levels that its kind can have: a level is part of a callsite.
macro_rules! say {
    ($level:expr, { $($fields:tt)+ }) => {
        match $level {
            Level::ERROR => tracing::event!(target: EXECUTION_TARGET, Level::ERROR, $($fields)+),
            Level::WARN => tracing::event!(target: EXECUTION_TARGET, Level::WARN, $($fields)+),
            _ => tracing::event!(target: EXECUTION_TARGET, Level::INFO, $($fields)+),
        }
    };
}

fn created(first: &Execution) {
    let input = first.input.as_ref();
    tracing::info!(
        target: EXECUTION_TARGET,
        message = "execution created",
        category = Category::Operations.as_str(),
        event = "execution",
        execution_state = first.state.as_str(),
        execution_mode = first.mode.as_deref(),
        parent_execution_id = first.parent.as_deref(),
        depends_on = (!first.depends_on.is_empty()).then(|| first.depends_on.join(",")),
        max_retries = first.max_retries,
        execution_input = input.map(|input| input.text.as_str()),
        execution_input_bytes = input.map(|input| input.bytes),
        execution_input_truncated = input.filter(|input| input.truncated).map(|_| true),
    );
}

fn took_step(step: &Step) {
    let (level, message) = match step.status {
        Status::Running => (Level::INFO, "execution step running"),
        Status::Success => (Level::INFO, "execution step completed"),
        Status::Cancelled => (Level::WARN, "execution step cancelled"),
        Status::Failed => (Level::ERROR, "execution step failed"),
    };
    say!(level, {
        message,
        category = Category::Operations.as_str(),
        event = "execution_step",
        step = &*step.name,
        status = step.status.as_str(),
        progress = step.progress,
        duration_ms = step.duration.milliseconds(),
    });
}

fn checked(check: &Check) {
    let (level, message) = match check.verdict {
        Validation::Failed => (Level::WARN, "execution check failed"),
        Validation::Passed => (Level::INFO, "execution check passed"),
        Validation::Skipped => (Level::INFO, "execution check skipped"),
    };
    say!(level, {
        message,
        category = Category::Operations.as_str(),
        event = "execution_check",
        check = &*check.name,
        validation = check.verdict.as_str(),
        why = check.detail.as_ref().map(|detail| detail.as_str()),
    });
}

fn tried_again(retried: &Retried) {
    tracing::warn!(
        target: EXECUTION_TARGET,
        message = "execution will be tried again",
        category = Category::Operations.as_str(),
        event = "execution",
        execution_state = ExecutionState::Pending.as_str(),
        attempt = retried.attempt,
        error_type = &*retried.error_type,
        error = retried.reason.as_ref().map(|reason| reason.as_str()),
    );
}

/// The sums have names of anybody's choice, so they stand on the line as a scope's fields do; `totals` names them.
fn ended(end: &End) {
    let sums = end.totals.iter().fold(Scope::new(), |scope, (name, sum)| scope.with(String::from(name.clone()), *sum));
    sums.enter(|| say_end(end));
}

fn say_end(end: &End) {
    let message = match end.state {
        ExecutionState::Completed => "execution completed",
        ExecutionState::Failed => "execution failed",
        _ => "execution cancelled",
    };
    let (output, used) = (end.output.as_ref(), &end.resources);
    let names = || end.totals.iter().map(|(name, _)| &**name).collect::<Vec<_>>().join(",");
    say!(end.state.level(), {
        message,
        category = Category::Operations.as_str(),
        event = "execution",
        execution_state = end.state.as_str(),
        duration_ms = end.duration.milliseconds(),
        error_type = end.error_type.as_deref(),
        error = end.error.as_ref().map(|error| error.as_str()),
        execution_output = output.map(|output| output.text.as_str()),
        execution_output_bytes = output.map(|output| output.bytes),
        execution_output_truncated = output.filter(|output| output.truncated).map(|_| true),
        process_cpu_ms = used.cpu.milliseconds(),
        process_memory_change_bytes = used.memory,
        process_read_bytes = used.read,
        process_written_bytes = used.written,
        process_open_files_change = used.open_files,
        process_gpu_memory_change_bytes = used.gpu_memory,
        totals = (!end.totals.is_empty()).then(names),
    });
}
