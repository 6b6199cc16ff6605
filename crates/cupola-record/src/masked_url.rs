//! A URL that is masked when somebody first looks at it.

use std::fmt;
use std::sync::OnceLock;

use cupola_redact::{KeyPolicy, MaskedParts};
use http::Uri;

const AUTHORITY: usize = 0;
const PATH: usize = 1;
const QUERY: usize = 2;

/// The longest authority that is kept, in bytes.
const AUTHORITY_CAP: usize = 256;

/// A URL that shows nothing but its masked parts. Of most calls nobody asks for them: metrics have none, and neither has a log
/// that has only failures. What is raw of it stays in here.
#[derive(Clone, Default)]
pub(crate) struct MaskedUrl {
    raw: Option<(Uri, KeyPolicy)>,
    parts: OnceLock<MaskedParts>,
}

impl MaskedUrl {
    /// Another takes the place of this one.
    pub(crate) fn set(&mut self, uri: &Uri, policy: &KeyPolicy) {
        *self = Self { raw: Some((uri.clone(), policy.clone())), parts: OnceLock::new() };
    }

    /// Without userinfo.
    pub(crate) fn authority(&self) -> Option<&str> {
        self.part(AUTHORITY)
    }

    pub(crate) fn path(&self) -> Option<&str> {
        self.part(PATH)
    }

    /// Without `?`.
    pub(crate) fn query(&self) -> Option<&str> {
        self.part(QUERY)
    }

    fn part(&self, part: usize) -> Option<&str> {
        let (uri, policy) = self.raw.as_ref()?;
        let parts = self.parts.get_or_init(|| mask(uri, policy));
        Some(parts.get(part)).filter(|text| !text.is_empty())
    }

    fn parts(&self) -> [Option<&str>; 3] {
        [self.authority(), self.path(), self.query()]
    }
}

fn mask(uri: &Uri, policy: &KeyPolicy) -> MaskedParts {
    let mut parts = MaskedParts::builder();
    let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
    parts.push_authority(policy, authority.unwrap_or_default(), AUTHORITY_CAP);
    parts.push_path(policy, uri.path());
    parts.push_query(policy, uri.query().unwrap_or_default());
    parts.build()
}

impl PartialEq for MaskedUrl {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for MaskedUrl {}

impl fmt::Debug for MaskedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_raw_shows_nowhere() {
        let (policy, mut url) = (KeyPolicy::default(), MaskedUrl::default());
        assert_eq!(url.parts(), [None; 3]);
        url.set(&Uri::from_static("https://ana:hunter2@api.example.com/reset/8f14e45fceea167a?sig=s3cr3t"), &policy);
        let copy = url.clone();
        let shown = format!("{url:?} {copy:?}");
        assert!(["hunter2", "8f14e45fceea167a", "s3cr3t"].iter().all(|secret| !shown.contains(secret)), "{shown}");
        assert_eq!(url.parts(), [Some("api.example.com"), Some("/reset/[REDACTED]"), Some("sig=[REDACTED]")]);
        assert_eq!(url, copy, "equal is what looks the same");
        url.set(&Uri::from_static("/a"), &policy);
        assert_eq!(url.parts(), [None, Some("/a"), None]);
    }
}
