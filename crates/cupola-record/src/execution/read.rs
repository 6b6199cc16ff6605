//! Reading an execution back from its lines.

use std::time::Duration;

use cupola_context::{Amount, FieldValue};
use cupola_redact::{KeyPolicy, Masked};

use super::check::Check;
use super::event::{End, ExecutionEvent};
use super::facts::Execution;
use super::parts::{FileUse, Override, Retried, Snapshot, Step};
use super::resources::ResourceUse;
use super::state::ExecutionState;
use crate::names;
use crate::vocabulary::{FileKind, Status, Validation};

impl Execution {
    /// What one line tells of the execution whose `execution_id` it has; `None` where it tells nothing that is kept here. `field` gives
    /// a field's value by its name. The texts of lines are masked; they are masked once more by the reader's policy.
    ///
    /// ```
    /// use cupola_record::{Execution, ExecutionEvent};
    /// use cupola_redact::KeyPolicy;
    ///
    /// let line = |name: &str| match name {
    ///     "event" => Some("execution".into()),
    ///     "execution_state" => Some("running".into()),
    ///     "attempt" => Some(1_u64.into()),
    ///     _ => None,
    /// };
    /// let event = Execution::read_event(&KeyPolicy::default(), &line);
    /// assert_eq!(event, Some(ExecutionEvent::Started { attempt: 1, waited: None }));
    /// ```
    pub fn read_event(policy: &KeyPolicy, field: &dyn Fn(&str) -> Option<FieldValue>) -> Option<ExecutionEvent> {
        let line = LineFields { policy, field };
        match &*line.text("event")? {
            "execution" => line.change(),
            "execution_step" => line.step().map(ExecutionEvent::Step),
            "execution_check" => line.check().map(ExecutionEvent::Checked),
            "file_operation" => line.file().map(ExecutionEvent::File),
            "config_change" => line.settings().map(ExecutionEvent::Overridden),
            _ => None,
        }
    }
}

/// One line, asked by the names of its fields.
struct LineFields<'a> {
    policy: &'a KeyPolicy,
    field: &'a dyn Fn(&str) -> Option<FieldValue>,
}

impl LineFields<'_> {
    fn change(&self) -> Option<ExecutionEvent> {
        let state = ExecutionState::named(&self.text("execution_state")?)?;
        match state {
            ExecutionState::Pending if self.text("error_type").is_some() => self.retried().map(ExecutionEvent::Retried),
            ExecutionState::Pending => self.first().map(|first| ExecutionEvent::Created(Box::new(first))),
            ExecutionState::Running => {
                let (attempt, waited) = (self.small(names::ATTEMPT)?, self.time("waited_ms"));
                Some(ExecutionEvent::Started { attempt, waited })
            }
            _ => Some(ExecutionEvent::Ended(Box::new(self.end(state)))),
        }
    }

    fn first(&self) -> Option<Execution> {
        let depends_on = self.text("depends_on").unwrap_or_default();
        Some(Execution {
            id: self.text(names::EXECUTION_ID)?,
            name: self.text(names::EXECUTION_NAME)?,
            mode: self.text("execution_mode"),
            parent: self.text("parent_execution_id"),
            depends_on: depends_on.split(',').filter(|id| !id.is_empty()).map(Into::into).collect(),
            max_retries: self.small(names::MAX_RETRIES).unwrap_or(0),
            input: self.snapshot("execution_input", "execution_input_bytes", "execution_input_truncated"),
            ..Execution::default()
        })
    }

    fn retried(&self) -> Option<Retried> {
        let (attempt, error_type) = (self.small(names::ATTEMPT)?, self.text("error_type")?);
        Some(Retried { attempt, error_type, reason: self.masked("error") })
    }

    fn end(&self, state: ExecutionState) -> End {
        End {
            state,
            duration: self.time(names::DURATION_MS),
            output: self.snapshot("execution_output", "execution_output_bytes", "execution_output_truncated"),
            error_type: self.text("error_type"),
            error: self.masked("error"),
            resources: ResourceUse {
                cpu: self.time("process_cpu_ms"),
                memory: self.signed("process_memory_change_bytes"),
                read: self.number("process_read_bytes"),
                written: self.number("process_written_bytes"),
                open_files: self.signed("process_open_files_change"),
                gpu_memory: self.signed("process_gpu_memory_change_bytes"),
            },
            totals: self.totals(),
        }
    }

    fn totals(&self) -> Vec<(Box<str>, Amount)> {
        let names = self.text("totals").unwrap_or_default();
        let sum = |name: &str| match (self.field)(name)? {
            FieldValue::U64(sum) => Some(Amount::Whole(sum)),
            FieldValue::F64(sum) => Some(Amount::Real(sum)),
            _ => None,
        };
        names.split(',').filter_map(|name| Some((name.into(), sum(name)?))).collect()
    }

    fn step(&self) -> Option<Step> {
        Some(Step {
            name: self.text("step")?,
            status: one_of(&Status::ALL, Status::as_str, &self.text(names::STATUS)?)?,
            progress: self.real("progress"),
            duration: self.time(names::DURATION_MS),
        })
    }

    fn check(&self) -> Option<Check> {
        Some(Check { name: self.text("check")?, verdict: self.validation()?, detail: self.masked("why") })
    }

    fn file(&self) -> Option<FileUse> {
        Some(FileUse {
            kind: one_of(&FileKind::ALL, FileKind::as_str, &self.text("file_kind")?)?,
            path: self.masked("file_path")?,
            bytes: self.number("file_bytes"),
            status: one_of(&Status::ALL, Status::as_str, &self.text(names::STATUS)?)?,
            validation: self.validation(),
        })
    }

    fn settings(&self) -> Option<Override> {
        Some(Override { of: self.masked("config_scope")?, changes: self.masked("changes").unwrap_or_default() })
    }

    fn validation(&self) -> Option<Validation> {
        one_of(&Validation::ALL, Validation::as_str, &self.text("validation")?)
    }

    fn snapshot(&self, text: &str, bytes: &str, truncated: &str) -> Option<Snapshot> {
        let truncated = (self.field)(truncated) == Some(FieldValue::Bool(true));
        Some(Snapshot { text: self.masked(text)?, bytes: self.number(bytes)?, truncated })
    }

    fn text(&self, name: &str) -> Option<Box<str>> {
        match (self.field)(name)? {
            FieldValue::Str(text) => Some(text.as_ref().into()),
            _ => None,
        }
    }

    fn masked(&self, name: &str) -> Option<Masked> {
        self.text(name).map(|text| self.policy.text(&text))
    }

    fn number(&self, name: &str) -> Option<u64> {
        if let FieldValue::U64(number) = (self.field)(name)? { Some(number) } else { None }
    }

    fn small(&self, name: &str) -> Option<u32> {
        self.number(name).and_then(|number| u32::try_from(number).ok())
    }

    fn signed(&self, name: &str) -> Option<i64> {
        match (self.field)(name)? {
            FieldValue::I64(number) => Some(number),
            FieldValue::U64(number) => i64::try_from(number).ok(),
            _ => None,
        }
    }

    fn real(&self, name: &str) -> Option<f64> {
        match (self.field)(name)? {
            FieldValue::F64(number) => Some(number),
            FieldValue::U64(number) => Some(number as f64),
            _ => None,
        }
    }

    /// Milliseconds with three decimals.
    fn time(&self, name: &str) -> Option<Duration> {
        let micros = (self.real(name)? * 1000.0).round();
        (micros.is_finite() && micros >= 0.0).then(|| Duration::from_micros(micros as u64))
    }
}

fn one_of<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str, wanted: &str) -> Option<T> {
    all.iter().copied().find(|one| name(*one) == wanted)
}
