//! What kind of body a content type announces.

/// The kind of a body, which decides how it is read.
///
/// The label is a hint: a body that turns out to be something else falls back to a stricter reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Media {
    /// One JSON document.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// One JSON document a line.
    NdJson,
    /// `text/event-stream`: server-sent events.
    EventStream,
    /// Any other text, XML and YAML included.
    Text,
    /// `multipart/...`: part by part; without its boundary the first line has to name it.
    Multipart,
    /// Anything else: shown as a marker with its size.
    Binary,
}

impl Media {
    /// Reads a `Content-Type`; an empty or unknown one is [`Binary`](Self::Binary).
    ///
    /// ```
    /// use cupola_redact::Media;
    ///
    /// assert_eq!(Media::from_content_type("application/problem+json; charset=utf-8"), Media::Json);
    /// assert_eq!(Media::from_content_type("image/png"), Media::Binary);
    /// ```
    pub fn from_content_type(content_type: &str) -> Self {
        let essence = content_type.split([';', ',']).next().unwrap_or_default().trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/').unwrap_or((&essence, ""));
        match (kind, subtype) {
            ("multipart", _) => Self::Multipart,
            (_, "x-www-form-urlencoded") => Self::Form,
            (_, "event-stream") => Self::EventStream,
            (
                _,
                "x-ndjson" | "ndjson" | "jsonl" | "x-jsonl" | "jsonlines" | "x-jsonlines" | "json-seq" | "json-lines",
            ) => Self::NdJson,
            (_, "json" | "json5" | "x-json") => Self::Json,
            (_, other) if other.ends_with("+json") => Self::Json,
            (_, other) if other.ends_with("+json-seq") => Self::NdJson,
            ("text", _) => Self::Text,
            (_, "xml" | "yaml" | "x-yaml" | "toml" | "graphql" | "javascript" | "x-javascript") => Self::Text,
            (_, other) if other.ends_with("+xml") || other.ends_with("+yaml") => Self::Text,
            _ => Self::Binary,
        }
    }
}

/// The boundary that a `Content-Type` names.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let parameters = content_type.split(';').skip(1);
    let value = parameters.filter_map(|parameter| parameter.split_once('=')).find_map(|(name, value)| {
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    });
    value.filter(|boundary| !boundary.is_empty() && boundary.len() <= 256)
}
