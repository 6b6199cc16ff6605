//! The masked texts of one request, together.

mod memo;

use std::cell::Cell;

use arrayvec::ArrayString;

use crate::{KeyPolicy, pattern, text, url};
use memo::Memo;

const MAX_PARTS: usize = 8;

/// A request's texts are seldom longer than this together: they are held inline.
const INLINE: usize = 192;

/// Several masked texts together, in the order in which they were pushed: no allocation unless they are long.
///
/// A request brings a path, a query, a user agent and an id or two; one string for each would be that many
/// allocations. There is room for eight parts; what is pushed after that is dropped, and reads as empty.
///
/// ```
/// use cupola_redact::{KeyPolicy, MaskedParts};
///
/// let policy = KeyPolicy::default();
/// let mut parts = MaskedParts::builder();
/// parts.push_path(&policy, "/cart;jsessionid=ab12/items");
/// parts.push_query(&policy, "limit=10&token=abc");
/// parts.push_text(&policy, b"curl/8.5.0", 256);
/// let parts = parts.build();
/// assert_eq!(parts.get(0), "/cart;jsessionid=[REDACTED]/items");
/// assert_eq!(parts.get(1), "limit=10&token=[REDACTED]");
/// assert_eq!(parts.get(2), "curl/8.5.0");
/// ```
#[derive(Clone, Default)]
pub struct MaskedParts {
    text: Text,
    ends: [u32; MAX_PARTS],
    len: u8,
}

#[derive(Clone)]
enum Text {
    Inline(ArrayString<INLINE>),
    Long(Box<str>),
}

impl Default for Text {
    fn default() -> Self {
        Self::Inline(ArrayString::new_const())
    }
}

impl Text {
    #[inline]
    fn set(&mut self, text: &str) {
        match self {
            Self::Inline(held) if text.len() <= INLINE => {
                held.clear();
                held.push_str(text);
            }
            _ => *self = Self::Long(text.into()),
        }
    }

    #[inline]
    fn as_str(&self) -> &str {
        match self {
            Self::Inline(text) => text,
            Self::Long(text) => text,
        }
    }
}

impl MaskedParts {
    /// Begins with no parts.
    pub fn builder() -> MaskedPartsBuilder {
        let Scratch { mut text, memo } = SCRATCH.try_with(Cell::take).unwrap_or_default();
        text.clear();
        MaskedPartsBuilder { text, memo, ends: [0; MAX_PARTS], len: 0 }
    }

    /// The part that was pushed as number `index`, counted from zero; empty if there is none.
    #[inline]
    pub fn get(&self, index: usize) -> &str {
        if index >= self.len() {
            return "";
        }
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        self.text.as_str().get(start..self.ends[index] as usize).unwrap_or_default()
    }

    /// How many parts there are, the empty ones included.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether nothing was pushed yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl PartialEq for MaskedParts {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.ends == other.ends && self.text.as_str() == other.text.as_str()
    }
}

impl Eq for MaskedParts {}

/// What a thread keeps from request to request.
#[derive(Default)]
struct Scratch {
    /// Where texts are masked before it is known how long they become.
    text: String,
    memo: Memo,
}

thread_local! {
    static SCRATCH: Cell<Scratch> = Cell::default();
}

/// A giant text's memory is given back.
const KEPT_SCRATCH: usize = 16 * 1024;

/// Masks one text after the other.
#[derive(Debug)]
pub struct MaskedPartsBuilder {
    text: String,
    memo: Memo,
    ends: [u32; MAX_PARTS],
    len: u8,
}

impl MaskedPartsBuilder {
    /// Adds the path of a URL: matrix parameters are judged by name, segments by value patterns.
    pub fn push_path(&mut self, policy: &KeyPolicy, path: &str) {
        self.part(|out| _ = url::push_path(out, policy, path));
    }

    /// Adds a query without its `?`: the values of denied names are masked, the rest stays byte for byte.
    pub fn push_query(&mut self, policy: &KeyPolicy, query: &str) {
        if query.is_empty() {
            return self.push_empty();
        }
        self.part(|out| _ = url::push_query(out, policy, query));
    }

    /// Adds a text that a stranger sent, such as a user agent, cut to at most `cap` bytes.
    ///
    /// Value patterns are masked and bytes that are not UTF-8 become U+FFFD. The cut comes after masking, so it
    /// never hides the half of a token that would have given the other half away.
    pub fn push_text(&mut self, policy: &KeyPolicy, text: &[u8], cap: usize) {
        if text.is_empty() {
            return self.push_empty();
        }
        // A cap below that could have cut what is known.
        let may_be_known = text.len() <= memo::LONGEST && cap >= memo::LONGEST;
        match self.memo.get(policy, text).filter(|_| may_be_known) {
            Some(known) => self.text.push_str(known),
            None => {
                let start = self.text.len();
                push_capped(&mut self.text, policy, text, cap);
                // What was masked is masked each time, so that it is counted each time.
                if may_be_known && self.text.as_bytes()[start..] == *text {
                    self.memo.keep(policy, text, &self.text[start..]);
                }
            }
        }
        self.part(|_| ());
    }

    /// Adds the authority that a client asked for, cut like a text: userinfo before the last `@` is left out.
    pub fn push_authority(&mut self, policy: &KeyPolicy, authority: &[u8], cap: usize) {
        let host = authority.iter().rposition(|&byte| byte == b'@').map_or(0, |at| at + 1);
        self.push_text(policy, &authority[host..], cap);
    }

    /// Adds an empty part, to hold the place of a text that is absent.
    #[inline]
    pub fn push_empty(&mut self) {
        self.part(|_| ());
    }

    #[inline]
    fn part(&mut self, write: impl FnOnce(&mut String)) {
        let index = usize::from(self.len);
        debug_assert!(index < MAX_PARTS, "a ninth part is dropped");
        if index >= MAX_PARTS {
            return;
        }
        write(&mut self.text);
        // A request's texts are bounded by its head, far below 4 GiB; saturating keeps `get` free of panics.
        self.ends[index] = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.len += 1;
    }

    /// The parts so far.
    pub fn build(self) -> MaskedParts {
        let mut parts = MaskedParts::default();
        self.build_into(&mut parts);
        parts
    }

    /// The parts so far take the place of those in `parts`: where these lie already, nothing large is moved.
    pub fn build_into(self, parts: &mut MaskedParts) {
        let Self { text, memo, ends, len } = self;
        parts.text.set(&text);
        (parts.ends, parts.len) = (ends, len);
        if text.capacity() <= KEPT_SCRATCH {
            // On a thread that is being torn down there is no next time.
            _ = SCRATCH.try_with(|scratch| scratch.set(Scratch { text, memo }));
        }
    }
}

impl std::fmt::Debug for MaskedParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries((0..self.len()).map(|index| self.get(index))).finish()
    }
}

/// Appends `text`, masked, and cuts what was appended to `cap` bytes.
#[inline]
fn push_capped(out: &mut String, policy: &KeyPolicy, text: &[u8], cap: usize) {
    let start = out.len();
    // Twice the cap is read at most: masking shortens a text rarely, and a stranger's text has no upper bound.
    let window = &text[..text.len().min(cap.saturating_mul(2).saturating_add(64))];
    let open = window.len() < text.len();
    match std::str::from_utf8(window) {
        Ok(valid) => _ = pattern::push(out, policy, valid, open),
        Err(_) => _ = pattern::push(out, policy, &String::from_utf8_lossy(window), open),
    }
    _ = text::cut(out, start, cap);
}
