//! The parameters of questions, as the document tells of them.

use serde_json::{Value, json};
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter as Told, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, SchemaFormat, Type};

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    is: Is,
    says: &'static str,
    examples: &'static [&'static str],
    is_required: bool,
}

/// What is accepted of it.
#[derive(Clone, Copy, Debug)]
enum Is {
    Text,
    /// In words of a format.
    Format(&'static str),
    Pattern(&'static str),
    OneOf(&'static [&'static str]),
    /// From one to this; so many unless said.
    Number {
        most: usize,
        unset: usize,
    },
    Whole,
}

pub(super) const QUERY: Parameter = Parameter::of("query", Is::Format("cupola-query"), "Which entries, in the language of `cupola search`: `field=value` with `=`, \
    `!=`, `<`, `<=`, `>`, `>=` and `~` (a regular expression), words and \"quoted texts\" anywhere, and `and`, `or`, `not`, `( )`. All of them where it is missing.")
    .like(&["level>=warn", "status=5xx route=/vms/{id}", "duration_ms>500 and not user_agent~bot", "\"connection reset\""]);
pub(super) const SINCE: Parameter = Parameter::of(
    "since",
    Is::Format("cupola-time"),
    "From when on: RFC 3339 (`2026-11-21T03:46:02Z`), a date, how long ago, or a word (`yesterday`); the last hour where it is missing.",
)
.like(&["15m", "2h ago"]);
pub(super) const UNTIL: Parameter =
    Parameter::of("until", Is::Format("cupola-time"), "Until when, in the same way; now where it is missing.")
        .like(&["now", "10m ago"]);
pub(super) const FROM_THE_BEGINNING: Parameter = Parameter {
    says: "From when on: RFC 3339, a date, how long ago, or a word; from the beginning where it is missing.",
    ..SINCE
};
pub(super) const STEP: Parameter =
    Parameter::of("step", Is::Format("cupola-span"), "How long each step of time is: a number with ms, s, m or h.")
        .like(&["1m", "5m", "1h"]);
pub(super) const STEP_OR_USUAL: Parameter = Parameter {
    says: "How long each step of time is: a number with ms, s, m or h. Where it is missing, a minute, and more where that would be more than 1440 steps.",
    ..STEP
};
pub(super) const STEP_OF_MINUTES: Parameter =
    Parameter::of("step", Is::Format("cupola-span"), "How long each step of time is: whole minutes, with m or h.")
        .like(&["1m", "1h"]);
pub(super) const CURSOR: Parameter = Parameter::of(
    "cursor",
    Is::Pattern("^[0-9a-f]{1,16}-[0-9a-f]{1,16}-[0-9a-f]{1,16}$"),
    "Where the page begins: the `cursor` of the answer before.",
);
pub(super) const BY: Parameter =
    Parameter::of("by", Is::Text, "The field whose values are told apart.").like(&["level", "service", "route"]);
pub(super) const FIELD: Parameter =
    Parameter::of("field", Is::Text, "The field whose values are counted.").like(&["route", "status"]).required();
pub(super) const MEASURED: Parameter =
    Parameter::of("field", Is::Text, "The field whose numbers are measured; `duration_ms` where it is missing.")
        .like(&["duration_ms"]);
pub(super) const SHARES: Parameter = Parameter::of(
    "shares",
    Is::Format("cupola-shares"),
    "Which quantiles: at most 20 numbers from 0 to 1; `0.5,0.95,0.99` where it is missing.",
)
.like(&["0.5,0.95,0.99"]);
pub(super) const LEVEL: Parameter = Parameter::of(
    "level",
    Is::OneOf(&["trace", "debug", "info", "warn", "error"]),
    "From which level on something is an error; `error` where it is missing.",
);
pub(super) const SERVICE: Parameter = Parameter::of("service", Is::Text, "Only of this service.").like(&["billing"]);
pub(super) const ROUTE: Parameter = Parameter::of("route", Is::Text, "Only of this route.").like(&["/vms/{id}"]);
pub(super) const ENTRIES: Parameter =
    Parameter::of("signal", Is::OneOf(&["logs", "spans", "metrics"]), "Which entries; `logs` where it is missing.");
pub(super) const OF_REQUESTS: Parameter = Parameter::of(
    "signal",
    Is::OneOf(&["logs", "spans"]),
    "What tells of the requests: access lines or server spans; `logs` where it is missing.",
);
pub(super) const REQUESTS_BY: Parameter = Parameter::of(
    "by",
    Is::OneOf(&["route", "service", "all"]),
    "What requests are told apart by; `route` where it is missing.",
);
pub(super) const METRIC: Parameter =
    Parameter::of("name", Is::Text, "The metric's name.").like(&["process.memory.usage"]).required();
pub(super) const HOW: Parameter = Parameter::of("how", Is::Format("cupola-how"), "What is told of each step: `mean` (where it is missing), `last`, `least`, `most`, `sum`, `rate`, or a share of a histogram from 0 to 1.")
    .like(&["mean", "rate", "0.95"]);
pub(super) const ONLY: Parameter =
    Parameter::of("only", Is::Pattern("^[^=,]*=[^,]*(,[^=,]*=[^,]*)*$"), "Only points with these attributes.")
        .like(&["cpu.mode=user,host=a"]);
pub(super) const LABELS: Parameter =
    Parameter::of("by", Is::Text, "The attributes whose values are told apart, with commas between.")
        .like(&["host,cpu.mode"]);
pub(super) const ALERT: Parameter =
    Parameter::of("alert", Is::Pattern("^(.|\\n)+/[^/]+$"), "Only of this alert: its `id`.")
        .like(&["too many fail/9f86d081884c7d65"]);
pub(super) const BEFORE: Parameter = Parameter::of(
    "before",
    Is::Whole,
    "Only events with a lower number: the number of the last one of the answer before.",
);

pub(super) const AFTER: Parameter = Parameter::of(
    "after",
    Is::Whole,
    "The number of the last event that is known; where it is missing, nothing of before is told.",
);

/// Which entries, as all questions about entries have it.
pub(super) const SELECTION: [&Parameter; 3] = [&QUERY, &SINCE, &UNTIL];

impl Parameter {
    const fn of(name: &'static str, is: Is, says: &'static str) -> Self {
        Self { name, is, says, examples: &[], is_required: false }
    }

    const fn like(mut self, examples: &'static [&'static str]) -> Self {
        self.examples = examples;
        self
    }

    const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// How many of something there are at most.
    pub(super) const fn most(name: &'static str, says: &'static str, unset: usize, most: usize) -> Self {
        Self::of(name, Is::Number { most, unset }, says)
    }

    pub(super) fn tell(&self) -> Told {
        let schema = match self.is {
            // An empty text says nothing, as if it were missing.
            Is::Text => text().min_length(self.is_required.then_some(1)),
            Is::Format(format) => text().format(Some(SchemaFormat::Custom(format.to_owned()))),
            Is::Pattern(pattern) => text().pattern(Some(pattern)),
            Is::OneOf(words) => text().enum_values(Some(words.iter().copied())),
            Is::Number { most, unset } => whole().minimum(Some(1)).maximum(Some(most)).default(Some(json!(unset))),
            Is::Whole => whole(),
        };
        let schema = if self.examples.is_empty() {
            schema
        } else {
            schema.examples(self.examples.iter().map(|example| Value::from(*example)))
        };
        let required = if self.is_required { Required::True } else { Required::False };
        let told =
            ParameterBuilder::new().name(self.name).parameter_in(ParameterIn::Query).description(Some(self.says));
        told.required(required).schema(Some(schema)).build()
    }
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn whole() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(SchemaFormat::Custom("int64".to_owned())))
}
