//! Free text: a denied name, a separator, and a value behind it, in the notations that people and programs use.

mod label;
mod scanner;

pub(crate) use scanner::Scanner;

use crate::body::Capture;
use crate::{KeyPolicy, Masked};

/// Masks a whole text, by name and by value patterns.
pub(crate) fn mask(policy: &KeyPolicy, text: &str) -> Masked {
    let mut out = Capture::new(policy.clone(), usize::MAX);
    scan(&mut out, text.as_bytes());
    out.into_text(false).0
}

/// Whether a text has a value behind a denied name.
pub(crate) fn reveals(policy: &KeyPolicy, text: &[u8]) -> bool {
    let mut out = Capture::new(policy.clone(), usize::MAX);
    scan(&mut out, text);
    out.redactions() > 0
}

fn scan(out: &mut Capture, text: &[u8]) {
    let mut scanner = Scanner::new(0);
    scanner.feed(out, text);
    scanner.finish(out);
}

/// Cuts what was appended to `out` since `start` to `cap` bytes, on a character boundary; says whether it did.
#[inline]
pub(crate) fn cut(out: &mut String, start: usize, cap: usize) -> bool {
    if out.len() - start <= cap {
        return false;
    }
    let mut end = start + cap;
    while !out.is_char_boundary(end) {
        end -= 1;
    }
    out.truncate(end);
    true
}
