//! What is known of an execution.

use std::time::Duration;

use cupola_context::Amount;
use cupola_redact::Masked;

use super::check::Check;
use super::event::{End, ExecutionEvent};
use super::parts::{FileUse, Override, Retried, Snapshot, Step};
use super::resources::ResourceUse;
use super::state::ExecutionState;
use crate::vocabulary::Status;

/// All that is known of an execution: the sum of its [events](ExecutionEvent), and so of its lines.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Execution {
    /// Which one: `[A-Za-z0-9._-]`.
    pub id: Box<str>,
    /// What is executed, by its name in code: a label.
    pub name: Box<str>,
    /// How, in the application's words: `sequential`, `dry_run`.
    pub mode: Option<Box<str>>,
    /// The execution in which it runs.
    pub parent: Option<Box<str>>,
    /// The executions that had to end before it could begin.
    pub depends_on: Vec<Box<str>>,
    /// Where it is.
    pub state: ExecutionState,
    /// Which attempt this is, from 1; 0 before the first.
    pub attempt: u32,
    /// How many more there may be than the first.
    pub max_retries: u32,
    /// The attempts that have failed and were followed by another.
    pub retries: Vec<Retried>,
    /// What went in.
    pub input: Option<Snapshot>,
    /// What came out.
    pub output: Option<Snapshot>,
    /// Its parts, in the order in which they began; of each the last word.
    pub steps: Vec<Step>,
    /// What was looked at, and what was found.
    pub checks: Vec<Check>,
    /// The files that it read and wrote.
    pub files: Vec<FileUse>,
    /// The settings that were other than usual.
    pub overrides: Vec<Override>,
    /// How long it waited for its first attempt.
    pub waited: Option<Duration>,
    /// From its first attempt to its end.
    pub duration: Option<Duration>,
    /// By how much the use of the process changed meanwhile.
    pub resources: ResourceUse,
    /// What was added up inside: calls, tokens and cost of language models, queries, and whatever the application counts.
    pub totals: Vec<(Box<str>, Amount)>,
    /// Why it failed or was cancelled: a type from a closed set.
    pub error_type: Option<Box<str>>,
    /// The same in words.
    pub error: Option<Masked>,
}

impl Execution {
    /// Takes in what has happened. Whoever reads it from lines may miss some, so it asks for no order: the last word counts.
    pub fn apply(&mut self, event: ExecutionEvent) {
        match event {
            ExecutionEvent::Created(first) => *self = *first,
            ExecutionEvent::Started { attempt, waited } => {
                (self.state, self.attempt) = (ExecutionState::Running, attempt);
                self.waited = self.waited.or(waited);
            }
            ExecutionEvent::Step(step) => self.take_step(step),
            ExecutionEvent::Checked(check) => self.checks.push(check),
            ExecutionEvent::Retried(retried) => {
                self.state = ExecutionState::Pending;
                self.retries.push(retried);
            }
            ExecutionEvent::File(file) => self.files.push(file),
            ExecutionEvent::Overridden(changes) => self.overrides.push(changes),
            ExecutionEvent::Ended(end) => self.take_end(*end),
        }
    }

    /// The last check of each name.
    pub fn verdicts(&self) -> impl Iterator<Item = &Check> {
        let later = |at: usize, check: &Check| self.checks[at + 1..].iter().any(|other| other.name == check.name);
        self.checks.iter().enumerate().filter(move |(at, check)| !later(*at, check)).map(|(_, check)| check)
    }

    /// One of the sums.
    pub fn total(&self, name: &str) -> Option<Amount> {
        self.totals.iter().find(|(known, _)| **known == *name).map(|(_, sum)| *sum)
    }

    /// A step that runs is the same as the one of its name that ends later.
    fn take_step(&mut self, step: Step) {
        let same = |known: &&mut Step| known.name == step.name && known.status == Status::Running;
        match self.steps.iter_mut().rev().find(same) {
            Some(known) => *known = step,
            None => self.steps.push(step),
        }
    }

    fn take_end(&mut self, end: End) {
        let End { state, duration, output, error_type, error, resources, totals } = end;
        self.state = state;
        self.output = output.or(self.output.take());
        (self.duration, self.resources, self.totals) = (duration, resources, totals);
        (self.error_type, self.error) = (error_type, error);
    }
}
