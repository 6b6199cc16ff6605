//! The bypass table: tricks by which secrets have got past other redactors, one a row.
//!
//! A row is an input with its secrets between `«` and `»`. What is expected is the input with `[REDACTED]` in the place of
//! each, or what stands beside it. Each row is read whole, in pieces of one and seven bytes, a second time, and cut at
//! every byte: no four characters with which a secret begins may show.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "bypass/json.rs"]
mod json;
#[path = "bypass/other.rs"]
mod other;
#[path = "bypass/text.rs"]
mod text;
#[path = "bypass/url.rs"]
mod url;

use cupola_redact::{End, KeyPolicy, REDACTED, Stream, Surface};

/// An input with marked secrets.
type Row = &'static str;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const TEXT: &str = "text/plain";
const MULTIPART: &str = "multipart/form-data; boundary=B";

fn redact(surface: &str, input: &[u8], piece: usize, end: End) -> String {
    let mut stream = Stream::of(&KeyPolicy::default(), &surface.parse::<Surface>().unwrap());
    let mut out = Vec::new();
    for chunk in input.chunks(piece) {
        out.extend_from_slice(stream.feed(chunk));
    }
    out.extend_from_slice(&stream.finish(end).rest);
    String::from_utf8_lossy(&out).into_owned()
}

/// The row without marks, what is expected of it, and its secrets.
fn read(row: Row) -> (String, String, Vec<&'static str>) {
    let (mut expected, mut secrets, mut rest) = (String::new(), Vec::new(), row);
    while let Some((before, after)) = rest.split_once('«') {
        let (secret, tail) = after.split_once('»').unwrap();
        expected.push_str(before);
        expected.push_str(REDACTED);
        secrets.push(secret);
        rest = tail;
    }
    expected.push_str(rest);
    (row.replace(['«', '»'], ""), expected, secrets)
}

/// What is wrong with one row, if anything.
fn faults(surface: &str, row: Row, expected: Option<&str>) -> Vec<String> {
    let (input, marked, secrets) = read(row);
    let expected = expected.unwrap_or(&marked);
    let mut faults = Vec::new();
    for piece in [usize::MAX, 7, 1] {
        let found = redact(surface, input.as_bytes(), piece, End::Complete);
        if found != expected {
            faults.push(format!(
                "{surface} in pieces of {piece}\n  row      {row:?}\n  expected {expected:?}\n  found    {found:?}"
            ));
            break;
        }
    }
    let again = redact(surface, expected.as_bytes(), usize::MAX, End::Complete);
    // The size of a body that cannot be read is no body that can be.
    if again != expected && !expected.starts_with("[multipart") {
        faults.push(format!("{surface} a second time\n  once     {expected:?}\n  twice    {again:?}"));
    }
    for cut in 0..=input.len() {
        let found = redact(surface, &input.as_bytes()[..cut], usize::MAX, End::Truncated);
        let is_shown = |secret: &&&str| secret.get(..4).is_some_and(|beginning| found.contains(beginning));
        if let Some(secret) = secrets.iter().find(is_shown) {
            faults.push(format!(
                "{surface} cut at {cut} shows the beginning of {secret:?}\n  row      {row:?}\n  found    {found:?}"
            ));
            break;
        }
    }
    faults
}

fn check(surface: &str, rows: &[Row]) {
    report(&rows.iter().flat_map(|row| faults(surface, row, None)).collect::<Vec<_>>());
}

fn check_pairs(surface: &str, rows: &[(Row, &str)]) {
    report(&rows.iter().flat_map(|(row, expected)| faults(surface, row, Some(expected))).collect::<Vec<_>>());
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn json_hides() {
    check(JSON, json::ROWS);
}

#[test]
fn json_hides_in_other_forms() {
    check_pairs(JSON, json::PAIRS);
}

#[test]
fn json_shows() {
    check(JSON, json::KEPT);
}

/// A wrong label, or none: the first byte tells.
#[test]
fn json_under_another_label_hides() {
    check(TEXT, json::ROWS);
    check(FORM, json::ROWS);
    check_pairs(TEXT, json::PAIRS);
}

#[test]
fn text_hides() {
    check(TEXT, text::ROWS);
    check_pairs(TEXT, text::PAIRS);
}

#[test]
fn text_shows() {
    check(TEXT, text::KEPT);
}

#[test]
fn text_under_the_label_of_json_hides() {
    check(JSON, text::ROWS);
}

#[test]
fn urls_hide() {
    check("url", url::URLS);
}

#[test]
fn urls_show() {
    check("url", url::URLS_KEPT);
}

#[test]
fn queries_and_forms_hide() {
    check("query", url::QUERIES);
    check(FORM, url::QUERIES);
    check_pairs(FORM, url::FORM_PAIRS);
}

#[test]
fn queries_and_forms_show() {
    check("query", url::QUERIES_KEPT);
    check(FORM, url::QUERIES_KEPT);
}

#[test]
fn cookies_hide() {
    check("cookie", url::COOKIES);
    check("set-cookie", url::SET_COOKIES);
}

#[test]
fn headers_hide() {
    check("header", other::HEADERS);
}

#[test]
fn headers_show() {
    check("header", other::HEADERS_KEPT);
}

#[test]
fn multipart_hides() {
    check(MULTIPART, other::MULTIPART);
    check("multipart/form-data", other::MULTIPART);
    check_pairs(MULTIPART, other::MULTIPART_PAIRS);
}

#[test]
fn multipart_shows() {
    check(MULTIPART, other::MULTIPART_KEPT);
}

#[test]
fn records_hide() {
    check("application/x-ndjson", other::NDJSON);
    check("text/event-stream", other::EVENTS);
}

#[test]
fn there_are_several_hundred_rows() {
    let tables = [
        json::ROWS,
        json::KEPT,
        text::ROWS,
        text::KEPT,
        url::URLS,
        url::URLS_KEPT,
        url::QUERIES,
        url::QUERIES_KEPT,
        url::COOKIES,
        url::SET_COOKIES,
        other::HEADERS,
        other::HEADERS_KEPT,
        other::MULTIPART,
        other::MULTIPART_KEPT,
        other::NDJSON,
        other::EVENTS,
    ];
    let pairs = [json::PAIRS, text::PAIRS, url::FORM_PAIRS, other::MULTIPART_PAIRS];
    let count =
        tables.iter().map(|rows| rows.len()).sum::<usize>() + pairs.iter().map(|rows| rows.len()).sum::<usize>();
    assert!(count > 400, "{count}");
}
