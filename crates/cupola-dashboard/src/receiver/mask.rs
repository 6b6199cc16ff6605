//! What others send is masked before it is kept: by the names of its fields, and by its looks.

use std::borrow::Cow;

use cupola_redact::{End, KeyPolicy, Masked, Media, REDACTED, Redactor, Verdict};
use cupola_store::{Batch, Instead, Judge, Value, Values};

/// What a field's name says of its values.
enum Field {
    /// They are secrets; numbers may stay where they count.
    Secret {
        numbers_stay: bool,
    },
    /// They are those of a header of this name.
    Header(Box<str>),
    Url,
    Query,
    Other,
}

/// Attributes that are headers, before the header's own name.
const HEADERS: [&str; 6] = [
    "http.request.header.",
    "http.response.header.",
    "rpc.request.metadata.",
    "rpc.response.metadata.",
    "rpc.grpc.request.metadata.",
    "rpc.grpc.response.metadata.",
];

/// Masks what is secret.
pub(super) fn mask(policy: &KeyPolicy, batch: &mut Batch) {
    batch.replace(|name| Masking { policy, field: Field::of(policy, name) });
}

/// Masks the values of one field.
struct Masking<'p> {
    policy: &'p KeyPolicy,
    field: Field,
}

impl Judge for Masking<'_> {
    fn suspects(&mut self, values: &Values<'_>) -> Vec<u32> {
        match (&self.field, values.texts()) {
            (Field::Other, Some((texts, ends))) => self.policy.suspects(texts, ends),
            (Field::Secret { .. }, _) => (0..).take(values.len()).collect(),
            _ if !values.speak() => Vec::new(),
            _ => (0..).take(values.len()).collect(),
        }
    }

    fn instead(&mut self, value: Value<'_>) -> Option<Instead> {
        self.field.instead(self.policy, value)
    }
}

impl Field {
    fn of(policy: &KeyPolicy, name: &str) -> Self {
        if let Some(header) = HEADERS.iter().find_map(|prefix| name.strip_prefix(prefix)) {
            // Older instrumentations write them so.
            return Self::Header(header.replace('_', "-").into());
        }
        match (policy.verdict(name), name) {
            (Verdict::Keep, "url.full" | "url.original" | "path") => Self::Url,
            (Verdict::Keep, "query" | "url.fragment") => Self::Query,
            (Verdict::Keep, _) => Self::Other,
            (verdict, _) => Self::Secret { numbers_stay: verdict == Verdict::MaskUnlessNumber },
        }
    }

    /// What is kept instead of a value, unless it may be seen.
    fn instead(&self, policy: &KeyPolicy, value: Value<'_>) -> Option<Instead> {
        match (self, value) {
            (_, Value::Bool(_) | Value::Id(_))
            | (Self::Secret { numbers_stay: true }, Value::Int(_) | Value::Float(_)) => None,
            (Self::Secret { .. }, value) => (value != Value::Text(REDACTED)).then(mark),
            (_, Value::Int(_) | Value::Float(_)) => None,
            (Self::Header(name), Value::Text(text)) => other(text, &policy.header(name, text.as_bytes())),
            (Self::Header(name), Value::Json(json)) => headers(policy, name, json),
            (Self::Url, Value::Text(text)) => other(text, &policy.url(text)),
            (Self::Query, Value::Text(text)) => other(text, &policy.query(text)),
            (Self::Other, Value::Text(text)) => match policy.free_text(text, End::Complete) {
                Cow::Borrowed(_) => None,
                Cow::Owned(masked) => Some(Instead::Text(masked)),
            },
            (_, Value::Json(json)) => document(policy, json),
        }
    }
}

fn mark() -> Instead {
    Instead::Text(REDACTED.to_owned())
}

fn other(text: &str, masked: &Masked) -> Option<Instead> {
    (masked.as_str() != text).then(|| Instead::Text(masked.as_str().to_owned()))
}

/// A header that was sent more than once, or may be.
fn headers(policy: &KeyPolicy, name: &str, json: &str) -> Option<Instead> {
    let Ok(values) = serde_json::from_str::<Vec<Cow<'_, str>>>(json) else { return Some(mark()) };
    let masked: Vec<Masked> = values.iter().map(|value| policy.header(name, value.as_bytes())).collect();
    let texts: Vec<&str> = masked.iter().map(Masked::as_str).collect();
    (texts != values).then(|| serde_json::to_string(&texts).map_or_else(|_| mark(), Instead::Json))
}

fn document(policy: &KeyPolicy, json: &str) -> Option<Instead> {
    let mut redactor = Redactor::new(policy, Media::Json, usize::MAX);
    redactor.feed(json.as_bytes());
    let masked = redactor.finish(End::Complete).text;
    (masked.as_str() != json).then(|| Instead::Json(masked.as_str().to_owned()))
}
