//! Paths, queries and whole URLs: spans are masked where they stand, nothing is rebuilt.

mod segment;

use memchr::{memchr_iter, memchr2};

use crate::form::Form;
use crate::name::Name;
use crate::rule::{self, Verdict};
use crate::tally::Rule;
use crate::target::Target;
use crate::{KeyPolicy, decode, pattern};

/// Appends a path; `;name=value` parameters are judged by name.
#[inline]
pub(crate) fn push_path(out: &mut impl Target, policy: &KeyPolicy, path: &str) -> u32 {
    push_cut_path(out, policy, path, false)
}

/// The same for a path that may be cut at its end.
#[inline]
pub(crate) fn push_cut_path(out: &mut impl Target, policy: &KeyPolicy, path: &str, open: bool) -> u32 {
    let hints = pattern::hints(path.as_bytes());
    if hints & pattern::PAIRS_IN_PATH != 0 {
        return Pairs::new(policy, path, Place::Path, open).push(out);
    }
    segment::push(out, policy, path, hints, open)
}

/// Appends a query, a fragment or a form: `name=value` pairs, also those of a URL inside a value.
#[inline]
pub(crate) fn push_query(out: &mut impl Target, policy: &KeyPolicy, query: &str) -> u32 {
    push_cut_query(out, policy, query, false)
}

/// The same for a query that may be cut at its end.
#[inline]
pub(crate) fn push_cut_query(out: &mut impl Target, policy: &KeyPolicy, query: &str, open: bool) -> u32 {
    Pairs::new(policy, query, Place::Query, open).push(out)
}

/// Appends a whole URL, which may be cut at its end.
pub(crate) fn push_url(out: &mut impl Target, policy: &KeyPolicy, url: &str, open: bool) -> u32 {
    let mut count = 0;
    let start = authority_start(url);
    let mut rest = url;
    if let Some(span) = start.and_then(|start| pattern::authority(url.as_bytes(), start, open)) {
        out.pass(&url[..span.start]);
        out.mask(policy, Rule::Userinfo, &url[span.clone()]);
        rest = &url[span.end..];
        count += 1;
    }
    let path = memchr2(b'?', b'#', rest.as_bytes()).unwrap_or(rest.len());
    let (path, query) = rest.split_at(path);
    count += push_cut_path(out, policy, path, open && query.is_empty());
    if let Some(separator) = query.get(..1) {
        out.pass(separator);
        count += push_cut_query(out, policy, &query[1..], open);
    }
    count
}

fn authority_start(url: &str) -> Option<usize> {
    if url.starts_with("//") {
        return Some(2);
    }
    let bytes = url.as_bytes();
    memchr_iter(b':', bytes).find(|&colon| bytes[colon + 1..].starts_with(b"//")).map(|colon| colon + 3)
}

/// How far back a name before a `:` is looked for: not every `:` begins a new one.
const REACH: usize = 192;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Path,
    Query,
}

/// Walks over pairs, with percent escapes undone for the look of a separator only.
///
/// Frameworks differ in what separates pairs, and values hold URLs with pairs of their own. So a *name* begins
/// behind anything that may separate, at any level of escaping, while a masked *value* ends only at a separator
/// of its own level that all agree on: too much is masked sooner than too little.
struct Pairs<'a> {
    policy: &'a KeyPolicy,
    text: &'a str,
    place: Place,
    /// The text may be cut at its end.
    open: bool,
    /// Up to here the text is in the output.
    copied: usize,
    /// Nothing is.
    is_empty: bool,
    /// Where the name that the next `=` would end begins.
    name: usize,
    /// Behind a `://`, until the authority ends.
    authority: Option<usize>,
    /// How much of `://` was just read, and where the next byte of it would stand.
    slashes: (u8, usize),
    /// What was seen since the last copy.
    hints: u8,
    count: u32,
}

impl<'a> Pairs<'a> {
    #[inline]
    fn new(policy: &'a KeyPolicy, text: &'a str, place: Place, open: bool) -> Self {
        Self {
            policy,
            text,
            place,
            open,
            copied: 0,
            is_empty: true,
            name: 0,
            authority: None,
            slashes: (0, 0),
            hints: 0,
            count: 0,
        }
    }

    #[inline]
    fn push(mut self, out: &mut impl Target) -> u32 {
        let bytes = self.text.as_bytes();
        let mut index = 0;
        while index < bytes.len() {
            let hints = pattern::HINT[usize::from(bytes[index])];
            self.hints |= hints;
            index = match bytes[index] {
                _ if hints & pattern::PAIRS == 0 => index + 1,
                b'=' => self.judge(out, index, index + 1, 0),
                _ => self.special(out, index),
            };
        }
        // Of a cut authority nobody can tell yet whether it is a user's name.
        if self.open && self.authority.is_some_and(|start| start >= self.copied && start < bytes.len()) {
            self.mask_userinfo(out, bytes.len());
        }
        self.copy(out, bytes.len(), self.open);
        self.count
    }

    /// Takes the special byte at `index`, which may be escaped; returns where to go on.
    fn special(&mut self, out: &mut impl Target, index: usize) -> usize {
        let (byte, width, level) = decode::percent_at(self.text.as_bytes(), index);
        let next = index + width;
        self.follow_authority(byte, index, next);
        match byte {
            b'=' => return self.judge(out, index, next, level),
            b':' if self.names_secret(index) => return self.judge(out, index, next, 0),
            b'@' if self.authority.is_some() => self.mask_userinfo(out, index),
            // A bracket belongs to its name, as in `user[password]`.
            b'&' | b';' | b'?' | b'#' | b'/' | b',' | b'{' | b'(' => self.name = next,
            _ => {}
        }
        next
    }

    /// `"name":` of JSON inside a value, or a strong name; any other bare `name:` is a scope or a sort order.
    fn names_secret(&self, index: usize) -> bool {
        let start = self.name.max(index.saturating_sub(REACH));
        let name = decode::percent(&self.text.as_bytes()[start..index]);
        matches!(name.last(), Some(b'"' | b'\'')) || rule::has_strong_stem(&Name::new(&name))
    }

    #[inline]
    fn judge(&mut self, out: &mut impl Target, index: usize, next: usize, level: u32) -> usize {
        let bytes = self.text.as_bytes();
        let begin = self.name;
        let verdict = self.policy.judge_url_name(&bytes[begin..index]);
        self.name = next;
        if verdict == Verdict::Keep {
            return next;
        }
        let end = self.value_end(next, level);
        if verdict == Verdict::MaskUnlessNumber && is_count(&bytes[next..end]) {
            return end;
        }
        if level == 0 && self.removes() {
            return self.remove(out, begin, end);
        }
        self.mask(out, next, end, Rule::Name);
        end
    }

    fn removes(&self) -> bool {
        self.place == Place::Query
            && self.policy.forms().is_some_and(|forms| matches!(forms.of(Rule::Name), Form::Remove))
    }

    /// Takes the pair out with the separator before it, or behind it if it is the first.
    #[cold]
    fn remove(&mut self, out: &mut impl Target, begin: usize, end: usize) -> usize {
        let bytes = self.text.as_bytes();
        let is_first = begin == self.copied && self.is_empty;
        self.copy(out, if is_first { begin } else { begin.max(self.copied + 1) - 1 }, false);
        let end = if is_first && bytes.get(end) == Some(&b'&') { end + 1 } else { end };
        (self.copied, self.name) = (end, end);
        self.count += 1;
        end
    }

    /// Where the value that begins at `from` ends: at a separator escaped no more often than its own `=`.
    fn value_end(&self, from: usize, level: u32) -> usize {
        let bytes = self.text.as_bytes();
        if level == 0 {
            return bytes[from..].iter().position(|&byte| self.ends_value(byte)).map_or(bytes.len(), |end| from + end);
        }
        let mut index = from;
        while index < bytes.len() {
            let (byte, width, depth) = decode::percent_at(bytes, index);
            if depth <= level && self.ends_value(byte) {
                return index;
            }
            index += width;
        }
        bytes.len()
    }

    fn ends_value(&self, byte: u8) -> bool {
        match self.place {
            Place::Query => matches!(byte, b'&' | b'#'),
            Place::Path => matches!(byte, b'/' | b';' | b'&' | b'#'),
        }
    }

    fn follow_authority(&mut self, byte: u8, index: usize, next: usize) {
        let read = if self.slashes.1 == index { self.slashes.0 } else { 0 };
        let read = match (byte, read) {
            (b':', _) => 1,
            (b'/', 1 | 2) => read + 1,
            _ => 0,
        };
        self.slashes = (read, next);
        if read == 3 {
            self.authority = Some(next);
            return;
        }
        if matches!(byte, b'/' | b'?' | b'#' | b'&') {
            self.authority = None;
        }
    }

    /// Masks from the authority's start, or from what is already in the output if that is further.
    fn mask_userinfo(&mut self, out: &mut impl Target, end: usize) {
        if let Some(start) = self.authority.filter(|&start| start >= self.copied && start < end) {
            self.mask(out, start, end, Rule::Userinfo);
            self.authority = Some(end);
        }
    }

    #[inline]
    fn mask(&mut self, out: &mut impl Target, start: usize, end: usize, rule: Rule) {
        self.copy(out, start, false);
        out.mask(self.policy, rule, self.text.get(start..end).unwrap_or_default());
        self.copied = end;
        self.name = end;
        self.count += 1;
    }

    /// Copies what is judged and kept, through the value patterns.
    #[inline]
    fn copy(&mut self, out: &mut impl Target, end: usize, open: bool) {
        // Both ends lie next to ASCII bytes, so the slice is on character boundaries.
        let kept = self.text.get(self.copied..end).unwrap_or(crate::REDACTED);
        self.count += match self.place {
            Place::Query => pattern::push_hinted(out, self.policy, kept, self.hints, open),
            Place::Path => segment::push(out, self.policy, kept, self.hints, open),
        };
        self.hints = 0;
        self.is_empty &= kept.is_empty();
        self.copied = end;
    }
}

/// A number that counts something: digits, and not as many as a secret has.
pub(crate) fn is_count(value: &[u8]) -> bool {
    !value.is_empty() && value.len() <= 10 && value.iter().all(u8::is_ascii_digit)
}
