//! Bodies: what each row's redaction is, in whatever pieces it comes and wherever it breaks off.

use cupola_redact::{Captured, End, KeyPolicy, Media, Redactor};

fn redact(media: Media, body: &[u8], piece: usize, cap: usize, end: End) -> Captured {
    let mut redactor = Redactor::new(&KeyPolicy::default(), media, cap);
    for chunk in body.chunks(piece.max(1)) {
        redactor.feed(chunk);
    }
    assert_eq!(redactor.seen(), body.len() as u64);
    redactor.finish(end)
}

const WHOLE: usize = usize::MAX;

/// Every secret in these tables begins with this, which stands nowhere else in them.
const SECRET: &str = "Zq9x";

#[rustfmt::skip]
const JSON: &[(&str, &str)] = &[
    ("", ""),
    (r#"{"user":"bob","password":"Zq9x"}"#, r#"{"user":"bob","password":"[REDACTED]"}"#),
    (r#" { "password" : "Zq9x" , "a" : 1 } "#, r#" { "password" : "[REDACTED]" , "a" : 1 } "#),
    // Escaped and oddly written names.
    (r#"{"pass\u0077ord":"Zq9x"}"#, r#"{"pass\u0077ord":"[REDACTED]"}"#),
    (r#"{"\u0070\u0061ssword":"Zq9x"}"#, r#"{"\u0070\u0061ssword":"[REDACTED]"}"#),
    (r#"{"PassWord":"Zq9x","x-api-key":"Zq9x"}"#, r#"{"PassWord":"[REDACTED]","x-api-key":"[REDACTED]"}"#),
    (r#"{"a\"password":"Zq9x","b":"c"}"#, r#"{"a\"password":"[REDACTED]","b":"c"}"#),
    // Values of every type.
    (r#"{"pin":912345,"a":0.10}"#, r#"{"pin":"[REDACTED]","a":0.10}"#),
    (r#"{"pin":-9.1e5}"#, r#"{"pin":"[REDACTED]"}"#),
    (r#"{"password":null,"token":true,"secret":false}"#, r#"{"password":null,"token":true,"secret":false}"#),
    (r#"{"credentials":{"user":"Zq9x","list":["Zq9x",{"b":1}]},"a":1}"#, r#"{"credentials":"[REDACTED]","a":1}"#),
    (r#"{"secret":["Zq9x","]Zq9x","\"}Zq9x"],"a":1}"#, r#"{"secret":"[REDACTED]","a":1}"#),
    (r#"{"password":"","a":1}"#, r#"{"password":"[REDACTED]","a":1}"#),
    // Escaped quotes and backslashes in values.
    (r#"{"password":"Zq9x\"Zq9x","a":"b"}"#, r#"{"password":"[REDACTED]","a":"b"}"#),
    (r#"{"password":"Zq9x\\","a":"b"}"#, r#"{"password":"[REDACTED]","a":"b"}"#),
    (r#"{"password":"Zq9x\u0022Zq9x","a":"b"}"#, r#"{"password":"[REDACTED]","a":"b"}"#),
    // Counters stay, lists of tokens do not.
    (r#"{"usage":{"total_tokens":53,"prompt_tokens":10}}"#, r#"{"usage":{"total_tokens":53,"prompt_tokens":10}}"#),
    (r#"{"tokens":["Zq9x"],"max_tokens":"Zq9x"}"#, r#"{"tokens":"[REDACTED]","max_tokens":"[REDACTED]"}"#),
    (r#"{"author":"bob","sort_key":"a","keyboard":"us"}"#, r#"{"author":"bob","sort_key":"a","keyboard":"us"}"#),
    // Duplicates, order, blanks and numbers stay as they are.
    (r#"{"password":"Zq9x","password":"Zq9x","b":1e400,"a":00.10}"#, r#"{"password":"[REDACTED]","password":"[REDACTED]","b":1e400,"a":00.10}"#),
    ("[1,\t2 ,\r\n {\"token\"\n:\"Zq9x\"}]", "[1,\t2 ,\r\n {\"token\"\n:\"[REDACTED]\"}]"),
    (r#"{"n":123456789012345678901234567890123456789}"#, r#"{"n":123456789012345678901234567890123456789}"#),
    ("{} [] \"a\" 1 null", "{} [] \"a\" 1 null"),
    ("\u{FEFF}{\"token\":\"Zq9x\"}", "\u{FEFF}{\"token\":\"[REDACTED]\"}"),
    // A name that stands as a value.
    (r#"[{"name":"password","value":"Zq9x"},{"name":"q","value":"b"}]"#, r#"[{"name":"password","value":"[REDACTED]"},{"name":"q","value":"b"}]"#),
    // JSON, forms, URLs and headers inside strings.
    (r#"{"body":"{\"password\":\"Zq9x\",\"a\":1}"}"#, r#"{"body":"{\"password\":\"[REDACTED]\",\"a\":1}"}"#),
    (r#"{"body":"{\"password\":\"Zq9x\\\"Zq9x\",\"a\":1}"}"#, r#"{"body":"{\"password\":\"[REDACTED]\",\"a\":1}"}"#),
    (r#"{"body":"{\"password\":\"Zq9x\\\\\",\"a\":1}"}"#, r#"{"body":"{\"password\":\"[REDACTED]\",\"a\":1}"}"#),
    (r#"{"body":"{\"pin\":912345,\"a\":1}"}"#, r#"{"body":"{\"pin\":[REDACTED],\"a\":1}"}"#),
    (r#"{"body":"{\"auth\":{\"a\":\"Zq9x\"}}","b":1}"#, r#"{"body":"{\"auth\":[REDACTED]","b":1}"#),
    (r#"{"a":"{\"b\":\"{\\\"token\\\":\\\"Zq9x\\\",\\\"c\\\":1}\"}"}"#, r#"{"a":"{\"b\":\"{\\\"token\\\":\\\"[REDACTED]\\\",\\\"c\\\":1}\"}"}"#),
    (r#"{"a":"{\u0022token\u0022:\u0022Zq9x\u0022}","b":1}"#, r#"{"a":"{\u0022token\u0022:[REDACTED]","b":1}"#),
    (r#"{"a":"\u007b\"token\":\"Zq9x\"}","b":1}"#, r#"{"a":"\u007b\"token\":\"[REDACTED]\"}","b":1}"#),
    (r#"{"url":"https://h/?a=1&token=Zq9x&b=2"}"#, r#"{"url":"https://h/?a=1&token=[REDACTED]&b=2"}"#),
    (r#"{"url":"https://h/?a\u003d1\u0026token\u003dZq9x","b":1}"#, r#"{"url":"https://h/?a\u003d1\u0026token\u003d[REDACTED]","b":1}"#),
    (r#"{"url":"https:\/\/bob:Zq9x@h\/p"}"#, r#"{"url":"https:\/\/[REDACTED]@h\/p"}"#),
    (r#"{"raw":"Host: h\r\nAuthorization: Zq9x"}"#, r#"{"raw":"Host: h\r\nAuthorization: [REDACTED]"}"#),
    (r#"{"env":"A=1 PASSWORD=Zq9x B=2"}"#, r#"{"env":"A=1 PASSWORD=[REDACTED] B=2"}"#),
    (r#"{"query":"mutation { login(user: \"bob\", password: \"Zq9x\") { id } }"}"#, r#"{"query":"mutation { login(user: \"bob\", password: \"[REDACTED]\") { id } }"}"#),
    (r#"{"a":"{\"url\":\"h?a\\u003d1\\u0026token\\u003dZq9x\"}","b":1}"#, r#"{"a":"{\"url\":\"h?a\\u003d1\\u0026token\\u003d[REDACTED]\"}","b":1}"#),
    (r#"{"a":"b\u00","password":"Zq9x"}"#, r#"{"a":"b\u00","password":"[REDACTED]"}"#),
    (r#"{"a":"b\\u","password":"Zq9x","c":"\\u00"}"#, r#"{"a":"b\\u","password":"[REDACTED]","c":"\\u00"}"#),
    (r#"{"u":"https%3A%2F%2Fh%3Fa%3D1%26token%3DZq9x%26b","b":1}"#, r#"{"u":"https%3A%2F%2Fh%3Fa%3D1%26token%3D[REDACTED]","b":1}"#),
    (r#"{"u":"%257B%2522password%2522%253A%2522Zq9x","b":"100%"}"#, r#"{"u":"%257B%2522password%2522%253A[REDACTED]","b":"100%"}"#),
    // Value patterns.
    (r#"{"a":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.Zq9x"}"#, r#"{"a":"[REDACTED]"}"#),
    (r#"{"a":"-----BEGIN PRIVATE KEY-----\nZq9x\"\n"}"#, r#"{"a":"[REDACTED]"}"#),
    (r#"{"a":4111111111111111,"b":4111111111111112}"#, r#"{"a":"[REDACTED]","b":4111111111111112}"#),
    (r#"{"a":"note\nghp_Zq9x456789abcdefghij"}"#, r#"{"a":"note\n[REDACTED]"}"#),
    // Broken JSON goes on as text.
    (r#"{'password':'Zq9x'}"#, r#"{'password':'[REDACTED]'}"#),
    (r#"{password: "Zq9x", a: 1}"#, r#"{password: "[REDACTED]", a: 1}"#),
    (r#"{"a":"b" "password":"Zq9x"}"#, r#"{"a":"b" "password":"[REDACTED]"}"#),
    (r#"{"a":"b","password":"Zq9x"#, r#"{"a":"b","password":"[REDACTED]""#),
    (r#"{"a":"C:\","password":"Zq9x"}"#, r#"{"a":"C:\","password":"[REDACTED]"}"#),
    (r#"{"a":b","password":"Zq9x"}"#, r#"{"a":b","password":"[REDACTED]"}"#),
    (r#"{"a":"b,"password":"Zq9x"}"#, r#"{"a":"b,"password":"[REDACTED]"}"#),
    (r#"{"a":NaN,"password":"Zq9x","b":1}"#, r#"{"a":NaN,"password":"[REDACTED]","b":1}"#),
    (r#"{"password":Zq9x,"a":1}"#, r#"{"password":"[REDACTED]""#),
    (r#"{"password":trueZq9x}"#, r#"{"password":"[REDACTED]""#),
    (r#"{"pin":12Zq9x}"#, r#"{"pin":"[REDACTED]""#),
    (r#"{"secret":{"a":Zq9x},"b":"Zq9x"}"#, r#"{"secret":"[REDACTED]""#),
    (r#"{"a":1}}{"password":"Zq9x"}"#, r#"{"a":1}}{"password":"[REDACTED]"}"#),
    (r#"{"a":[1}],"password":"Zq9x"}"#, r#"{"a":[1}],"password":"[REDACTED]"}"#),
    (r#"["password":"Zq9x"]"#, r#"["password":"[REDACTED]"]"#),
    (r#"// comment
        {"password":"Zq9x"}"#, r#"// comment
        {"password":"[REDACTED]"}"#),
    (r#"{"a":1,/*x*/"password":"Zq9x",}"#, r#"{"a":1,/*x*/"password":"[REDACTED]",}"#),
    ("user=bob&password=Zq9x&a=1", "user=bob&password=[REDACTED]&a=1"),
    ("<a><password>Zq9x</password></a>", "<a><password>[REDACTED]</password></a>"),
    (")]}',\n{\"password\":\"Zq9x\"}", ")]}',\n{\"password\":\"[REDACTED]\"}"),
];

#[rustfmt::skip]
const FORM: &[(&str, &str)] = &[
    ("user=bob&password=Zq9x&a=1", "user=bob&password=[REDACTED]&a=1"),
    ("passw%6Frd=Zq9x", "passw%6Frd=[REDACTED]"),
    ("user%5Bpassword%5D=Zq9x&user[pin]=Zq9x", "user%5Bpassword%5D=[REDACTED]&user[pin]=[REDACTED]"),
    ("grant_type=authorization_code&code=Zq9x&client_secret=Zq9x", "grant_type=authorization_code&code=[REDACTED]&client_secret=[REDACTED]"),
    ("a=1;password=Zq9x&b=2", "a=1;password=[REDACTED]&b=2"),
    ("a=b&password=Zq9x;Zq9x=1&b=2", "a=b&password=[REDACTED]&b=2"),
    ("u=https%3A%2F%2Fh%3Ftoken%3DZq9x%26b%3D1&x=1", "u=https%3A%2F%2Fh%3Ftoken%3D[REDACTED]%26b%3D1&x=1"),
    ("payload=%7B%22password%22%3A%22Zq9x%22%7D&x=1", "payload=%7B%22password%22%3A[REDACTED]&x=1"),
    ("raw=Cookie%3A+Zq9x&x=1", "raw=[REDACTED]&x=1"),
    ("a=%20&b=+&&=&c", "a=%20&b=+&&=&c"),
    ("max_tokens=100&tokens=Zq9x", "max_tokens=100&tokens=[REDACTED]"),
    (r#"{"password":"Zq9x"}"#, r#"{"password":"[REDACTED]"}"#),
    ("<password>Zq9x</password>", "<password>[REDACTED]</password>"),
];

const LINES: &[(&str, &str)] = &[
    ("{\"token\":\"Zq9x\"}\n{\"a\":1}\n", "{\"token\":\"[REDACTED]\"}\n{\"a\":1}\n"),
    ("{\"a\":\"x\n{\"token\":\"Zq9x\"}", "{\"a\":\"x\n{\"token\":\"[REDACTED]\"}"),
    ("{\"secret\":{\"a\":\"Zq9x\n{\"a\":1,\"pin\":9}", "{\"secret\":\"[REDACTED]\"\n{\"a\":1,\"pin\":\"[REDACTED]\"}"),
    ("oops password=Zq9x\n{\"token\":\"Zq9x\"}", "oops password=[REDACTED]\n{\"token\":\"[REDACTED]\"}"),
    ("1\n2", "1\n2"),
];

const EVENTS: &[(&str, &str)] = &[
    ("data: {\"token\":\"Zq9x\"}\n\ndata: [DONE]\n\n", "data: {\"token\":\"[REDACTED]\"}\n\ndata: [DONE]\n\n"),
    ("event: x\nid: 1\ndata:{\"a\":\ndata: 1}\n\n", "event: x\nid: 1\ndata:{\"a\":\ndata: 1}\n\n"),
    ("data: {\"secret\":\r\ndata: \"Zq9x\"}\r\n\r\n", "data: {\"secret\":\r\ndata: \"[REDACTED]\"}\r\n\r\n"),
    ("data: {\"a\":\"x\n\ndata: {\"token\":\"Zq9x\"}\n\n", "data: {\"a\":\"x\n\ndata: {\"token\":\"[REDACTED]\"}\n\n"),
    (": password=Zq9x\n\ndata: 1\ndata: 2", ": password=[REDACTED]\n\ndata: 1\ndata: 2"),
    ("data: token=Zq9x\ndatax: y", "data: token=[REDACTED]\ndatax: y"),
];

fn tables() -> impl Iterator<Item = (Media, &'static str, &'static str)> {
    let row = |media| move |&(body, expected): &(&'static str, &'static str)| (media, body, expected);
    JSON.iter()
        .map(row(Media::Json))
        .chain(JSON.iter().map(row(Media::Text)))
        .chain(FORM.iter().map(row(Media::Form)))
        .chain(LINES.iter().map(row(Media::NdJson)))
        .chain(EVENTS.iter().map(row(Media::EventStream)))
}

#[test]
fn each_row_is_redacted_in_pieces_of_every_size() {
    for (media, body, expected) in tables() {
        for piece in [1, 2, 3, 7, WHOLE] {
            let captured = redact(media, body.as_bytes(), piece, WHOLE, End::Complete);
            assert_eq!(captured.text, expected, "{media:?} in pieces of {piece}: {body}");
            assert!(!captured.truncated);
            assert_eq!(captured.redactions as usize, expected.matches("[REDACTED]").count(), "{media:?}: {body}");
        }
    }
}

#[test]
fn a_cut_anywhere_gives_nothing_away() {
    for (media, body, _) in tables() {
        for end in 0..body.len() {
            let text = redact(media, &body.as_bytes()[..end], WHOLE, WHOLE, End::Truncated).text;
            assert!(!text.as_str().contains(SECRET), "{media:?} cut at {end}: {body} gave {text}");
        }
    }
}

#[test]
fn a_cap_anywhere_gives_nothing_away() {
    for (media, body, expected) in tables() {
        for cap in 0..expected.len() {
            for piece in [1, 7, WHOLE] {
                let captured = redact(media, body.as_bytes(), piece, cap, End::Complete);
                let text = captured.text.as_str();
                assert!(text.len() <= cap, "{media:?} capped at {cap}: {body} gave {text}");
                assert!(!text.contains(SECRET), "{media:?} capped at {cap}: {body} gave {text}");
                assert!(captured.truncated, "{media:?} capped at {cap}: {body}");
            }
        }
    }
}

#[test]
fn redacting_twice_changes_nothing() {
    for (media, body, expected) in tables() {
        // A broken body may look less broken, or more, once it is masked.
        let label = if media == Media::Text { Media::Json } else { media };
        if redact(label, body.as_bytes(), WHOLE, WHOLE, End::Complete).lost_sync {
            continue;
        }
        let again = redact(media, expected.as_bytes(), WHOLE, WHOLE, End::Complete);
        assert_eq!(again.text, expected, "{media:?}");
    }
}

#[test]
fn what_cannot_be_read_is_counted_only() {
    let utf16: Vec<u8> = "{\"password\":\"x\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (media, body, expected) in [
        (Media::Multipart, &b"--x"[..], "[multipart 3 bytes]"),
        (Media::Binary, &[1, 2], "[binary 2 bytes]"),
        (Media::Binary, &[0x1F, 0x8B, 0], "[binary 3 bytes]"),
        (Media::Binary, &[], ""),
        (Media::Json, &utf16, "[utf-16 32 bytes]"),
        (Media::Json, &[0xFF, 0xFE, b'{', 0], "[utf-16 4 bytes]"),
        (Media::Form, &[0x1F, 0x8B, 8, 0, 0], "[gzip 5 bytes]"),
    ] {
        for piece in [1, 3, WHOLE] {
            assert_eq!(redact(media, body, piece, WHOLE, End::Complete).text, expected, "{media:?}");
            assert_eq!(redact(media, body, piece, 0, End::Complete).text, expected, "{media:?} without room");
        }
    }
}

#[test]
fn depth_costs_neither_stack_nor_secrets() {
    let deep = "[".repeat(100_000) + r#"{"password":"Zq9x"}"#;
    let text = redact(Media::Json, deep.as_bytes(), 4096, WHOLE, End::Complete).text;
    assert!(text.as_str().ends_with(r#"{"password":"[REDACTED]"}"#));
    let muted = r#"{"secret":"#.to_owned() + &"[".repeat(100_000) + "\"Zq9x\"" + &"]".repeat(100_000) + ",\"a\":1}";
    let text = redact(Media::Json, muted.as_bytes(), 4096, WHOLE, End::Complete).text;
    assert_eq!(text, r#"{"secret":"[REDACTED]""#);
}

#[test]
fn invalid_utf8_becomes_a_replacement_and_a_split_character_goes() {
    assert_eq!(redact(Media::Json, b"{\"a\":\"\xFF\"}", 1, WHOLE, End::Complete).text, "{\"a\":\"\u{FFFD}\"}");
    assert_eq!(redact(Media::Json, "\"aü\"".as_bytes(), 1, 3, End::Complete).text, "\"a");
    assert_eq!(redact(Media::Json, b"\"a\xC3", 1, WHOLE, End::Truncated).text, "\"a");
}

#[test]
fn a_token_that_the_cut_has_shortened_goes_too() {
    for (body, expected) in [
        (r#"{"a":"ghp_Zq"#, r#"{"a":"[REDACTED]"#),
        (r#"{"a":"eyJhbGciOiJIUzI1"#, r#"{"a":"[REDACTED]"#),
        (r#"{"a":"Bearer Zq"#, r#"{"a":"Bearer [REDACTED]"#),
        (r#"{"a":"https://bob:Zq"#, r#"{"a":"https://[REDACTED]"#),
        (r#"{"a":"4111 1111 111"#, r#"{"a":"[REDACTED]"#),
        (r#"{"a":411111111111"#, r#"{"a":"[REDACTED]""#),
    ] {
        assert_eq!(redact(Media::Json, body.as_bytes(), WHOLE, WHOLE, End::Truncated).text, expected, "{body}");
    }
}

/// A small generator: the same bodies on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn soups_of_fragments_neither_panic_nor_depend_on_the_pieces() {
    const FRAGMENTS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\\"",
        "\\u0022",
        "\\u003d",
        " ",
        "\n",
        "\r\n",
        "data: ",
        "password",
        "token",
        "tokens",
        "a",
        "=",
        "&",
        ";",
        "%",
        "%3D",
        "%26",
        "12",
        "4111111111111111",
        "true",
        "null",
        "eyJ",
        ".eyJ",
        "ghp_",
        "Bearer ",
        "-----BEGIN PRIVATE KEY-----",
        "://",
        "@",
        "<",
        ">",
        "/",
        "'",
        "ü",
        "\u{FEFF}",
        "[REDACTED]",
        "name",
        "value",
    ];
    const MEDIA: [Media; 5] = [Media::Json, Media::Form, Media::NdJson, Media::EventStream, Media::Text];
    let mut random = Random(7);
    for _ in 0..3_000 {
        let body: String = (0..random.below(40)).map(|_| FRAGMENTS[random.below(FRAGMENTS.len())]).collect();
        let cap = if random.below(2) == 0 { WHOLE } else { random.below(120) };
        for media in MEDIA {
            let whole = redact(media, body.as_bytes(), WHOLE, cap, End::Complete);
            for piece in [1, 5] {
                assert_eq!(redact(media, body.as_bytes(), piece, cap, End::Complete), whole, "{media:?}: {body}");
            }
        }
        let policy = KeyPolicy::default();
        _ = (policy.url(&body), policy.path(&body), policy.cookie(&body), policy.set_cookie(&body), policy.text(&body));
        let again = policy.query(policy.query(&body).as_str());
        assert!(again.len() < 1 << 20);
    }
}
