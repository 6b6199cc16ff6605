//! The masked texts of one request, together in one allocation.

use crate::{KeyPolicy, pattern, text, url};

const MAX_PARTS: usize = 8;

/// Several masked texts in one allocation, in the order in which they were pushed.
///
/// A request brings a path, a query, a user agent and an id or two; one string for each would be that many
/// allocations. There is room for eight parts; what is pushed after that is dropped, and reads as empty.
///
/// ```
/// use cupola_redact::{KeyPolicy, MaskedParts};
///
/// let policy = KeyPolicy::default();
/// let mut parts = MaskedParts::with_capacity(64);
/// parts.push_path(&policy, "/cart;jsessionid=ab12/items");
/// parts.push_query(&policy, "limit=10&token=abc");
/// parts.push_text(&policy, b"curl/8.5.0", 256);
/// assert_eq!(parts.get(0), "/cart;jsessionid=[REDACTED]/items");
/// assert_eq!(parts.get(1), "limit=10&token=[REDACTED]");
/// assert_eq!(parts.get(2), "curl/8.5.0");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MaskedParts {
    text: String,
    ends: [u32; MAX_PARTS],
    len: u8,
}

impl MaskedParts {
    /// Room for `bytes` of text before the one string has to grow.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), ..Self::default() }
    }

    /// The part that was pushed as number `index`, counted from zero; empty if there is none.
    pub fn get(&self, index: usize) -> &str {
        if index >= self.len() {
            return "";
        }
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.text[start..self.ends[index] as usize]
    }

    /// How many parts there are, the empty ones included.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether nothing was pushed yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds the path of a URL: matrix parameters are judged by name, segments by value patterns.
    pub fn push_path(&mut self, policy: &KeyPolicy, path: &str) {
        self.part(|out| _ = url::push_path(out, policy, path));
    }

    /// Adds a query without its `?`: the values of denied names are masked, the rest stays byte for byte.
    pub fn push_query(&mut self, policy: &KeyPolicy, query: &str) {
        self.part(|out| _ = url::push_query(out, policy, query));
    }

    /// Adds a text that a stranger sent, such as a user agent, cut to at most `cap` bytes.
    ///
    /// Value patterns are masked and bytes that are not UTF-8 become U+FFFD. The cut comes after masking, so it
    /// never hides the half of a token that would have given the other half away.
    pub fn push_text(&mut self, policy: &KeyPolicy, text: &[u8], cap: usize) {
        // Value patterns are the same for every policy today; the parameter is there for policies that add some.
        let _ = policy;
        self.part(|out| push_capped(out, text, cap));
    }

    /// Adds an empty part, to hold the place of a text that is absent.
    pub fn push_empty(&mut self) {
        self.part(|_| ());
    }

    #[inline]
    fn part(&mut self, write: impl FnOnce(&mut String)) {
        debug_assert!(self.len() < MAX_PARTS, "a ninth part is dropped");
        if self.len() >= MAX_PARTS {
            return;
        }
        write(&mut self.text);
        // A request's texts are bounded by its head, far below 4 GiB; saturating keeps `get` free of panics.
        self.ends[self.len()] = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.len += 1;
    }
}

impl std::fmt::Debug for MaskedParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries((0..self.len()).map(|index| self.get(index))).finish()
    }
}

/// Appends `text`, masked, and cuts what was appended to `cap` bytes.
#[inline]
fn push_capped(out: &mut String, text: &[u8], cap: usize) {
    let start = out.len();
    // Twice the cap is read at most: masking shortens a text rarely, and a stranger's text has no upper bound.
    let window = &text[..text.len().min(cap.saturating_mul(2).saturating_add(64))];
    let open = window.len() < text.len();
    match std::str::from_utf8(window) {
        Ok(valid) => _ = pattern::push(out, valid, open),
        Err(_) => _ = pattern::push(out, &String::from_utf8_lossy(window), open),
    }
    _ = text::cut(out, start, cap);
}
