//! Cookies: their names tell what was sent, their values open sessions.

use crate::REDACTED;

/// Masks every value of a `Cookie` header.
pub(crate) fn push_cookie(out: &mut String, value: &str) {
    for (index, pair) in value.split(';').enumerate() {
        if index > 0 {
            out.push(';');
        }
        push_pair(out, pair);
    }
}

/// Masks the cookie of a `Set-Cookie` header; its known attributes stay.
pub(crate) fn push_set_cookie(out: &mut String, value: &str) {
    // The first pair is always the cookie, even if it is named like an attribute.
    let (pair, attributes) = value.split_once(';').map_or((value, None), |(pair, rest)| (pair, Some(rest)));
    push_pair(out, pair);
    for attribute in attributes.into_iter().flat_map(|rest| rest.split(';')) {
        out.push(';');
        if is_known_attribute(attribute) { out.push_str(attribute) } else { push_pair(out, attribute) }
    }
}

/// Keeps the name and masks the value; a cookie without a name is all value.
fn push_pair(out: &mut String, pair: &str) {
    match pair.split_once('=') {
        Some((name, _)) => {
            out.push_str(name);
            out.push('=');
            out.push_str(REDACTED);
        }
        None if pair.trim().is_empty() => out.push_str(pair),
        None => {
            let blanks = pair.len() - pair.trim_start().len();
            out.push_str(&pair[..blanks]);
            out.push_str(REDACTED);
        }
    }
}

fn is_known_attribute(attribute: &str) -> bool {
    const KNOWN: [&str; 9] =
        ["expires", "max-age", "domain", "path", "secure", "httponly", "samesite", "partitioned", "priority"];
    let name = attribute.split('=').next().unwrap_or_default().trim();
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl Fn(&mut String, &str), input: &str, expected: &str) {
        let mut out = String::new();
        write(&mut out, input);
        assert_eq!(out, expected);
    }

    #[test]
    fn cookies_keep_names_only() {
        check(push_cookie, "a=1; b=x=y; Path=/", "a=[REDACTED]; b=[REDACTED]; Path=[REDACTED]");
        check(push_cookie, "lonely; a=1", "[REDACTED]; a=[REDACTED]");
        check(push_cookie, "", "");
    }

    #[test]
    fn set_cookie_keeps_known_attributes() {
        check(
            push_set_cookie,
            "Path=secret; Path=/app; HttpOnly; Max-Age=60; note=x; odd",
            "Path=[REDACTED]; Path=/app; HttpOnly; Max-Age=60; note=[REDACTED]; [REDACTED]",
        );
    }
}
