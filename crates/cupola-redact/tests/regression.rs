//! What has gone wrong once: each test is named for it.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use cupola_redact::{End, KeyPolicy, Media, Redactor, Stream, Surface};

fn redact(surface: &str, input: &[u8], piece: usize) -> Vec<u8> {
    let mut stream = Stream::of(&KeyPolicy::default(), &surface.parse::<Surface>().unwrap());
    let mut out = Vec::new();
    for chunk in input.chunks(piece) {
        out.extend_from_slice(stream.feed(chunk));
    }
    out.extend_from_slice(&stream.finish(End::Complete).rest);
    out
}

fn check(surface: &str, input: &[u8], expected: &[u8]) {
    for piece in [1, 2, 3, 5, 7, 64, usize::MAX] {
        let found = redact(surface, input, piece);
        let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(show(&found), show(expected), "{surface} in pieces of {piece}: {}", show(input));
    }
}

#[test]
fn the_first_byte_left_before_the_second_told_that_the_body_is_no_text() {
    check("application/x-www-form-urlencoded", b";\xFF", b"[binary 2 bytes]");
    check("application/json", b"{\0\"\0", b"[utf-16 4 bytes]");
    check("application/json", b"\x1F\x8B\x08", b"[gzip 3 bytes]");
}

#[test]
fn words_that_look_like_json_left_before_the_text_behind_them_was_seen() {
    check("text/plain", b"npm_abcdefghijklmnopqrstuvwxyz0123456789", b"[REDACTED]");
    check("text/plain", b"12 4111 1111 1111 1111 34", b"12 [REDACTED] 34");
}

#[test]
fn a_form_feed_behind_a_boundary_was_a_blank_in_one_piece_and_none_in_two() {
    let body = b"\n--B\x0C\nContent-Disposition: form-data; name=pin\n\n1234\n--B--";
    let found = redact("multipart/form-data; boundary=B", body, usize::MAX);
    for piece in 1..9 {
        assert_eq!(redact("multipart/form-data; boundary=B", body, piece), found);
    }
    assert!(!String::from_utf8(found).unwrap().contains("1234"));
}

#[test]
fn a_hyphen_behind_a_full_capture_underflowed() {
    for body in ["\x1a -", "x -", "{\"a\":\" -\"}"] {
        let mut redactor = Redactor::new(&KeyPolicy::default(), Media::Text, 0);
        redactor.feed(body.as_bytes());
        assert_eq!(redactor.finish(End::Complete).text, "");
    }
}

#[test]
fn a_separator_behind_a_backslash_was_none() {
    check(
        "application/json",
        br#"{"a":"pw\=hunter2 and much more","b":1}"#,
        br#"{"a":"pw\=[REDACTED] and much more","b":1}"#,
    );
    check("application/json", br#"{"a":"pw\=hunter2","b":1}"#, br#"{"a":"pw\=[REDACTED]","b":1}"#);
}

#[test]
fn an_ampersand_ended_the_userinfo_of_a_form_in_pieces_only() {
    let body = b"a=1&u=://x@y&b=2&c=z@?";
    let found = redact("application/x-www-form-urlencoded", body, usize::MAX);
    for piece in 1..9 {
        assert_eq!(redact("application/x-www-form-urlencoded", body, piece), found);
    }
}

#[test]
fn sync_was_lost_behind_a_full_capture_in_pieces_only() {
    let capture = |piece: usize| {
        let mut redactor = Redactor::new(&KeyPolicy::default(), Media::NdJson, 9);
        b"!###\n[\n-2-,K".chunks(piece).for_each(|chunk| redactor.feed(chunk));
        redactor.finish(End::Complete)
    };
    for piece in 1..9 {
        assert_eq!(capture(piece), capture(usize::MAX));
    }
}

#[test]
fn a_card_behind_a_percent_escape_was_part_of_a_longer_number_or_word() {
    for escape in ["%20", "%3A", "%a0", "%2F"] {
        let (input, expected) =
            (format!("q=card{escape}4111111111111111&page=2"), format!("q=card{escape}[REDACTED]&page=2"));
        check("application/x-www-form-urlencoded", input.as_bytes(), expected.as_bytes());
    }
    check("application/x-www-form-urlencoded", b"q=%204111111111111112", b"q=%204111111111111112");
}

#[test]
fn a_scheme_in_capitals_before_an_escape_passed_in_long_texts() {
    for scheme in ["BEARER%20", "BEARER+", "BASIC%20", "BASIC+"] {
        let input = format!("h={scheme}dGhpcyBpcyBhIHNlY3JldCB0b2tlbg&page=1&and=so%20on%20for%20a%20while");
        let found =
            String::from_utf8(redact("application/x-www-form-urlencoded", input.as_bytes(), usize::MAX)).unwrap();
        assert!(!found.contains("dGhp") && found.ends_with("&page=1&and=so%20on%20for%20a%20while"), "{found}");
    }
}
