//! An authority's two parts.

use std::net::Ipv6Addr;

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; the address of an IPv6 host is without its brackets.
///
/// Whatever else a client sends is an address as a whole: it is shown and not judged, and a port is a number or absent.
pub(super) fn split(authority: &str) -> (&str, Option<u16>) {
    if let Some((address, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // A masked text is in brackets too, and is no address.
        let is_address = address.parse::<Ipv6Addr>().is_ok() && (rest.is_empty() || rest.starts_with(':'));
        return if is_address { (address, port(rest.strip_prefix(':'))) } else { (authority, None) };
    }
    match authority.split_once(':') {
        Some((address, digits)) if !digits.contains(':') => (address, port(Some(digits))),
        _ => (authority, None),
    }
}

fn port(digits: Option<&str>) -> Option<u16> {
    // `parse` would take a sign.
    digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_has_an_address_and_perhaps_a_port() {
        let check = |authority, address, port| assert_eq!(split(authority), (address, port), "{authority}");
        check("example.com", "example.com", None);
        check("example.com:8080", "example.com", Some(8080));
        check("10.1.2.80:443", "10.1.2.80", Some(443));
        check("[2001:db8::1]", "2001:db8::1", None);
        check("[2001:db8::1]:8443", "2001:db8::1", Some(8443));
        check("::1", "::1", None);
        check("example.com:", "example.com", None);
        check("example.com:+80", "example.com", None);
        check("example.com:65536", "example.com", None);
        check("[::1]x", "[::1]x", None);
        check("[REDACTED]", "[REDACTED]", None);
        check("[", "[", None);
        check("", "", None);
    }
}
