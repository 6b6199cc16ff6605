//! Which bodies are captured, and how much of them.

use cupola_redact::{KeyPolicy, Media, Routes};
use http::{HeaderMap, header};

use crate::body::SkipReason;
use crate::body_watch::BodyWatch;

/// Which bodies are captured: by media type and route, up to a cap.
///
/// ```
/// let rules = cupola_record::BodyRules::default().cap(2 * 1024).not_route("/api/v1/login");
/// # let _ = rules;
/// ```
#[derive(Clone, Debug)]
pub struct BodyRules {
    cap: usize,
    media: Vec<Media>,
    only: Vec<Box<str>>,
    not: Vec<Box<str>>,
    when_chosen: bool,
}

impl Default for BodyRules {
    /// JSON, forms, NDJSON, event streams and plain text on every route, 8 KiB each way.
    fn default() -> Self {
        let media = vec![Media::Json, Media::Form, Media::NdJson, Media::EventStream, Media::Text];
        Self { cap: 8 * 1024, media, only: Vec::new(), not: Vec::new(), when_chosen: false }
    }
}

impl BodyRules {
    /// The most bytes kept of each body, after masking.
    #[must_use]
    pub const fn cap(mut self, bytes: usize) -> Self {
        self.cap = bytes;
        self
    }

    /// Only bodies of these media.
    #[must_use]
    pub fn media(mut self, media: impl IntoIterator<Item = Media>) -> Self {
        self.media = media.into_iter().collect();
        self
    }

    /// Only on this route template, and others that are named the same way.
    #[must_use]
    pub fn route(mut self, template: &str) -> Self {
        self.only.push(template.into());
        self
    }

    /// Not on this route template.
    #[must_use]
    pub fn not_route(mut self, template: &str) -> Self {
        self.not.push(template.into());
        self
    }

    /// Only where a route or a request has [chosen](crate::Choices::bodies) to show them.
    #[must_use]
    pub const fn when_chosen(mut self) -> Self {
        self.when_chosen = true;
        self
    }

    /// The watch over one body with these headers, of which it may be known that nothing is in it.
    pub fn watch(&self, policy: &KeyPolicy, headers: &HeaderMap, is_empty: bool) -> BodyWatch {
        match if is_empty { Err(SkipReason::Empty) } else { self.wants(headers) } {
            Ok(media) => BodyWatch::of(policy, media, self.cap),
            Err(reason) => BodyWatch::skipped(reason),
        }
    }

    /// Whether bodies of a route are wanted. One that is not known is wanted only where routes are neither chosen nor
    /// left out. Those of an endpoint for logins are wanted only where it is chosen by name.
    pub fn wants_route(&self, route: Option<&str>) -> bool {
        let listed = |list: &[Box<str>]| route.is_some_and(|route| list.iter().any(|known| **known == *route));
        let unknown = route.is_none() && !(self.only.is_empty() && self.not.is_empty());
        let credentials = self.only.is_empty() && route.is_some_and(Routes::take_credentials);
        !self.when_chosen
            && !unknown
            && !credentials
            && (self.only.is_empty() || listed(&self.only))
            && !listed(&self.not)
    }

    /// Whether a body with these headers is wanted, and what it is.
    fn wants(&self, headers: &HeaderMap) -> Result<Media, SkipReason> {
        let encoded = headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity");
        if encoded {
            return Err(SkipReason::Encoded);
        }
        let named = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = named.map(Media::from_content_type).filter(|media| self.media.contains(media));
        media.ok_or(SkipReason::MediaType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_and_encoding_decide() {
        let check = |pairs: &[(header::HeaderName, &'static str)], wanted: Result<Media, SkipReason>| {
            let headers = pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
            assert_eq!(BodyRules::default().wants(&headers), wanted, "{pairs:?}");
        };
        check(&[(header::CONTENT_TYPE, "application/json; charset=utf-8")], Ok(Media::Json));
        check(&[(header::CONTENT_TYPE, "image/png")], Err(SkipReason::MediaType));
        check(&[], Err(SkipReason::MediaType));
        let gzip = (header::CONTENT_ENCODING, "gzip");
        check(&[(header::CONTENT_TYPE, "application/json"), gzip], Err(SkipReason::Encoded));
    }

    #[test]
    fn routes_are_chosen_or_left_out() {
        let rules = BodyRules::default().not_route("/login");
        assert!(!rules.wants_route(None) && rules.wants_route(Some("/a")) && !rules.wants_route(Some("/login")));
        assert!(BodyRules::default().wants_route(None));
        assert!(!BodyRules::default().wants_route(Some("/api/login")));
        assert!(BodyRules::default().route("/api/login").wants_route(Some("/api/login")));
        let rules = BodyRules::default().route("/a");
        assert!(!rules.wants_route(None) && rules.wants_route(Some("/a")) && !rules.wants_route(Some("/b")));
    }
}
