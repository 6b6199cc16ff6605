//! An execution before it is there: what it will be.

use std::fmt;
use std::sync::Arc;

use cupola_context::{Scope, current};
use cupola_redact::{End, KeyPolicy, Media};

use super::event::ExecutionEvent;
use super::facts::Execution;
use super::open::{OpenExecution, Tools};
use super::parts::Snapshot;
use super::resources::Meter;
use crate::names;
use crate::open::Clock;
use crate::sink::Sink;

/// How much is kept of what went in and of what came out, in bytes, unless somebody says otherwise.
pub const SNAPSHOT_CAP: usize = 8 * 1024;

/// A longer name is cut.
const MAX_NAME: usize = 128;

/// An execution that is about to be: what it is called, what it needs, how often it may be tried.
#[must_use = "it is there once it was created"]
pub struct ExecutionPlan {
    facts: Execution,
    tools: Tools,
}

impl ExecutionPlan {
    /// One of this id and name, of which the sink is told. What no id may hold becomes `_`.
    pub fn new(id: &str, name: &str, policy: KeyPolicy, sink: Arc<dyn Sink>, clock: Clock) -> Self {
        let facts = Execution { id: word(&policy, id), name: word(&policy, name), ..Execution::default() };
        Self { facts, tools: Tools { policy, sink, clock, meter: None, cap: SNAPSHOT_CAP } }
    }

    /// Who knows what the process uses.
    pub fn metered_by(mut self, meter: Arc<dyn Meter>) -> Self {
        self.tools.meter = Some(meter);
        self
    }

    /// Keeps up to this many bytes of what goes in and comes out; tell it before the input.
    pub const fn snapshots_up_to(mut self, bytes: usize) -> Self {
        self.tools.cap = bytes;
        self
    }

    /// How it is done, in the application's words: `sequential`, `dry_run`.
    pub fn mode(mut self, mode: &str) -> Self {
        self.facts.mode = Some(word(&self.tools.policy, mode));
        self
    }

    /// It begins only after that one has ended.
    pub fn depends_on(mut self, id: &str) -> Self {
        self.facts.depends_on.push(word(&self.tools.policy, id));
        self
    }

    /// How often it may be tried again.
    pub const fn max_retries(mut self, retries: u32) -> Self {
        self.facts.max_retries = retries;
        self
    }

    /// What goes in, as JSON: masked, and up to the cap.
    pub fn input(self, json: &[u8]) -> Self {
        self.input_as(Media::Json, json)
    }

    /// What goes in, in another form.
    pub fn input_as(mut self, media: Media, content: &[u8]) -> Self {
        self.facts.input = Some(Snapshot::new(&self.tools.policy, media, content, self.tools.cap));
        self
    }

    /// It is there, and pending. It is a part of the execution that is running here, if one is.
    pub fn create(mut self) -> OpenExecution {
        let around = Scope::current();
        let parent = around.as_ref().and_then(|scope| scope.field(names::EXECUTION_ID));
        self.facts.parent = parent.map(|id| id.to_string().into());
        let scope = Scope::new()
            .with(names::EXECUTION_ID, String::from(self.facts.id.clone()))
            .with(names::EXECUTION_NAME, String::from(self.facts.name.clone()))
            .counting();
        let created = ExecutionEvent::Created(Box::new(self.facts));
        OpenExecution::new(&created, self.tools, scope, current())
    }
}

impl fmt::Debug for ExecutionPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecutionPlan").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// One word, as ids and labels are. They come from code as a rule, so what looks like a secret is masked.
pub(super) fn word(policy: &KeyPolicy, name: &str) -> Box<str> {
    let name = policy.free_text(name, End::Complete);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    name.chars().take(MAX_NAME).map(|c| if allowed(c) { c } else { '_' }).collect()
}
