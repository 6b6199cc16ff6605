//! The schema of a line as data: what the documentation, the JSON Schema file and whoever checks a line have in common.
//!
//! ```
//! use cupola_line::schema;
//!
//! let line = br#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","target":"app","category":"general","message":"up"}"#;
//! assert_eq!(schema::check(line), Ok(()));
//! let line = br#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"LOUD","target":"app","category":"general","message":"up"}"#;
//! let flaw = schema::check(line).unwrap_err();
//! assert_eq!(flaw.to_string(), "`level` is no level: ERROR, WARN, INFO, DEBUG or TRACE");
//! ```
//!
//! A line may have any fields beside those that are named here. One that is named has the type that stands here, or is the text
//! `[REDACTED]` where the policy masks it. Names of [`Part::Access`], [`Part::Call`], [`Part::Llm`], [`Part::Query`], [`Part::Job`],
//! [`Part::Execution`] and [`Part::Event`] are bound on lines of their targets only.

mod check;
mod fields;
mod json;
mod kind;

pub use check::{Flaw, check};
pub use fields::FIELDS;
pub use json::json_schema;
pub use kind::Kind;

/// The target of access lines.
pub const ACCESS_TARGET: &str = "cupola::http";

/// The target of the lines of calls to other services.
pub const CALL_TARGET: &str = "cupola::client";

/// The target of the lines of calls of language models.
pub const LLM_TARGET: &str = "cupola::llm";

/// The target of the lines of queries of databases.
pub const QUERY_TARGET: &str = "cupola::db";

/// The target of the lines of jobs.
pub const JOB_TARGET: &str = "cupola::job";
/// The target of the lines of executions.
pub const EXECUTION_TARGET: &str = "cupola::execution";

/// The targets of the typed vocabulary, by the category that each stands for.
pub const EVENT_TARGETS: [&str; 6] = [
    "cupola::api",
    "cupola::operations",
    "cupola::performance",
    "cupola::errors",
    "cupola::instances",
    "cupola::general",
];

/// A named field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Where the name is bound.
    pub part: Part,
    /// The name.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// What it says.
    pub says: &'static str,
}

/// Where a name is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// On every line, in this order and always there.
    Envelope,
    /// On every line that has it: what the writer says of the line itself.
    Line,
    /// On every line that has it: the request, and what it is about.
    Context,
    /// On the lines of [`ACCESS_TARGET`].
    Access,
    /// On the lines of [`CALL_TARGET`].
    Call,
    /// On the lines of [`LLM_TARGET`].
    Llm,
    /// On the lines of [`QUERY_TARGET`].
    Query,
    /// On the lines of [`JOB_TARGET`].
    Job,
    /// On the lines of [`EXECUTION_TARGET`].
    Execution,
    /// On the lines of [`EVENT_TARGETS`].
    Event,
}

impl Part {
    /// Every part, in the order of a page.
    pub const ALL: [Self; 10] = [
        Self::Envelope,
        Self::Line,
        Self::Context,
        Self::Access,
        Self::Call,
        Self::Llm,
        Self::Query,
        Self::Job,
        Self::Execution,
        Self::Event,
    ];

    /// Whether its names are bound on lines of this target.
    pub fn binds(self, target: &str) -> bool {
        match self {
            Self::Envelope | Self::Line | Self::Context => true,
            Self::Access => target == ACCESS_TARGET,
            Self::Call => target == CALL_TARGET,
            Self::Llm => target == LLM_TARGET,
            Self::Query => target == QUERY_TARGET,
            Self::Job => target == JOB_TARGET,
            Self::Execution => target == EXECUTION_TARGET,
            Self::Event => EVENT_TARGETS.contains(&target),
        }
    }

    /// The fields of this part, in their order.
    pub fn fields(self) -> impl Iterator<Item = &'static Field> {
        FIELDS.iter().filter(move |field| field.part == self)
    }
}

/// What binds a field of this name on a line of this target; `None` where anything goes.
pub fn field(target: &str, name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name && field.part.binds(target))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys;

    #[test]
    fn a_name_is_bound_once_where_it_is_bound() {
        let own = ["app", ACCESS_TARGET, CALL_TARGET, LLM_TARGET, QUERY_TARGET, JOB_TARGET, EXECUTION_TARGET];
        for target in own.into_iter().chain(EVENT_TARGETS) {
            let mut names: Vec<&str> =
                FIELDS.iter().filter(|field| field.part.binds(target)).map(|field| field.name).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{target}");
        }
    }

    #[test]
    fn the_envelope_and_the_context_are_those_of_the_writer() {
        let names = |part: Part| part.fields().map(|field| field.name).collect::<Vec<_>>();
        assert_eq!(names(Part::Envelope), keys::ENVELOPE);
        assert!(keys::CONTEXT.iter().all(|key| names(Part::Context).contains(key)));
    }
}
