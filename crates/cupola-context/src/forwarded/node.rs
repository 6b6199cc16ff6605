//! A node: how a proxy names an address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address of `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:4711`; none of
/// `unknown`, of a hidden one such as `_gazonk`, or of anything else.
pub(super) fn address(node: &[u8]) -> Option<IpAddr> {
    let node = std::str::from_utf8(node).ok()?;
    let address = match node.strip_prefix('[') {
        Some(rest) => {
            let (inner, port) = rest.split_once(']')?;
            let port_is_good = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
            inner.parse::<Ipv6Addr>().ok().filter(|_| port_is_good).map(IpAddr::V6)
        }
        None => node.parse().ok().or_else(|| with_port(node)),
    };
    address.map(|ip| ip.to_canonical())
}

fn with_port(node: &str) -> Option<IpAddr> {
    let (address, port) = node.split_once(':')?;
    address.parse::<Ipv4Addr>().ok().filter(|_| is_port(port)).map(IpAddr::V4)
}

/// Digits, or a hidden one: RFC 7239 lets a proxy hide either part.
fn is_port(port: &str) -> bool {
    let digits = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    digits || port.strip_prefix('_').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_an_address_or_none() {
        let check = |node: &str, ip: Option<&str>| {
            assert_eq!(address(node.as_bytes()), ip.map(|ip| ip.parse().unwrap()), "{node}");
        };
        check("192.0.2.7", Some("192.0.2.7"));
        check("192.0.2.7:4711", Some("192.0.2.7"));
        check("192.0.2.7:_port", Some("192.0.2.7"));
        check("2001:db8::1", Some("2001:db8::1"));
        check("[2001:db8::1]", Some("2001:db8::1"));
        check("[2001:db8::1]:4711", Some("2001:db8::1"));
        check("::ffff:192.0.2.7", Some("192.0.2.7"));
        check("[::ffff:192.0.2.7]:80", Some("192.0.2.7"));
        let none = [
            "",
            "unknown",
            "_gazonk",
            "example.com",
            "192.0.2.7:",
            "192.0.2.7:123456",
            "192.0.2.7:x",
            "192.0.2.7:_",
            "192.0.2",
            "192.0.2.007",
            "256.0.0.1",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]4711",
            "[192.0.2.7]",
            "[2001:db8::1]:",
            "fe80::1%eth0",
            "[fe80::1%25eth0]",
            "1.2.3.4 5.6.7.8",
            "1.2.3.4\"",
        ];
        none.iter().for_each(|node| check(node, None));
        assert_eq!(address(b"\xff"), None);
    }
}
