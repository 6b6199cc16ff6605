//! Whom a request is for, by what headers and under which trust.

use super::*;

const PROXY: &str = "10.0.0.1";

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

/// Client, scheme and host of a request from a proxy, and how much of the way is known.
#[track_caller]
fn check(policy: &str, lines: &[(&'static str, &str)], expected: (&str, Option<&str>, Option<&str>, Told)) {
    let (policy, headers): (TrustPolicy, _) = (policy.parse().unwrap(), headers(lines));
    let peer = Some(PROXY.parse().unwrap());
    let client = Client::of(&headers, &policy, peer, policy.of(peer));
    let host = client.host.as_deref().map(String::from_utf8_lossy);
    let found = (client.ip.unwrap().to_string(), client.scheme, host.as_deref(), client.told);
    assert_eq!((found.0.as_str(), found.1, found.2, found.3), expected, "{policy} {lines:?}");
}

const ONE: &str = "peers:10.0.0.0/8;hops=1";
const TWO: &str = "peers:10.0.0.0/8;hops=2";

#[test]
fn without_a_stated_hop_count_nothing_is_believed() {
    let lines = [("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7;proto=https")];
    for policy in ["never", "private", "always", "peers:10.0.0.0/8"] {
        check(policy, &lines, (PROXY, None, None, Told::Direct));
    }
    check("peers:192.0.2.0/24;hops=1", &lines, (PROXY, None, None, Told::Direct));
}

#[test]
fn the_list_is_counted_from_the_right() {
    let check = |policy, list: &str, ip, told| check(policy, &[("x-forwarded-for", list)], (ip, None, None, told));
    check(ONE, "203.0.113.7", "203.0.113.7", Told::Whole);
    check(ONE, "1.1.1.1, 203.0.113.7", "203.0.113.7", Told::Part);
    check(ONE, "1.1.1.1,,203.0.113.7 , ", "203.0.113.7", Told::Part);
    check(TWO, "203.0.113.7, 10.0.0.2", "203.0.113.7", Told::Whole);
    check(TWO, "1.1.1.1, 203.0.113.7, 10.0.0.2", "203.0.113.7", Told::Part);
    // Somebody has gone around the outer proxy: what stands before its address is its own invention.
    check(TWO, "1.1.1.1, 203.0.113.7", "203.0.113.7", Told::Part);
    check(TWO, "203.0.113.7", "203.0.113.7", Told::Whole);
    check("always;hops=2", "1.1.1.1, 203.0.113.7", "1.1.1.1", Told::Whole);
    check("private;hops=2", "203.0.113.7, 192.168.0.2", "203.0.113.7", Told::Whole);
    check(ONE, "", PROXY, Told::Direct);
}

#[test]
fn several_lines_are_one_list() {
    let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.7"), ("x-forwarded-for", "10.0.0.2")];
    check(TWO, &lines, ("203.0.113.7", None, None, Told::Part));
    let lines = [("forwarded", "for=1.1.1.1"), ("forwarded", "for=203.0.113.7, for=10.0.0.2")];
    check(TWO, &lines, ("203.0.113.7", None, None, Told::Part));
}

#[test]
fn what_names_no_address_ends_the_way() {
    for hidden in ["unknown", "_gazonk", "example.com", "1.1.1", "<script>"] {
        check(ONE, &[("x-forwarded-for", hidden)], (PROXY, None, None, Told::Part));
        let list = format!("203.0.113.7, {hidden}, 10.0.0.2");
        check(TWO, &[("x-forwarded-for", &list)], ("10.0.0.2", None, None, Told::Part));
    }
    check(ONE, &[("forwarded", "for=_hidden;proto=https")], (PROXY, Some("https"), None, Told::Part));
    check(ONE, &[("forwarded", "proto=https;host=a.example")], (PROXY, Some("https"), Some("a.example"), Told::Part));
}

#[test]
fn scheme_and_host_are_the_outermost_believed_proxys() {
    let lines = [
        ("x-forwarded-for", "1.1.1.1, 203.0.113.7, 10.0.0.2"),
        ("x-forwarded-proto", "ftp, HTTPS, http"),
        ("x-forwarded-host", "evil.example, shop.example, inner:8080"),
    ];
    check(TWO, &lines, ("203.0.113.7", Some("https"), Some("shop.example"), Told::Part));
    check(ONE, &lines, ("10.0.0.2", Some("http"), Some("inner:8080"), Told::Part));
    let replaced = [("x-forwarded-for", "203.0.113.7, 10.0.0.2"), ("x-forwarded-proto", "wss")];
    check(TWO, &replaced, ("203.0.113.7", Some("https"), None, Told::Whole));
    let alone = [("x-forwarded-proto", "https, gopher")];
    check(ONE, &alone, (PROXY, None, None, Told::Direct));
    check(ONE, &[("x-forwarded-proto", "https")], (PROXY, Some("https"), None, Told::Part));
}

#[test]
fn the_standard_header_in_all_its_forms() {
    let check = |value: &str, ip, scheme, host| {
        check(ONE, &[("forwarded", value)], (ip, scheme, host, Told::Whole));
    };
    check("for=203.0.113.7", "203.0.113.7", None, None);
    check("For=\"203.0.113.7:4711\"", "203.0.113.7", None, None);
    check("for=203.0.113.7:4711", "203.0.113.7", None, None);
    check("for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17", None, None);
    check("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17", None, None);
    check("for=\"[2001:db8:cafe::17]:_port\"", "2001:db8:cafe::17", None, None);
    check(
        "by=_x ; PROTO=https;host=\"a.example:8080\" ;for=203.0.113.7",
        "203.0.113.7",
        Some("https"),
        Some("a.example:8080"),
    );
    check("for=\"203\\.0.113.7\";host=\"a\\\"b\"", "203.0.113.7", None, Some("a\"b"));
    check("for=203.0.113.7;secret=\"a,b;for=1.1.1.1\"", "203.0.113.7", None, None);
    check(" , ,for=203.0.113.7, ,", "203.0.113.7", None, None);
}

#[test]
fn a_malformed_line_is_not_believed_at_all() {
    let malformed = [
        "for=\"203.0.113.7",
        "for=\"1.1.1.1, for=203.0.113.7",
        "for=1.1.1.1;x=\", for=203.0.113.7;by=\"_x\"",
        "for",
        "for=",
        "=203.0.113.7",
        "for=203.0.113.7;",
        "for=203.0.113.7;;proto=http",
        "for = 203.0.113.7",
        "for=203.0.113.7;for=1.1.1.1",
        "for=203.0.113.7 for=1.1.1.1",
        "for=203.0.113.7;host=\"a\\",
        "203.0.113.7",
        "for=203.0.113.7;a=1;b=2;c=3;d=4;e=5;f=6;g=7;h=8",
        "for=\"203.0.113.7\"x",
    ];
    for value in malformed {
        check(ONE, &[("forwarded", value)], (PROXY, None, None, Told::Part));
    }
    // The proxy's own line comes last, and stands whatever came before.
    check(
        ONE,
        &[("forwarded", "for=\"open"), ("forwarded", "for=203.0.113.7")],
        ("203.0.113.7", None, None, Told::Part),
    );
}

#[test]
fn of_two_families_that_differ_neither_is_believed() {
    let both = |standard: &'static str, list: &'static str| [("forwarded", standard), ("x-forwarded-for", list)];
    check(ONE, &both("for=203.0.113.7", "203.0.113.7"), ("203.0.113.7", None, None, Told::Whole));
    check(ONE, &both("for=1.1.1.1", "203.0.113.7"), (PROXY, None, None, Told::Conflict));
    check(ONE, &both("for=_hidden", "203.0.113.7"), (PROXY, None, None, Told::Conflict));
    let mut lines = both("for=203.0.113.7;proto=https", "203.0.113.7").to_vec();
    check(ONE, &lines, ("203.0.113.7", Some("https"), None, Told::Whole));
    lines.push(("x-forwarded-proto", "http"));
    check(ONE, &lines, (PROXY, None, None, Told::Conflict));
    // Whoever says which headers the proxies write is not misled by the others.
    let lines = both("for=1.1.1.1", "203.0.113.7");
    check("private;hops=1;header=x-forwarded", &lines, ("203.0.113.7", None, None, Told::Whole));
    check("private;hops=1;header=forwarded", &lines, ("1.1.1.1", None, None, Told::Whole));
}

#[test]
fn more_entries_than_anybody_needs_cost_nothing_but_their_reading() {
    let many = ["1.1.1.1, ".repeat(5_000), "203.0.113.7".to_owned()].concat();
    check(ONE, &[("x-forwarded-for", &many)], ("203.0.113.7", None, None, Told::Part));
    let many = ["for=1.1.1.1;proto=http, ".repeat(5_000), "for=203.0.113.7".to_owned()].concat();
    check(ONE, &[("forwarded", &many)], ("203.0.113.7", None, None, Told::Part));
    check("always;hops=16", &[("forwarded", &many)], ("1.1.1.1", Some("http"), None, Told::Part));
}
