//! Text that is only looked at is judged as text that is rewritten.

use std::borrow::Cow;

use cupola_redact::{End, KeyPolicy};

/// What names, separators and values are made of, and what confuses their readers.
const PIECES: [&str; 44] = [
    "password",
    "token",
    "auth",
    "tokens",
    "user",
    "max_tokens",
    "api",
    "key",
    "code",
    "=",
    ":",
    "::",
    ":=",
    "=>",
    ">",
    "<",
    "</",
    " ",
    "  ",
    "\n",
    "\t",
    "?",
    "&",
    ";",
    ",",
    "%",
    "%3D",
    "%253d",
    "%2",
    "%3a",
    "\"",
    "'",
    "\\",
    "\\\"",
    "12",
    "abc",
    "s3cr3t",
    "{",
    "}",
    "[REDACTED]",
    "https://bob:pw@x/",
    "Bearer abc123DEF",
    "é",
    "\\u0074oken",
];

/// A generator of numbers that are random enough.
fn next(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

#[test]
fn both_ways_agree() {
    let own = KeyPolicy::builder().deny("user").build();
    for policy in [KeyPolicy::default(), own.unwrap_or_default()] {
        let (mut state, mut kept) = (7, 0);
        for _ in 0..100_000 {
            let length = 1 + next(&mut state) % 8;
            let text: String = (0..length).map(|_| PIECES[next(&mut state) % PIECES.len()]).collect();
            let free = policy.free_text(&text, End::Complete);
            assert_eq!(policy.text(&text), *free, "{text:?}");
            kept += u32::from(matches!(free, Cow::Borrowed(_)));
        }
        assert!((10_000..95_000).contains(&kept), "{kept}");
    }
}

#[test]
fn a_path_in_code_is_no_name() {
    let policy = KeyPolicy::default();
    for text in ["in app::auth::session::Token::parse", "auth::login(7)", "token::"] {
        assert!(matches!(policy.free_text(text, End::Complete), Cow::Borrowed(_)), "{text}");
    }
    assert_eq!(policy.free_text("auth::token: abc", End::Complete), "auth::token: [REDACTED]");
    assert_eq!(policy.free_text("\"token\"::abc", End::Complete), "\"token\":[REDACTED]");
}

#[test]
fn a_cut_text_keeps_no_beginning_of_a_token() {
    let policy = KeyPolicy::default();
    assert_eq!(policy.free_text("got ghp_ab", End::Complete), "got ghp_ab");
    assert_eq!(policy.free_text("got ghp_ab", End::Truncated), "got [REDACTED]");
}

#[test]
fn hostile_texts_take_linear_time() {
    let policy = KeyPolicy::default();
    for piece in ["=", ":", "a:", "\\:", "%:", "%3", "\"a\":", "eyJ", "://a", "4111 ", "<a>", "é="] {
        let text = piece.repeat(60_000 / piece.len());
        assert!(policy.free_text(&text, End::Truncated).len() <= text.len() * 4, "{piece}");
    }
}
