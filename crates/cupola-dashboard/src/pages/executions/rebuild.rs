//! Executions, put together from their lines.

use std::collections::HashMap;

use cupola_context::FieldValue;
use cupola_record::{Execution, ExecutionEvent, ExecutionState, Status, names};
use cupola_redact::KeyPolicy;
use cupola_store::{Entry, Value};

use super::super::told;

/// An execution, and where its lines stand.
#[derive(Debug)]
pub(super) struct Rebuilt {
    pub(super) facts: Execution,
    /// When its first and its last line were said, in nanoseconds since 1970.
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) service: Option<String>,
    pub(super) trace: Option<String>,
    pub(super) request: Option<String>,
}

impl Rebuilt {
    /// How much of it is done, from 0 to 1, if its steps say so.
    pub(super) fn progress(&self) -> Option<f64> {
        if self.facts.state == ExecutionState::Completed {
            return Some(1.0);
        }
        let done = self.facts.steps.iter().filter(|step| step.status == Status::Success);
        done.filter_map(|step| step.progress).reduce(f64::max).map(|share| share.clamp(0.0, 1.0))
    }

    /// Whether it is still to end, as far as is known.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.facts.state, ExecutionState::Pending | ExecutionState::Running)
    }

    /// One of its sums.
    pub(super) fn total(&self, name: &str) -> Option<f64> {
        self.facts.total(name).map(|sum| sum.as_f64())
    }

    /// Tokens in and out together.
    pub(super) fn tokens(&self) -> Option<f64> {
        let sums = [self.total("llm_input_tokens"), self.total("llm_output_tokens")];
        sums.into_iter().flatten().reduce(|sum, more| sum + more)
    }
}

/// All executions that some entries tell of, the one that has begun last first.
pub(super) fn rebuild(entries: &[Entry]) -> Vec<Rebuilt> {
    let policy = KeyPolicy::default();
    let event = |entry| Execution::read_event(&policy, &|name| field(entry, name));
    let mut lines: Vec<(&Entry, ExecutionEvent)> =
        entries.iter().filter_map(|entry| Some((entry, event(entry)?))).collect();
    lines.sort_by_key(|(entry, event)| (entry.time(), rank(event)));
    let (mut all, mut places) = (Vec::<Rebuilt>::new(), HashMap::<String, usize>::new());
    for (entry, event) in lines {
        let Some(id) = told::text(entry, names::EXECUTION_ID) else { continue };
        let place = *places.entry(id).or_insert_with(|| {
            all.push(Rebuilt::begun(entry));
            all.len() - 1
        });
        all[place].take(entry, event);
    }
    for (id, place) in places {
        let facts = &mut all[place].facts;
        facts.id = id.into();
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.first));
    all
}

impl Rebuilt {
    fn begun(entry: &Entry) -> Self {
        let text = |name| told::text(entry, name);
        let (first, last) = (entry.time(), entry.time());
        let (service, trace, request) = (text("service"), text("trace_id"), text("request_id"));
        Self { facts: Execution::default(), first, last, service, trace, request }
    }

    fn take(&mut self, entry: &Entry, event: ExecutionEvent) {
        self.facts.apply(event);
        self.last = entry.time();
        // One whose first line is not there has its name all the same.
        if self.facts.name.is_empty() {
            self.facts.name = told::text(entry, names::EXECUTION_NAME).unwrap_or_default().into();
        }
    }
}

/// Of one moment, what comes before what: lines of one microsecond have no order.
fn rank(event: &ExecutionEvent) -> u8 {
    match event {
        ExecutionEvent::Created(_) => 0,
        ExecutionEvent::Started { .. } => 1,
        ExecutionEvent::Step(step) if step.status == Status::Running => 2,
        ExecutionEvent::Ended(_) => 4,
        _ => 3,
    }
}

fn field(entry: &Entry, name: &str) -> Option<FieldValue> {
    Some(match entry.get(name)? {
        Value::Int(number) => u64::try_from(number).map_or(FieldValue::I64(number), FieldValue::U64),
        Value::Float(number) => FieldValue::F64(number),
        Value::Bool(flag) => FieldValue::Bool(flag),
        text => FieldValue::Str(text.text().into_owned().into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(time: i64, fields: &[(&'a str, Value<'a>)]) -> Entry {
        let same = [("execution_id", Value::Text("x_1")), ("execution_name", Value::Text("x"))];
        Entry::from_fields(time, same.into_iter().chain(fields.iter().copied()))
    }

    fn state(state: &'static str) -> [(&'static str, Value<'static>); 2] {
        [("event", Value::Text("execution")), ("execution_state", Value::Text(state))]
    }

    #[test]
    fn lines_of_one_moment_have_an_order() {
        let attempt = [("attempt", Value::Int(1))];
        let started = line(7, &[&state("running")[..], &attempt].concat());
        let step = |status, more: &[(&'static str, Value<'static>)]| {
            let fields = [("event", Value::Text("execution_step")), ("step", Value::Text("s")), ("status", status)];
            line(7, &[&fields[..], more].concat())
        };
        let (done, running) =
            (step(Value::Text("success"), &[("progress", Value::Float(0.5))]), step(Value::Text("running"), &[]));
        let found = rebuild(&[done, running, started, line(7, &state("pending"))]);
        assert_eq!(found.len(), 1);
        let one = &found[0];
        assert_eq!((one.facts.state, one.facts.attempt, one.facts.steps.len()), (ExecutionState::Running, 1, 1));
        assert_eq!((&*one.facts.id, &*one.facts.name, one.progress(), one.is_open()), ("x_1", "x", Some(0.5), true));
    }

    #[test]
    fn one_whose_beginning_is_not_there_has_a_name_and_an_end() {
        let found = rebuild(&[line(9, &state("completed")), line(1, &[("event", Value::Text("other"))])]);
        assert_eq!(found.len(), 1);
        assert_eq!((&*found[0].facts.name, found[0].first, found[0].progress()), ("x", 9, Some(1.0)));
    }
}
