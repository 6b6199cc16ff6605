//! The fields of a rule, as the document tells of them. What is accepted of them is judged where rules are.

use std::borrow::Cow;

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::sent::{RuleFields, WholeRule};

/// What is accepted of a field.
enum Is {
    Text,
    /// `5m`.
    Span,
    Number,
    Whole,
    Flag,
    OneOf(&'static [&'static str]),
    Texts,
    Table,
}

const KINDS: Is = Is::OneOf(&[
    "request_rate",
    "error_ratio",
    "latency",
    "burn_rate",
    "baseline",
    "logs",
    "new_error",
    "error_spike",
    "absence",
    "metric",
    "cpu",
    "memory",
    "disk",
    "service_down",
    "telemetry_dropped",
    "rule_broken",
    "heartbeat",
]);

const FIELDS: &[(&str, Is, &str)] = &[
    ("name", Is::Text, "By what it is known: at most 100 bytes without `/`. What stands in the path wins."),
    ("kind", KINDS, "What it looks at; a new rule says it."),
    ("enabled", Is::Flag, "Whether it is evaluated; true unless said."),
    ("severity", Is::OneOf(&["info", "warning", "critical"]), "How bad it is, at least."),
    ("window", Is::Span, "How much time is looked at."),
    ("threshold", Is::Number, "What is compared with, in the unit of the kind."),
    ("compare", Is::OneOf(&["above", "below", "either"]), "Which side is too much."),
    ("recovery_threshold", Is::Number, "Below which (or above which) it is well again."),
    ("critical_threshold", Is::Number, "From which on it is critical."),
    ("for", Is::Span, "How long it has to be too much."),
    ("keep_firing_for", Is::Span, "How long it has to be well."),
    ("interval", Is::Span, "How often it is evaluated; 15s unless said."),
    ("delay", Is::Span, "How late entries may come."),
    ("cooldown", Is::Span, "How far apart two messages that it fires are, at least."),
    ("repeat", Is::Span, "After which time it is said again; 4h unless said."),
    ("send_resolved", Is::Flag, "Whether it is said that it is over; true unless said."),
    ("clear_acknowledged", Is::Flag, "Whether that it gets worse ends an acknowledgement; true unless said."),
    ("no_data", Is::OneOf(&["keep", "breach", "ok"]), "What it is where there is nothing to judge."),
    ("missing", Is::Whole, "After how many evaluations without it an alert is over."),
    ("limit", Is::Whole, "How many alerts it has at most."),
    ("flap_window", Is::Span, "Within which time it is the same trouble again."),
    ("labels", Is::Table, "Labels for its alerts."),
    ("annotations", Is::Table, "What people should know: `summary`, with `{{ value }}` and `{{ labels.service }}`."),
    ("group_by", Is::Texts, "Labels by which its alerts are told together."),
    ("receivers", Is::Texts, "Who is told."),
    ("service", Is::Text, "Only of this service."),
    ("route", Is::Text, "Only of this route."),
    ("signal", Is::OneOf(&["logs", "spans"]), "What tells of requests or entries."),
    ("by", Is::Texts, "What is told apart."),
    ("min_requests", Is::Whole, "Fewer requests are not judged."),
    ("quantile", Is::Number, "Which quantile, above 0 and up to 1."),
    ("objective", Is::Number, "Of a burn rate: how much is to be well, in %."),
    ("short_window", Is::Span, "Of a burn rate: the shorter window."),
    (
        "measure",
        Is::OneOf(&["request_rate", "error_ratio", "latency"]),
        "Of a baseline: what is compared with other days.",
    ),
    ("days", Is::Whole, "Of a baseline: how many days are looked at."),
    ("filter", Is::Text, "Which entries, in the language of searches."),
    ("level", Is::OneOf(&["warn", "error"]), "From which level on something is an error."),
    ("lookback", Is::Span, "How far back is looked for what is new, or usual."),
    ("min_count", Is::Whole, "Fewer errors are no spike."),
    ("of", Is::OneOf(&["logs", "spans", "requests", "metric"]), "Of an absence: what is expected."),
    ("metric", Is::Text, "A metric's name."),
    ("how", Is::OneOf(&["mean", "last", "least", "most", "sum", "rate", "quantile"]), "What is told of a metric."),
    ("only", Is::Table, "Only points with these attributes."),
    ("mountpoint", Is::Text, "Only this disk."),
    ("known", Is::Span, "For how long a service that is silent is missed."),
];

impl Is {
    /// `null` makes a field what it is unless said.
    fn schema(&self, says: &str) -> RefOr<Schema> {
        let of = |is: Type| {
            ObjectBuilder::new().schema_type(SchemaType::from_iter([is, Type::Null])).description(Some(says))
        };
        let text = || ObjectBuilder::new().schema_type(Type::String);
        match self {
            Self::Text => of(Type::String).min_length(Some(1)).into(),
            Self::Span => of(Type::String).examples(["5m"]).into(),
            Self::Number => of(Type::Number).into(),
            Self::Whole => of(Type::Integer).minimum(Some(1)).into(),
            Self::Flag => of(Type::Boolean).into(),
            Self::OneOf(words) => {
                of(Type::String).enum_values(Some(words.iter().map(|word| Some(*word)).chain([None]))).into()
            }
            Self::Texts => {
                let texts = ArrayBuilder::new().schema_type(SchemaType::from_iter([Type::Array, Type::Null]));
                texts.items(text()).description(Some(says)).into()
            }
            Self::Table => of(Type::Object).additional_properties(Some(RefOr::from(text()))).into(),
        }
    }
}

fn rule(says: &str) -> ObjectBuilder {
    let rule =
        ObjectBuilder::new().description(Some(says)).additional_properties(Some(AdditionalProperties::FreeForm(false)));
    FIELDS.iter().fold(rule, |rule, (name, is, says)| rule.property(*name, is.schema(says)))
}

impl PartialSchema for RuleFields {
    fn schema() -> RefOr<Schema> {
        rule("Fields of a rule. Each kind has some of them; another kind than before is another rule.").into()
    }
}

impl ToSchema for RuleFields {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("RuleFields")
    }
}

impl PartialSchema for WholeRule {
    fn schema() -> RefOr<Schema> {
        let rule = rule("A rule. Each kind has some of these fields.").required("name").required("kind");
        rule.examples([
            serde_json::json!({ "name": "slow", "kind": "latency", "threshold": 500, "window": "5m", "for": "2m" }),
        ])
        .into()
    }
}

impl ToSchema for WholeRule {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Rule")
    }
}
