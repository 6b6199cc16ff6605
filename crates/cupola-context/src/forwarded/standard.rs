//! `Forwarded` (RFC 7239): a list of elements, each with its pairs.

use std::borrow::Cow;

use arrayvec::ArrayVec;
use http::{HeaderMap, header};

use super::{Client, Step, Way, node, scheme};
use crate::trust::Peers;

/// One more than can be believed, so that it is seen whether there are more.
const KEPT: usize = Peers::MAX_HOPS as usize + 1;

type Steps<'h> = ArrayVec<Step<'h>, KEPT>;

pub(super) fn client<'h>(headers: &'h HeaderMap, way: &Way<'_>) -> Client<'h> {
    // Line by line, since what a stranger has left open in an earlier one says nothing of what a proxy has added.
    let lines = headers.get_all(header::FORWARDED).into_iter().rev();
    let steps = lines.flat_map(|line| {
        // A malformed line is a step that names nobody, and the way ends there.
        let steps = steps(line.as_bytes()).unwrap_or_else(|| Steps::from_iter([Step::default()]));
        steps.into_iter().rev()
    });
    way.follow(steps).0
}

/// The last elements of one line; `None` where any of it is malformed, since then no place in it is sure.
fn steps(mut line: &[u8]) -> Option<Steps<'_>> {
    let mut steps = Steps::new();
    loop {
        line = trim_start(line);
        if !line.is_empty() && line[0] != b',' {
            if steps.is_full() {
                steps.remove(0);
            }
            let (step, rest) = element(line)?;
            steps.push(step);
            line = rest;
        }
        match line.split_first() {
            None => return Some(steps),
            Some((b',', rest)) => line = rest,
            Some(_) => return None,
        }
    }
}

/// Pairs, separated by `;`, up to a comma or the end.
fn element(mut rest: &[u8]) -> Option<(Step<'_>, &[u8])> {
    let (mut step, mut seen) = (Step::default(), ArrayVec::<&[u8], 8>::new());
    loop {
        let (name, tail) = token(rest)?;
        let (value, tail) = value(tail.strip_prefix(b"=")?)?;
        // No name stands twice in an element; there are four, and room for some that are not known.
        if seen.iter().any(|known| known.eq_ignore_ascii_case(name)) || seen.try_push(name).is_err() {
            return None;
        }
        take(&mut step, name, value);
        rest = trim_start(tail);
        match rest.split_first() {
            Some((b';', tail)) => rest = trim_start(tail),
            _ => return Some((step, rest)),
        }
    }
}

fn take<'h>(step: &mut Step<'h>, name: &[u8], value: Cow<'h, [u8]>) {
    if name.eq_ignore_ascii_case(b"for") {
        step.ip = node::address(&value);
    } else if name.eq_ignore_ascii_case(b"proto") {
        step.scheme = scheme(&value);
    } else if name.eq_ignore_ascii_case(b"host") {
        step.host = Some(value).filter(|host| !host.is_empty());
    }
}

fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    split(text, |byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A quoted string or a token. Brackets and colons should be quoted, and often are not: an address needs them, and no
/// pair ends at one.
fn value(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    if let Some(text) = text.strip_prefix(b"\"") {
        return quoted(text);
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~[]:".contains(&byte);
    split(text, plain).map(|(value, rest)| (Cow::Borrowed(value), rest))
}

/// What stands before the closing quote; a backslash takes the next byte as it is.
fn quoted(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let end = text.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    if text[end] == b'"' {
        return Some((Cow::Borrowed(&text[..end]), &text[end + 1..]));
    }
    let (mut value, mut rest) = (text[..end].to_vec(), &text[end..]);
    loop {
        match rest {
            [b'"', tail @ ..] => return Some((Cow::Owned(value), tail)),
            [b'\\', byte, tail @ ..] | [byte, tail @ ..] => {
                value.push(*byte);
                rest = tail;
            }
            [] => return None,
        }
    }
}

fn split(text: &[u8], belongs: impl Fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|byte| !belongs(*byte)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}
