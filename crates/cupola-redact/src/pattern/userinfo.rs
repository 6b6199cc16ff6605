//! User and password in the authority of a URL, and webhooks whose path is the secret.

use std::ops::Range;

use memchr::memchr;

use super::Found;
use crate::tally::Rule;

/// Hosts whose path lets anybody post.
const WEBHOOKS: [&[u8]; 3] =
    [b"hooks.slack.com/services/", b"discord.com/api/webhooks/", b"discordapp.com/api/webhooks/"];

/// The secret of a URL whose scheme ends in the `:` at `at`.
#[inline]
pub(super) fn at(bytes: &[u8], at: usize, open: bool) -> Option<Found> {
    let start = match &bytes[at + 1..] {
        [b'/', b'/', ..] => at + 3,
        // Some encoders of JSON escape the slash.
        [b'\\', b'/', b'\\', b'/', ..] => at + 5,
        _ => return None,
    };
    let user = authority(bytes, start, open).map(|span| Found::new(span, Rule::Userinfo));
    user.or_else(|| webhook(bytes, start).map(|span| Found::token(span, Rule::Webhook, is_webhook_byte)))
}

/// The userinfo of the authority that begins at `start`, without its `@`.
///
/// It reaches to the *last* `@` before the path. Where what stands before the path cannot be a host, somebody has
/// written a password with a slash in it, and it reaches to the last `@` of the word.
pub(crate) fn authority(bytes: &[u8], start: usize, open: bool) -> Option<Range<usize>> {
    let rest = &bytes[start..bytes.len().min(start + LONGEST)];
    // Without an `@` there is none, as long as the end of the authority can be seen.
    if !open && rest.len() < LONGEST && memchr(b'@', rest).is_none() {
        return None;
    }
    let ends = |byte: &u8| ends_url(*byte) || matches!(byte, b'/' | b'?' | b'#' | b'\\');
    let end = rest.iter().position(ends).unwrap_or(rest.len());
    let reach = if names_host(&rest[..end]) { end } else { word_end(rest).max(end) };
    let last = rest[..reach].iter().rposition(|&byte| byte == b'@');
    // An authority that goes on and on is none of a host.
    let cut = end > 0 && (open && start + reach == bytes.len() || end == LONGEST);
    last.or(cut.then_some(reach.max(end))).filter(|&length| length > 0).map(|length| start..start + length)
}

/// No authority is longer.
const LONGEST: usize = 2048;

/// Where the word ends, as far as it is looked for: each `://` of a long word would look again.
fn word_end(rest: &[u8]) -> usize {
    const REACH: usize = 256;
    let near = &rest[..rest.len().min(REACH)];
    near.iter().position(|&byte| ends_url(byte)).unwrap_or(near.len())
}

#[inline]
fn ends_url(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | b'`' | 0x7F)
}

/// Whether the authority ends in what may be a host: behind an `@` a name with a dot, anywhere a port of digits.
fn names_host(authority: &[u8]) -> bool {
    let user = authority.iter().rposition(|&byte| byte == b'@');
    let host = &authority[user.map_or(0, |at| at + 1)..];
    // An address in brackets has colons of its own.
    if host.first() == Some(&b'[') {
        return true;
    }
    let name = host.iter().position(|&byte| byte == b':').unwrap_or(host.len());
    let has_port_or_none = host[name..].iter().skip(1).all(u8::is_ascii_digit);
    has_port_or_none && (user.is_none() || host[..name].contains(&b'.'))
}

fn webhook(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let host = WEBHOOKS.iter().find(|host| bytes[start..].starts_with(host))?;
    let from = start + host.len();
    let rest = &bytes[from..];
    let length = rest.iter().position(|&byte| !is_webhook_byte(byte)).unwrap_or(rest.len());
    (length > 0).then_some(from..from + length)
}

/// A backslash begins an escape that belongs to the text around the URL.
fn is_webhook_byte(byte: u8) -> bool {
    !ends_url(byte) && !matches!(byte, b'?' | b'#' | b'\\')
}
