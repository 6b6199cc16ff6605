//! The rule that every surface asks: may the value under this name be shown?

mod builder;
mod error;
#[cfg(feature = "toml")]
mod file;
mod own;
mod selector;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::form::Forms;
use crate::name::{Name, WINDOW};
use crate::pattern::PiiSet;
use crate::rule::{self, Position, Verdict};
use crate::tally::{Rule, Tally, Totals};
use crate::{End, Masked, cookie, decode, header, suspects, text, url};

pub use builder::KeyPolicyBuilder;
pub use error::PolicyError;
pub(crate) use error::Problem;
use own::OwnName;
pub(crate) use selector::{Selectors, Track};

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

#[derive(Debug)]
struct Rules {
    /// Tells policies with names of their own apart; zero for all others, which judge names alike.
    id: u64,
    deny: Vec<OwnName>,
    keep: Vec<OwnName>,
    /// There are such names, so that no short cut past them may be taken.
    has_own: bool,
    /// Lower-case names of headers that may be shown beside the default ones.
    headers: Vec<Box<str>>,
    /// Values are masked by their looks too.
    patterns: bool,
    pii: Option<PiiSet>,
    /// Under a denied name, `null`, `true` and `false` are masked as well.
    literals: bool,
    /// `None` where every mask is the fixed text.
    forms: Option<Forms>,
    /// `None` where no path of JSON is named.
    selectors: Option<Selectors>,
    /// How often each rule was used.
    totals: Totals,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            id: 0,
            deny: Vec::new(),
            keep: Vec::new(),
            has_own: false,
            headers: Vec::new(),
            patterns: true,
            pii: None,
            literals: false,
            forms: None,
            selectors: None,
            totals: Totals::default(),
        }
    }
}

impl KeyPolicy {
    /// A policy with names of your own beside the default ones.
    pub fn builder() -> KeyPolicyBuilder {
        KeyPolicyBuilder::default()
    }

    /// Whether both are handles on the same rules.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether a log field of this name holds a secret, whatever its spelling.
    pub fn denies(&self, name: &str) -> bool {
        self.verdict(name) != Verdict::Keep
    }

    /// The same with the type of the value as evidence: a plural such as `tokens` may hold a number.
    pub fn verdict(&self, name: &str) -> Verdict {
        self.judge(name.as_bytes(), Position::Field)
    }

    /// The same for a name that stands elsewhere than on a log line.
    ///
    /// ```
    /// use cupola_redact::{KeyPolicy, Position, Verdict};
    ///
    /// let policy = KeyPolicy::default();
    /// assert_eq!(policy.verdict_at("session_id", Position::Field), Verdict::Keep);
    /// assert_eq!(policy.verdict_at("session_id", Position::Body), Verdict::Mask);
    /// ```
    pub fn verdict_at(&self, name: &str, position: Position) -> Verdict {
        self.judge(name.as_bytes(), position)
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
        masked(url.len(), |out| _ = url::push_url(out, self, url, false))
    }

    /// Masks a `Cookie` header: names stay, every value goes.
    pub fn cookie(&self, value: &str) -> Masked {
        masked(value.len(), |out| cookie::push_cookie(out, self, value))
    }

    /// Masks a `Set-Cookie` header: the name and the known attributes stay.
    pub fn set_cookie(&self, value: &str) -> Masked {
        masked(value.len(), |out| cookie::push_set_cookie(out, self, value))
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

    /// Of many texts that stand one behind the other, and of which each ends where `ends` says, the numbers of those that
    /// [`free_text`](Self::free_text) may change when they are whole, ascending. It changes none of the others: they are
    /// known to hold no secret from one look at all of them, which costs a fraction of a look at each.
    ///
    /// ```
    /// let policy = cupola_redact::KeyPolicy::default();
    /// assert_eq!(policy.suspects(b"machine is upat 12:30pin=1234", &[13, 21, 29]), [2]);
    /// ```
    pub fn suspects(&self, texts: &[u8], ends: &[u32]) -> Vec<u32> {
        suspects::of(self, texts, ends)
    }

    /// How often a rule was used by this policy and its clones, whatever was masked and on whatever thread.
    ///
    /// A body counts when it has ended. What a caller leaves out because of [`denies`](Self::denies) is not among it.
    ///
    /// ```
    /// use cupola_redact::{KeyPolicy, Rule};
    ///
    /// let policy = KeyPolicy::default();
    /// _ = policy.query("page=2&token=abc");
    /// assert_eq!((policy.total(Rule::Name), policy.total(Rule::Card)), (1, 0));
    /// ```
    pub fn total(&self, rule: Rule) -> u64 {
        self.0.totals.get(rule)
    }

    #[inline]
    pub(crate) fn count(&self, rule: Rule) {
        self.0.totals.count(rule);
    }

    pub(crate) fn count_all(&self, tally: &Tally) {
        self.0.totals.add(tally);
    }

    /// Policies of the same id judge every name alike.
    #[inline]
    pub(crate) fn id(&self) -> u64 {
        self.0.id
    }

    #[inline]
    pub(crate) fn has_patterns(&self) -> bool {
        self.0.patterns
    }

    #[inline]
    pub(crate) fn has_pii(&self) -> bool {
        self.0.pii.is_some()
    }

    #[inline]
    pub(crate) fn pii(&self) -> Option<&PiiSet> {
        self.0.pii.as_ref()
    }

    /// The forms of masks, unless all are the fixed text.
    #[inline]
    pub(crate) fn forms(&self) -> Option<&Forms> {
        self.0.forms.as_ref()
    }

    #[inline]
    pub(crate) fn selectors(&self) -> Option<&Selectors> {
        self.0.selectors.as_ref()
    }

    #[inline]
    pub(crate) fn masks_literals(&self) -> bool {
        self.0.literals
    }

    /// Judges a name that is already decoded, given as bytes.
    #[inline]
    pub(crate) fn judge(&self, name: &[u8], position: Position) -> Verdict {
        self.judge_plain(name, position).unwrap_or_else(|| self.judge_any(name, position))
    }

    /// Judges a name as it stands in a URL, with percent escapes.
    #[inline]
    pub(crate) fn judge_url_name(&self, name: &[u8]) -> Verdict {
        self.judge_plain(name, Position::Url).unwrap_or_else(|| self.judge_escaped(name))
    }

    #[inline]
    fn judge_plain(&self, name: &[u8], position: Position) -> Option<Verdict> {
        if self.0.has_own { None } else { rule::judge_plain(name, position) }
    }

    fn judge_escaped(&self, name: &[u8]) -> Verdict {
        if name.contains(&b'%') {
            return self.judge_any(&decode::percent(name), Position::Url);
        }
        self.judge_any(name, Position::Url)
    }

    #[inline(never)]
    fn judge_any(&self, name: &[u8], position: Position) -> Verdict {
        if name.len() > WINDOW {
            return self.judge_long(name, position);
        }
        self.judge_window(name, position)
    }

    /// Whether this header, in lower case, was allowed by name.
    pub(crate) fn allows_header(&self, name: &str) -> bool {
        self.0.headers.iter().any(|header| **header == *name)
    }

    /// Whether a name of the user's own denies this one.
    #[inline]
    pub(crate) fn denies_own(&self, name: &str) -> bool {
        self.0.has_own && self.0.own(name.as_bytes(), &Name::new(name.as_bytes())) == Some(Verdict::Mask)
    }

    /// A stem may stand anywhere, so a long name is read in windows that overlap; its last words are in the last.
    fn judge_long(&self, name: &[u8], position: Position) -> Verdict {
        let windows = name.windows(WINDOW).step_by(WINDOW / 2);
        if windows.map(Name::new).any(|window| rule::has_strong_stem(&window)) {
            return Verdict::Mask;
        }
        self.judge_window(name, position)
    }

    #[inline]
    fn judge_window(&self, bytes: &[u8], position: Position) -> Verdict {
        let name = Name::new(bytes);
        if self.0.has_own {
            if let Some(verdict) = self.0.own(bytes, &name) {
                return verdict;
            }
        }
        rule::judge(&name, position)
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

/// Runs a redactor into a string of its own.
pub(crate) fn masked(capacity: usize, write: impl FnOnce(&mut String)) -> Masked {
    let mut out = String::with_capacity(capacity + 16);
    write(&mut out);
    Masked::vouch(out)
}
