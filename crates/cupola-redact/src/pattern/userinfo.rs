//! User and password in the authority of a URL, and webhooks whose path is the secret.

use std::ops::Range;

/// Hosts whose path lets anybody post.
const WEBHOOKS: [&[u8]; 3] =
    [b"hooks.slack.com/services/", b"discord.com/api/webhooks/", b"discordapp.com/api/webhooks/"];

/// The secret of a URL whose scheme ends in the `:` at `at`.
#[inline]
pub(super) fn at(bytes: &[u8], at: usize, open: bool) -> Option<Range<usize>> {
    let start = match &bytes[at + 1..] {
        [b'/', b'/', ..] => at + 3,
        // Some encoders of JSON escape the slash.
        [b'\\', b'/', b'\\', b'/', ..] => at + 5,
        _ => return None,
    };
    authority(bytes, start, open).or_else(|| webhook(bytes, start))
}

/// The userinfo of the authority that begins at `start`, without its `@`.
///
/// It reaches to the *last* `@` before the path. Where what follows the first `:` is no port, somebody has
/// written a password with a slash in it, and it reaches to the last `@` of the word.
pub(crate) fn authority(bytes: &[u8], start: usize, open: bool) -> Option<Range<usize>> {
    let rest = &bytes[start..];
    let word = rest.iter().position(|&byte| ends_url(byte)).map_or(rest, |end| &rest[..end]);
    let end = word.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#' | b'\\')).unwrap_or(word.len());
    let reach = if has_port_or_none(&word[..end]) { end } else { word.len() };
    let last = word[..reach].iter().rposition(|&byte| byte == b'@');
    let cut = open && start + end == bytes.len() && end > 0;
    last.or(cut.then_some(end)).filter(|&length| length > 0).map(|length| start..start + length)
}

#[inline]
fn ends_url(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, b'"' | b'<' | b'>' | b'`' | 0x7F)
}

/// Whether the part behind the first `:` can be a port; an address in brackets has colons of its own.
fn has_port_or_none(authority: &[u8]) -> bool {
    if authority.first() == Some(&b'[') {
        return true;
    }
    let mut parts = authority.splitn(2, |&byte| byte == b':');
    parts.nth(1).is_none_or(|port| port.iter().all(u8::is_ascii_digit))
}

fn webhook(bytes: &[u8], start: usize) -> Option<Range<usize>> {
    let host = WEBHOOKS.iter().find(|host| bytes[start..].starts_with(host))?;
    let from = start + host.len();
    let rest = &bytes[from..];
    let length = rest.iter().position(|&byte| ends_url(byte) || matches!(byte, b'?' | b'#')).unwrap_or(rest.len());
    // A backslash begins an escape that belongs to the text around the URL.
    let length = rest[..length].iter().position(|&byte| byte == b'\\').unwrap_or(length);
    (length > 0).then_some(from..from + length)
}
