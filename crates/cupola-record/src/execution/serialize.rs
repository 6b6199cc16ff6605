//! An execution as JSON, or whatever else serde writes. What is not known is absent.

use std::time::Duration;

use cupola_context::Amount;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::check::Check;
use super::facts::Execution;
use super::parts::{FileUse, Override, Retried, Snapshot, Step};
use super::resources::ResourceUse;
use crate::line_fields::Milliseconds;
use crate::vocabulary::Validation;

/// An object of what is known.
macro_rules! object {
    ($serializer:expr, { $($name:ident: $value:expr,)+ }) => {{
        let mut map = $serializer.serialize_map(None)?;
        $(put(&mut map, stringify!($name), $value)?;)+
        map.end()
    }};
}

fn put<M: SerializeMap>(map: &mut M, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}

fn some<T>(list: &[T]) -> Option<&[T]> {
    (!list.is_empty()).then_some(list)
}

impl Serialize for Execution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object!(serializer, {
            id: Some(&self.id),
            name: Some(&self.name),
            mode: self.mode.as_ref(),
            state: Some(self.state.as_str()),
            parent: self.parent.as_ref(),
            depends_on: some(&self.depends_on),
            attempt: Some(self.attempt),
            max_retries: Some(self.max_retries),
            waited_ms: self.waited.milliseconds(),
            duration_ms: self.duration.milliseconds(),
            error_type: self.error_type.as_ref(),
            error: self.error.as_ref().map(|error| error.as_str()),
            input: self.input.as_ref(),
            output: self.output.as_ref(),
            steps: some(&self.steps),
            checks: some(&self.checks),
            retries: some(&self.retries),
            files: some(&self.files),
            overrides: some(&self.overrides),
            process: (self.resources != ResourceUse::default()).then_some(&self.resources),
            totals: (!self.totals.is_empty()).then_some(Totals(&self.totals)),
        })
    }
}

struct Totals<'a>(&'a [(Box<str>, Amount)]);

impl Serialize for Totals<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, sum) in self.0 {
            match *sum {
                Amount::Whole(sum) => map.serialize_entry(name, &sum)?,
                sum => map.serialize_entry(name, &sum.as_f64())?,
            }
        }
        map.end()
    }
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object!(serializer, {
            text: Some(self.text.as_str()),
            bytes: Some(self.bytes),
            truncated: Some(self.truncated),
        })
    }
}

impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object!(serializer, {
            name: Some(&self.name),
            status: Some(self.status.as_str()),
            progress: self.progress,
            duration_ms: self.duration.milliseconds(),
        })
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object!(serializer, {
            name: Some(&self.name),
            verdict: Some(self.verdict.as_str()),
            why: self.detail.as_ref().map(|detail| detail.as_str()),
        })
    }
}

impl Serialize for Retried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object!(serializer, {
            attempt: Some(self.attempt),
            error_type: Some(&self.error_type),
            error: self.reason.as_ref().map(|reason| reason.as_str()),
        })
    }
}

impl Serialize for FileUse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object!(serializer, {
            kind: Some(self.kind.as_str()),
            path: Some(self.path.as_str()),
            bytes: self.bytes,
            status: Some(self.status.as_str()),
            validation: self.validation.map(Validation::as_str),
        })
    }
}

impl Serialize for Override {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object!(serializer, {
            of: Some(self.of.as_str()),
            changes: Some(self.changes.as_str()),
        })
    }
}

impl Serialize for ResourceUse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object!(serializer, {
            cpu_ms: self.cpu.map(Duration::milliseconds),
            memory_change_bytes: self.memory,
            read_bytes: self.read,
            written_bytes: self.written,
            open_files_change: self.open_files,
            gpu_memory_change_bytes: self.gpu_memory,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_absent() {
        let mut facts = Execution { id: "a".into(), name: "report".into(), ..Execution::default() };
        let empty = r#"{"id":"a","name":"report","state":"pending","attempt":0,"max_retries":0}"#;
        assert_eq!(serde_json::to_string(&facts).unwrap(), empty);
        facts.totals = vec![("tokens".into(), Amount::Whole(3)), ("score".into(), Amount::Real(0.5))];
        facts.resources.cpu = Some(Duration::from_micros(1_500));
        let json = serde_json::to_string(&facts).unwrap();
        assert!(json.ends_with(r#""process":{"cpu_ms":1.5},"totals":{"tokens":3,"score":0.5}}"#), "{json}");
    }
}
