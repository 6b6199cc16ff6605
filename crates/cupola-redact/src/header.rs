//! Headers: an allow list by name, because every company invents secret headers of its own.

use crate::name::Name;
use crate::policy::{PolicyError, Problem};
use crate::{KeyPolicy, Masked, REDACTED, pattern, rule};

/// How a header is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// As it is, apart from value patterns.
    Plain,
    /// Through the URL redactor.
    Url,
    /// A list of `<url>; parameters`.
    Link,
    /// Names without values.
    Cookie,
    SetCookie,
    /// The scheme without the credentials.
    Credentials,
    Hidden,
}

/// Names of headers that are shown by default, in order; the families below come on top.
#[rustfmt::skip]
const PLAIN: &[&str] = &[
    "accept", "accept-charset", "accept-encoding", "accept-language", "accept-patch", "accept-ranges", "age", "allow",
    "alt-svc", "cache-control", "connection", "content-encoding", "content-language", "content-length", "content-range",
    "content-type", "date", "dnt", "etag", "expect", "expires", "grpc-accept-encoding", "grpc-encoding", "grpc-status",
    "grpc-timeout", "host", "idempotency-key", "if-match", "if-modified-since", "if-none-match", "if-range",
    "if-unmodified-since", "keep-alive", "last-modified", "max-forwards", "pragma", "prefer", "priority",
    "proxy-authenticate", "range", "retry-after", "server", "server-timing", "strict-transport-security", "te",
    "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "upgrade-insecure-requests", "user-agent",
    "vary", "via", "www-authenticate", "x-content-type-options", "x-correlation-id", "x-forwarded-for",
    "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-frame-options", "x-powered-by", "x-real-ip",
    "x-request-id", "x-requested-with",
];

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
    let name = name.trim().to_ascii_lowercase();
    let shown = shown(policy, &name);
    if shown == Shown::Hidden {
        return Masked::from_static(REDACTED);
    }
    let value = String::from_utf8_lossy(value);
    match shown {
        Shown::Url => policy.url(&value),
        Shown::Cookie => policy.cookie(&value),
        Shown::SetCookie => policy.set_cookie(&value),
        Shown::Link => crate::policy::masked(value.len(), |out| push_link(out, policy, &value)),
        Shown::Credentials => credentials(&value),
        Shown::Plain | Shown::Hidden => crate::policy::masked(value.len(), |out| _ = pattern::push(out, &value, false)),
    }
}

/// Checks a name for the allow list and brings it into the form that is compared.
pub(crate) fn allowed(name: &str) -> Result<Box<str>, PolicyError> {
    let name = name.trim().to_ascii_lowercase();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':') {
        return Err(PolicyError::new(&name, Problem::NotAHeader));
    }
    let is_secret = by_kind(&name).is_some_and(|shown| !matches!(shown, Shown::Url | Shown::Link));
    if is_secret || rule::has_strong_stem(&Name::new(name.as_bytes())) {
        return Err(PolicyError::new(&name, Problem::Strong));
    }
    Ok(name.into())
}

fn shown(policy: &KeyPolicy, name: &str) -> Shown {
    by_kind(name).unwrap_or_else(|| {
        let plain = PLAIN.binary_search(&name).is_ok()
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
        "content-location" | "location" | "origin" | "referer" | "x-forwarded-uri" | "x-original-uri"
        | "x-original-url" | "x-rewrite-url" => Shown::Url,
        _ => return None,
    })
}

fn credentials(value: &str) -> Masked {
    let value = value.trim_start();
    let scheme = value.split([' ', '\t']).next().unwrap_or_default();
    let is_known = scheme.len() < value.len() && SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme));
    if is_known { Masked::vouch(format!("{scheme} {REDACTED}")) } else { Masked::from_static(REDACTED) }
}

/// Each target stands between `<` and `>`; one without its `>` reaches to the end.
fn push_link(out: &mut String, policy: &KeyPolicy, value: &str) {
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('<') {
        _ = pattern::push(out, before, false);
        out.push('<');
        let (target, tail) = after.split_at(after.find('>').unwrap_or(after.len()));
        out.push_str(policy.url(target).as_str());
        rest = tail;
    }
    _ = pattern::push(out, rest, false);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_for_binary_search() {
        assert!(PLAIN.is_sorted());
    }
}
