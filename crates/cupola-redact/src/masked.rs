//! The one kind of text that sinks, lines and spans accept.

use std::borrow::Cow;
use std::fmt;

/// What stands where a secret stood: no length, no prefix, the same for every secret.
pub const REDACTED: &str = "[REDACTED]";

/// Text that passed redaction; only this crate makes one.
///
/// It does not deref to `str` on purpose: a place that takes raw text and a place that takes masked text
/// should not look alike.
///
/// ```
/// use cupola_redact::{KeyPolicy, Masked};
///
/// let query = KeyPolicy::default().query("limit=10&access_token=abc");
/// assert_eq!(query.as_str(), "limit=10&access_token=[REDACTED]");
/// assert_eq!(Masked::from_static("GET"), *"GET");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Masked(Cow<'static, str>);

impl Masked {
    /// A literal of the program's own, which holds no secret because it stands in the source.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Only the redactors of this crate may call their result masked.
    pub(crate) const fn vouch(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl AsRef<str> for Masked {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Masked {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Masked {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}
