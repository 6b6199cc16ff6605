//! Tokens with a prefix of their own: JWTs, keys in PEM form, the vendors' tokens, `Bearer` and `Basic`.

use super::{Found, Rest};
use crate::tally::Rule;

/// A vendor's prefix, and how many token bytes have to follow before it is believed.
struct Vendor {
    prefix: &'static [u8],
    /// How many bytes of the prefix stand up to and including its trigger byte.
    trigger: usize,
    least: usize,
    alphabet: fn(u8) -> bool,
}

const fn vendor(prefix: &'static str, trigger: usize, least: usize, alphabet: fn(u8) -> bool) -> Vendor {
    Vendor { prefix: prefix.as_bytes(), trigger, least, alphabet }
}

/// AWS, GitHub, GitLab, Slack, Stripe, OpenAI, Anthropic, Google, npm and SendGrid.
#[rustfmt::skip]
const VENDORS: &[Vendor] = &[
    vendor("AKIA", 3, 16, is_upper), vendor("ASIA", 3, 16, is_upper), vendor("ABIA", 3, 16, is_upper),
    vendor("ACCA", 2, 16, is_upper), vendor("AIza", 2, 20, is_url_safe),
    vendor("ghp_", 4, 10, is_word), vendor("gho_", 4, 10, is_word), vendor("ghu_", 4, 10, is_word),
    vendor("ghs_", 4, 10, is_word), vendor("ghr_", 4, 10, is_word), vendor("github_pat_", 11, 10, is_word),
    vendor("glpat-", 6, 10, is_url_safe), vendor("npm_", 4, 20, is_alphanumeric),
    vendor("xoxb-", 5, 8, is_url_safe), vendor("xoxp-", 5, 8, is_url_safe), vendor("xoxa-", 5, 8, is_url_safe),
    vendor("xoxr-", 5, 8, is_url_safe), vendor("xoxs-", 5, 8, is_url_safe), vendor("xoxe-", 5, 8, is_url_safe),
    vendor("xapp-", 5, 8, is_url_safe),
    vendor("sk_live_", 8, 8, is_word), vendor("rk_live_", 8, 8, is_word), vendor("sk_test_", 8, 8, is_word),
    vendor("rk_test_", 8, 8, is_word), vendor("whsec_", 6, 16, is_token),
    vendor("sk-proj-", 8, 8, is_url_safe), vendor("sk-ant-", 7, 8, is_url_safe), vendor("sk-", 3, 32, is_url_safe),
    vendor("SG.", 2, 16, is_token),
];

/// All prefixes, and where the trigger stands in each, counted from one.
#[cfg(test)]
pub(super) fn prefixes() -> impl Iterator<Item = (&'static [u8], usize)> {
    VENDORS.iter().map(|vendor| (vendor.prefix, vendor.trigger))
}

/// A secret whose prefix has its trigger byte at `at`.
pub(super) fn at(bytes: &[u8], at: usize, open: bool) -> Option<Found> {
    match bytes[at] {
        b'-' if bytes[..at].ends_with(b"----") && bytes[at..].starts_with(b"-BEGIN ") => pem(bytes, at - 4),
        _ => VENDORS.iter().find_map(|vendor| vendor.span(bytes, at, open)),
    }
}

impl Vendor {
    #[inline]
    fn span(&self, bytes: &[u8], at: usize, open: bool) -> Option<Found> {
        let start = (at + 1).checked_sub(self.trigger)?;
        // Most are told apart by the trigger and the byte before it.
        if bytes[at] != self.prefix[self.trigger - 1] || bytes[at - 1] != self.prefix[self.trigger - 2] {
            return None;
        }
        if !bytes[start..].starts_with(self.prefix) || is_inside_word(bytes, start) {
            return None;
        }
        let end = run(bytes, start + self.prefix.len(), self.alphabet);
        let is_long = end - start - self.prefix.len() >= self.least;
        (is_long || open && end == bytes.len()).then(|| Found::token(start..end, Rule::VendorToken, self.alphabet))
    }
}

/// `disk-...` is no `sk-...`; but an escape such as `\n` or `%20` may stand before a token.
fn is_inside_word(bytes: &[u8], start: usize) -> bool {
    let Some(before) = start.checked_sub(1) else { return false };
    let is_escape = start >= 2 && bytes[start - 2] == b'\\' || start >= 3 && bytes[start - 3] == b'%';
    bytes[before].is_ascii_alphanumeric() && !is_escape
}

/// The beginning of a prefix that a cut has left at the end of the text: four bytes of one tell already.
pub(super) fn cut_prefix(bytes: &[u8]) -> Option<Found> {
    const LEAST: usize = 4;
    let is_cut = |prefix: &[u8], length: usize| {
        let start = bytes.len() - length;
        bytes[start..] == prefix[..length] && !is_inside_word(bytes, start)
    };
    let begins =
        |prefix: &[u8]| (LEAST..prefix.len().min(bytes.len() + 1)).rev().find(|&length| is_cut(prefix, length));
    let vendors = VENDORS.iter().map(|vendor| (vendor.prefix, Rule::VendorToken));
    let all = vendors.chain([(&b"-----BEGIN "[..], Rule::PrivateKey)]);
    all.filter_map(|(prefix, rule)| Some((begins(prefix)?, rule)))
        .max_by_key(|(length, _)| *length)
        .map(|(length, rule)| Found::new(bytes.len() - length..bytes.len(), rule))
}

/// The secret of a Telegram bot behind its number, which ends in the `:` at `at`: `110201543:AAH...`.
pub(super) fn telegram(bytes: &[u8], at: usize, open: bool) -> Option<Found> {
    let digits = bytes[..at].iter().rev().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    let end = run(bytes, at + 1, is_url_safe);
    let is_long = (30..=40).contains(&(end - at - 1)) || open && end == bytes.len() && end > at + 1;
    let is_token = (8..=10).contains(&digits) && is_long && bytes[at + 1..].starts_with(b"AA");
    is_token.then(|| Found::token(at + 1..end, Rule::VendorToken, is_url_safe))
}

/// How far the runs of token bytes reach that were looked at last: `eyJeyJeyJ...` is looked at once, not each time.
#[derive(Default)]
pub(super) struct Runs {
    /// The end of one segment.
    segment: usize,
    /// The end of all segments.
    token: usize,
}

impl Runs {
    /// `eyJ` is the base64 form of `{"`: two such segments, or one that opens like a JOSE header, make a token.
    pub(super) fn jwt(&mut self, bytes: &[u8], start: usize, open: bool) -> Option<Found> {
        const HEADERS: [&[u8]; 6] = [b"eyJhbGci", b"eyJ0eXAi", b"eyJraWQi", b"eyJlbmMi", b"eyJjdHki", b"eyJ4NXQi"];
        let text = &bytes[start..];
        if !text.starts_with(b"eyJ") {
            return None;
        }
        if start >= self.segment {
            self.segment = run(bytes, start, is_url_safe);
        }
        let next = &bytes[self.segment..];
        let is_jose = HEADERS.iter().any(|header| text.starts_with(header));
        let is_pair = next.starts_with(b".eyJ") && self.segment - start <= LONGEST_HEADER;
        let is_jwt = is_jose && (next.starts_with(b".") || self.segment - start > LONGEST_HEADER) || is_pair;
        if (open || is_jwt) && start >= self.token {
            self.token = run(bytes, start, is_jwt_byte);
        }
        let is_token = is_jwt || open && self.token == bytes.len();
        is_token.then(|| Found::token(start..self.token, Rule::Jwt, is_jwt_byte))
    }
}

/// A longer first segment is some other base64.
const LONGEST_HEADER: usize = 2048;

fn is_jwt_byte(byte: u8) -> bool {
    is_token(byte) || byte == b'='
}

/// A private key reaches to the end of its END line, of its string or of the text, whichever comes first.
fn pem(bytes: &[u8], start: usize) -> Option<Found> {
    let from = start + b"-----BEGIN ".len();
    let near = &bytes[..bytes.len().min(from + LONGEST_LABEL)];
    let label = run(near, from, |byte| byte != b'-' && byte != b'"' && byte != b'\n');
    let is_cut = label == bytes.len();
    if !is_cut && !bytes[start..label].ends_with(b"PRIVATE KEY") && !bytes[start..label].ends_with(b"KEY BLOCK") {
        return None;
    }
    let (end, is_over) = key_end(bytes, label);
    // What was not seen to its end may go on.
    let end = if is_over { end } else { bytes.len() };
    Some(Found { span: start..end, rule: Rule::PrivateKey, rest: (!is_over).then_some(Rest::Key) })
}

const LONGEST_LABEL: usize = 64;

/// Where the rest of a key ends, looked for from `from`, and whether it does.
pub(super) fn key_end(bytes: &[u8], from: usize) -> (usize, bool) {
    let mut index = from;
    while index < bytes.len() {
        match bytes[index] {
            b'"' => return (index, true),
            b'\\' => index += 1,
            b'-' if bytes[index..].starts_with(b"-----END ") => {
                let label = run(bytes, index + b"-----END ".len(), |byte| byte.is_ascii_alphanumeric() || byte == b' ');
                let end = run(bytes, label, |byte| byte == b'-').min(label + 5);
                if end == label + 5 {
                    return (end, true);
                }
                // The label is cut, or it is none.
                if end == bytes.len() {
                    return (index, false);
                }
            }
            b'-' if b"-----END ".starts_with(&bytes[index..]) => return (index, false),
            _ => {}
        }
        index += 1;
    }
    (index.min(bytes.len()), false)
}

/// The credentials behind `Bearer` or `Basic`; `at` is the blank behind the word, which may be escaped.
pub(super) fn after_scheme(bytes: &[u8], at: usize, open: bool) -> Option<Found> {
    let before = &bytes[..at];
    let is_scheme = match before.last()? {
        b'r' => before.ends_with(b"Bearer") || before.ends_with(b"bearer"),
        b'c' => before.ends_with(b"Basic") || before.ends_with(b"basic"),
        b'R' => before.ends_with(b"BEARER"),
        b'C' => before.ends_with(b"BASIC"),
        _ => false,
    };
    if !is_scheme {
        return None;
    }
    let start = skip_blanks(bytes, at);
    let end = run(bytes, start, is_credential_byte);
    let is_credential = start > at && looks_random(&bytes[start..end]) && !is_parameter(bytes, start, end);
    (is_credential || open && end == bytes.len() && start > at)
        .then(|| Found::token(start..end, Rule::Credentials, is_credential_byte))
}

fn is_credential_byte(byte: u8) -> bool {
    is_token(byte) || matches!(byte, b'~' | b'+' | b'/' | b'=' | b':' | b'%')
}

/// Across a few blanks; nobody writes more between a scheme and its credentials.
fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    let limit = at + 64;
    loop {
        match &bytes[at..] {
            _ if at >= limit => return at,
            [b' ' | b'\t' | b'+', ..] => at += 1,
            [b'%', b'2', b'0', ..] | [b'%', b'0', b'9', ..] => at += 3,
            _ => return at,
        }
    }
}

/// "Basic authentication" is prose; a credential has digits, capitals, symbols, or is very long.
fn looks_random(token: &[u8]) -> bool {
    let is_telling = |byte: &u8| !byte.is_ascii_lowercase();
    token.len() >= 20 || token.len() >= 6 && token[1..].iter().any(is_telling) && token.iter().any(|b| *b != b'.')
}

/// `realm="x"` behind `Basic` belongs to a challenge, which holds no secret; names of parameters are short.
fn is_parameter(bytes: &[u8], start: usize, end: usize) -> bool {
    end - start <= 32 && bytes[..end].last() == Some(&b'=') && matches!(bytes[end..], [b'"', ..] | [b'\\', b'"', ..])
}

/// Where the run of bytes that `accept` takes ends.
#[inline]
pub(super) fn run(bytes: &[u8], from: usize, accept: impl Fn(u8) -> bool) -> usize {
    let from = from.min(bytes.len());
    bytes[from..].iter().position(|&byte| !accept(byte)).map_or(bytes.len(), |length| from + length)
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_url_safe(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

fn is_token(byte: u8) -> bool {
    is_url_safe(byte) || byte == b'.'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_has_its_trigger_where_it_says() {
        for vendor in VENDORS {
            let (before, trigger) = (vendor.prefix[vendor.trigger - 2], vendor.prefix[vendor.trigger - 1]);
            let bits = super::super::BEFORE[usize::from(before)] & super::super::TRIGGER[usize::from(trigger)];
            assert_ne!(bits, 0, "{}", String::from_utf8_lossy(vendor.prefix));
        }
    }
}
