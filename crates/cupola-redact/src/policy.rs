//! The rule that every surface asks: may the value under this name be shown?

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::name::{Name, WINDOW};
use crate::rule::{self, Scope, Verdict};
use crate::{End, Masked, cookie, decode, header, text, url};

/// Which names hide their values; compiled once, immutable, cheap to clone.
///
/// The default is the list in the crate's documentation. Names of your own *extend* it:
///
/// ```
/// use cupola_redact::KeyPolicy;
///
/// let policy = KeyPolicy::builder().deny("customer_ref").keep("session").allow_header("x-tenant").build()?;
/// assert!(policy.denies("customerRef"));
/// assert!(policy.denies("password"));
/// assert!(!policy.denies("session"));
/// # Ok::<(), cupola_redact::PolicyError>(())
/// ```
#[derive(Clone, Default)]
pub struct KeyPolicy(Arc<Rules>);

#[derive(Debug, Default)]
struct Rules {
    deny: Vec<OwnName>,
    keep: Vec<OwnName>,
    /// There are such names, so that no short cut past them may be taken.
    has_own: bool,
    /// Lower-case names of headers that may be shown beside the default ones.
    headers: Vec<Box<str>>,
}

impl KeyPolicy {
    /// A policy with names of your own beside the default ones.
    pub fn builder() -> KeyPolicyBuilder {
        KeyPolicyBuilder::default()
    }

    /// Whether a log field or a JSON member of this name holds a secret, whatever its spelling.
    pub fn denies(&self, name: &str) -> bool {
        self.verdict(name) != Verdict::Keep
    }

    /// The same with the type of the value as evidence: a plural such as `tokens` may hold a number.
    pub fn verdict(&self, name: &str) -> Verdict {
        self.judge(name.as_bytes(), Scope::Field)
    }

    /// Masks a header's value: names on the allow list are shown, all others are `[REDACTED]`.
    ///
    /// A known scheme of `Authorization` stays visible, cookies keep their names, and URLs go through
    /// [`url`](Self::url).
    pub fn header(&self, name: &str, value: &[u8]) -> Masked {
        header::mask(self, name, value)
    }

    /// Masks the path of a URL.
    pub fn path(&self, path: &str) -> Masked {
        masked(path.len(), |out| _ = url::push_path(out, self, path))
    }

    /// Masks a query without its `?`.
    pub fn query(&self, query: &str) -> Masked {
        masked(query.len(), |out| _ = url::push_query(out, self, query))
    }

    /// Masks a whole URL: userinfo, path, query, fragment, and URLs inside its parameters.
    ///
    /// ```
    /// let policy = cupola_redact::KeyPolicy::default();
    /// let url = policy.url("https://bob:pw@example.org/cb?code=abc&page=2");
    /// assert_eq!(url, "https://[REDACTED]@example.org/cb?code=[REDACTED]&page=2");
    /// ```
    pub fn url(&self, url: &str) -> Masked {
        masked(url.len(), |out| _ = url::push_url(out, self, url))
    }

    /// Masks a `Cookie` header: names stay, every value goes.
    pub fn cookie(&self, value: &str) -> Masked {
        masked(value.len(), |out| cookie::push_cookie(out, value))
    }

    /// Masks a `Set-Cookie` header: the name and the known attributes stay.
    pub fn set_cookie(&self, value: &str) -> Masked {
        masked(value.len(), |out| cookie::push_set_cookie(out, value))
    }

    /// Masks free text, such as an error message: value patterns, and what follows a denied name.
    ///
    /// ```
    /// let policy = cupola_redact::KeyPolicy::default();
    /// assert_eq!(policy.text("login with password=hunter2 failed"), "login with password=[REDACTED] failed");
    /// ```
    pub fn text(&self, text: &str) -> Masked {
        text::mask(self, text)
    }

    /// The same for a text that holds no secret as a rule: then it comes back as it is, and nothing is allocated.
    ///
    /// [`End::Truncated`] says that the text was cut, so that what may be the beginning of a token is masked too.
    ///
    /// ```
    /// use std::borrow::Cow;
    ///
    /// use cupola_redact::{End, KeyPolicy};
    ///
    /// let policy = KeyPolicy::default();
    /// assert!(matches!(policy.free_text("tokens=12 at 12:30:01", End::Complete), Cow::Borrowed(_)));
    /// assert_eq!(policy.free_text("GET /?api_key=abc failed", End::Complete), "GET /?api_key=[REDACTED] failed");
    /// ```
    pub fn free_text<'t>(&self, text: &'t str, end: End) -> Cow<'t, str> {
        text::mask_free(self, text, end)
    }

    /// Judges a name that is already decoded, given as bytes.
    #[inline]
    pub(crate) fn judge(&self, name: &[u8], scope: Scope) -> Verdict {
        self.judge_plain(name, scope).unwrap_or_else(|| self.judge_any(name, scope))
    }

    /// Judges a name as it stands in a URL, with percent escapes.
    #[inline]
    pub(crate) fn judge_url_name(&self, name: &[u8]) -> Verdict {
        self.judge_plain(name, Scope::Url).unwrap_or_else(|| self.judge_escaped(name))
    }

    #[inline]
    fn judge_plain(&self, name: &[u8], scope: Scope) -> Option<Verdict> {
        if self.0.has_own { None } else { rule::judge_plain(name, scope) }
    }

    fn judge_escaped(&self, name: &[u8]) -> Verdict {
        if name.contains(&b'%') {
            return self.judge_any(&decode::percent(name), Scope::Url);
        }
        self.judge_any(name, Scope::Url)
    }

    #[inline(never)]
    fn judge_any(&self, name: &[u8], scope: Scope) -> Verdict {
        if name.len() > WINDOW {
            return self.judge_long(name, scope);
        }
        self.judge_window(name, scope)
    }

    /// Whether this header, in lower case, was allowed by name.
    pub(crate) fn allows_header(&self, name: &str) -> bool {
        self.0.headers.iter().any(|header| **header == *name)
    }

    /// A stem may stand anywhere, so a long name is read in windows that overlap; its last words are in the last.
    fn judge_long(&self, name: &[u8], scope: Scope) -> Verdict {
        let windows = name.windows(WINDOW).step_by(WINDOW / 2);
        if windows.map(Name::new).any(|window| rule::has_strong_stem(&window)) {
            return Verdict::Mask;
        }
        self.judge_window(name, scope)
    }

    #[inline]
    fn judge_window(&self, bytes: &[u8], scope: Scope) -> Verdict {
        let name = Name::new(bytes);
        if self.0.has_own {
            if let Some(verdict) = self.0.own(bytes, &name) {
                return verdict;
            }
        }
        rule::judge(&name, scope)
    }
}

impl fmt::Debug for KeyPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyPolicy").field(&self.0).finish()
    }
}

impl Rules {
    /// What the user's own names say: a name kept in full beats the end of a denied one.
    fn own(&self, bytes: &[u8], name: &Name) -> Option<Verdict> {
        if self.keep.iter().any(|own| own.is(bytes, name)) {
            return Some(Verdict::Keep);
        }
        self.deny.iter().any(|own| own.ends(bytes, name)).then_some(Verdict::Mask)
    }
}

/// A name that the user gave.
#[derive(Debug, PartialEq, Eq)]
enum OwnName {
    /// Compared by its letters, in any spelling.
    Letters(Box<[u8]>),
    /// Not in the Latin alphabet: compared whole, without regard to case.
    Exact(Box<str>),
}

impl OwnName {
    fn new(name: &str) -> Result<Self, PolicyError> {
        if name.chars().any(|c| !c.is_ascii() && c.is_alphanumeric()) {
            return Ok(Self::Exact(name.to_lowercase().into()));
        }
        let read = Name::new(name.as_bytes());
        if read.squashed().is_empty() || name.len() > WINDOW {
            return Err(PolicyError::new(name, Problem::Unreadable));
        }
        Ok(Self::Letters(read.squashed().into()))
    }

    fn is(&self, bytes: &[u8], name: &Name) -> bool {
        match self {
            Self::Letters(letters) => bytes.len() <= WINDOW && *name.squashed() == **letters,
            Self::Exact(text) => String::from_utf8_lossy(bytes).to_lowercase() == **text,
        }
    }

    /// Whether the name ends in this one's words, as `old_customer_ref` does in `customer_ref`.
    fn ends(&self, bytes: &[u8], name: &Name) -> bool {
        match self {
            Self::Letters(letters) => {
                name.squashed().strip_suffix(&**letters).is_some_and(|rest| name.is_boundary(rest.len()))
            }
            Self::Exact(_) => self.is(bytes, name),
        }
    }
}

/// Collects the names that extend the default list.
#[derive(Debug, Default)]
pub struct KeyPolicyBuilder {
    deny: Vec<String>,
    keep: Vec<String>,
    headers: Vec<String>,
}

impl KeyPolicyBuilder {
    /// Denies a name in every spelling, and every name that ends in its words.
    pub fn deny(mut self, name: impl Into<String>) -> Self {
        self.deny.push(name.into());
        self
    }

    /// Keeps a name that the default list denies; just this name, in every spelling.
    ///
    /// A strong name such as `password` cannot be kept; `password_policy` can.
    pub fn keep(mut self, name: impl Into<String>) -> Self {
        self.keep.push(name.into());
        self
    }

    /// Shows a header that is not on the default allow list; its value still passes the value patterns.
    pub fn allow_header(mut self, name: impl Into<String>) -> Self {
        self.headers.push(name.into());
        self
    }

    /// Checks the names and compiles the policy.
    pub fn build(self) -> Result<KeyPolicy, PolicyError> {
        let deny = self.deny.iter().map(|name| OwnName::new(name)).collect::<Result<Vec<_>, _>>()?;
        let keep = self.keep.iter().map(|name| kept(name, &deny)).collect::<Result<_, _>>()?;
        let headers = self.headers.iter().map(|name| header::allowed(name)).collect::<Result<_, _>>()?;
        let has_own = !self.deny.is_empty() || !self.keep.is_empty();
        Ok(KeyPolicy(Arc::new(Rules { deny, keep, has_own, headers })))
    }
}

fn kept(name: &str, deny: &[OwnName]) -> Result<OwnName, PolicyError> {
    let own = OwnName::new(name)?;
    if rule::is_strong(&Name::new(name.as_bytes())) {
        return Err(PolicyError::new(name, Problem::Strong));
    }
    if deny.contains(&own) {
        return Err(PolicyError::new(name, Problem::Contradiction));
    }
    Ok(own)
}

/// A name that a policy cannot be built with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    name: String,
    problem: Problem,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    Unreadable,
    Strong,
    Contradiction,
    NotAHeader,
}

impl PolicyError {
    pub(crate) fn new(name: &str, problem: Problem) -> Self {
        Self { name: name.into(), problem }
    }

    /// The name that is at fault.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.problem {
            Problem::Unreadable => "has no letters, or more than 64 bytes",
            Problem::Strong => "always holds a secret and cannot be shown",
            Problem::Contradiction => "is both denied and kept",
            Problem::NotAHeader => "is not a header name",
        };
        write!(f, "redaction policy: the name {:?} {why}", self.name)
    }
}

impl std::error::Error for PolicyError {}

/// Runs a redactor into a string of its own.
pub(crate) fn masked(capacity: usize, write: impl FnOnce(&mut String)) -> Masked {
    let mut out = String::with_capacity(capacity + 16);
    write(&mut out);
    Masked::vouch(out)
}
