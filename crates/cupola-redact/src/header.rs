//! Headers: an allow list by name, because every company invents secret headers of its own.

mod plain;

use std::borrow::Cow;

use crate::name::Name;
use crate::policy::{PolicyError, Problem};
use crate::tally::Rule;
use crate::target::Target;
use crate::{KeyPolicy, Masked, cookie, pattern, policy, rule, url};

/// How a header is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// As it is, apart from value patterns.
    Plain,
    /// Through the URL redactor.
    Url,
    /// A host, perhaps with userinfo before it.
    Authority,
    /// A list of `<url>; parameters`.
    Link,
    /// Parameters, of which one is a URL.
    Pairs,
    /// Names without values.
    Cookie,
    SetCookie,
    /// The scheme without the credentials.
    Credentials,
    Hidden,
}

const FAMILIES: [&str; 6] =
    ["access-control-", "ratelimit", "sec-ch-", "sec-fetch-", "x-ratelimit-", "anthropic-ratelimit-"];

/// Schemes of `Authorization` that name themselves before a blank; anything else is hidden whole.
const SCHEMES: [&str; 12] = [
    "basic",
    "bearer",
    "digest",
    "dpop",
    "hawk",
    "hoba",
    "mutual",
    "negotiate",
    "ntlm",
    "scram-sha-256",
    "vapid",
    "aws4-hmac-sha256",
];

pub(crate) fn mask(policy: &KeyPolicy, name: &str, value: &[u8]) -> Masked {
    policy::masked(value.len(), |out| push(out, policy, name, value, false))
}

/// Appends a header's value, which may be cut at its end.
pub(crate) fn push(out: &mut impl Target, policy: &KeyPolicy, name: &str, value: &[u8], open: bool) {
    let name = lower(name);
    let value = std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed);
    match shown(policy, &name) {
        Shown::Hidden => out.mask(policy, Rule::Header, &value),
        Shown::Url => _ = url::push_url(out, policy, &value, open),
        Shown::Cookie => cookie::push_cookie(out, policy, &value),
        Shown::SetCookie => cookie::push_set_cookie(out, policy, &value),
        Shown::Authority => push_authority(out, policy, &value, open),
        Shown::Link => push_link(out, policy, &value, open),
        Shown::Pairs => _ = url::push_cut_query(out, policy, &value, open),
        Shown::Credentials => push_credentials(out, policy, &value),
        Shown::Plain => _ = pattern::push(out, policy, &value, open),
    }
}

/// As HTTP libraries keep it, which is how it comes as a rule.
fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| !byte.is_ascii_uppercase() && byte > b' ') {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.trim().to_ascii_lowercase())
}

/// An authority without its userinfo.
fn push_authority(out: &mut impl Target, policy: &KeyPolicy, value: &str, open: bool) {
    // Of one that was cut nobody can tell whether an `@` would follow.
    let user = value.rfind('@').unwrap_or(if open { value.len() } else { 0 });
    if user > 0 {
        out.mask(policy, Rule::Userinfo, &value[..user]);
    }
    _ = pattern::push(out, policy, &value[user..], open);
}

/// Checks a name for the allow list and brings it into the form that is compared.
pub(crate) fn allowed(name: &str) -> Result<Box<str>, PolicyError> {
    let name = name.trim().to_ascii_lowercase();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Err(PolicyError::new(&name, Problem::NotAHeader));
    }
    let is_secret = by_kind(&name)
        .is_some_and(|shown| !matches!(shown, Shown::Url | Shown::Link | Shown::Pairs | Shown::Authority));
    if is_secret || rule::has_strong_stem(&Name::new(name.as_bytes())) {
        return Err(PolicyError::new(&name, Problem::Strong));
    }
    Ok(name.into())
}

fn shown(policy: &KeyPolicy, name: &str) -> Shown {
    if policy.denies_own(name) {
        return Shown::Hidden;
    }
    // Most are, and this is the quickest to ask.
    if plain::is_plain(name) {
        return Shown::Plain;
    }
    by_kind(name).unwrap_or_else(|| {
        let plain = name.starts_with(':')
            || FAMILIES.iter().any(|family| name.starts_with(family))
            || policy.allows_header(name);
        if plain { Shown::Plain } else { Shown::Hidden }
    })
}

fn by_kind(name: &str) -> Option<Shown> {
    Some(match name {
        "authorization" | "proxy-authorization" => Shown::Credentials,
        "cookie" => Shown::Cookie,
        "set-cookie" => Shown::SetCookie,
        "link" => Shown::Link,
        "refresh" => Shown::Pairs,
        ":path" => Shown::Url,
        "host" | ":authority" | "x-forwarded-host" => Shown::Authority,
        "content-location" | "location" | "origin" | "referer" | "x-forwarded-uri" | "x-original-uri"
        | "x-original-url" | "x-rewrite-url" => Shown::Url,
        _ => return None,
    })
}

/// The scheme that stands before a blank, if it is a known one.
pub(crate) fn scheme(value: &str) -> Option<&str> {
    let value = value.trim_start();
    let scheme = value.split([' ', '\t']).next().unwrap_or_default();
    let is_known = scheme.len() < value.len() && SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    is_known.then_some(scheme)
}

fn push_credentials(out: &mut impl Target, policy: &KeyPolicy, value: &str) {
    let Some(scheme) = scheme(value) else { return out.mask(policy, Rule::Header, value) };
    out.pass(scheme);
    out.pass(" ");
    let secret = value.trim_start()[scheme.len()..].trim_start();
    out.mask(policy, Rule::Header, secret);
}

/// Each target stands between `<` and `>`; one without its `>` reaches to the end.
fn push_link(out: &mut impl Target, policy: &KeyPolicy, value: &str, open: bool) {
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('<') {
        _ = pattern::push(out, policy, before, false);
        out.pass("<");
        let (target, tail) = after.split_at(after.find('>').unwrap_or(after.len()));
        _ = url::push_url(out, policy, target, open && tail.is_empty());
        rest = tail;
    }
    _ = pattern::push(out, policy, rest, open);
}
