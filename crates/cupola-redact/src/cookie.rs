//! Cookies: their names tell what was sent, their values open sessions.

use crate::KeyPolicy;
use crate::form::Form;
use crate::tally::Rule;
use crate::target::Target;

/// Masks every value of a `Cookie` header.
pub(crate) fn push_cookie(out: &mut impl Target, policy: &KeyPolicy, value: &str) {
    let mut is_first = true;
    for pair in value.split(';') {
        if removes(policy) && !pair.trim().is_empty() {
            continue;
        }
        if !std::mem::take(&mut is_first) {
            out.pass(";");
        }
        push_pair(out, policy, pair);
    }
}

/// Masks the cookie of a `Set-Cookie` header; its known attributes stay.
pub(crate) fn push_set_cookie(out: &mut impl Target, policy: &KeyPolicy, value: &str) {
    // The first pair is always the cookie, even if it is named like an attribute.
    let (pair, attributes) = value.split_once(';').map_or((value, None), |(pair, rest)| (pair, Some(rest)));
    push_pair(out, policy, pair);
    for attribute in attributes.into_iter().flat_map(|rest| rest.split(';')) {
        out.pass(";");
        if is_known_attribute(attribute) { out.pass(attribute) } else { push_pair(out, policy, attribute) }
    }
}

fn removes(policy: &KeyPolicy) -> bool {
    policy.forms().is_some_and(|forms| matches!(forms.of(Rule::Cookie), Form::Remove))
}

/// Keeps the name and masks the value; a cookie without a name is all value.
fn push_pair(out: &mut impl Target, policy: &KeyPolicy, pair: &str) {
    let value = match pair.split_once('=') {
        Some((name, value)) => {
            out.pass(name);
            out.pass("=");
            value
        }
        None if pair.trim().is_empty() => return out.pass(pair),
        None => {
            let blanks = pair.len() - pair.trim_start().len();
            out.pass(&pair[..blanks]);
            &pair[blanks..]
        }
    };
    // A list over several lines keeps its last line break.
    let end = value.trim_end_matches(['\r', '\n']).len();
    out.mask(policy, Rule::Cookie, &value[..end]);
    out.pass(&value[end..]);
}

/// An attribute that holds no more than its name says.
fn is_known_attribute(attribute: &str) -> bool {
    const KNOWN: [&str; 9] =
        ["expires", "max-age", "domain", "path", "secure", "httponly", "samesite", "partitioned", "priority"];
    let name = attribute.split('=').next().unwrap_or_default().trim();
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(write: impl Fn(&mut String, &KeyPolicy, &str), input: &str, expected: &str) {
        let mut out = String::new();
        write(&mut out, &KeyPolicy::default(), input);
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
