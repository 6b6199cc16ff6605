//! Policies of one's own: forms of masks, paths, allow lists, personal data.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use cupola_redact::{
    End, Form, KeyPolicy, KeyPolicyBuilder, MaskedParts, Media, PseudonymKey, Redactor, Rule, Stream, Surface,
};

fn redact(policy: &KeyPolicy, surface: &str, input: &str, piece: usize, end: End) -> String {
    let mut stream = Stream::of(policy, &surface.parse::<Surface>().unwrap());
    let mut out = Vec::new();
    for chunk in input.as_bytes().chunks(piece) {
        out.extend_from_slice(stream.feed(chunk));
    }
    out.extend_from_slice(&stream.finish(end).rest);
    String::from_utf8(out).unwrap()
}

/// In pieces of every size, twice, and cut anywhere.
fn check(policy: &KeyPolicy, surface: &str, rows: &[(&str, &str)]) {
    for (input, expected) in rows {
        for piece in [1, 2, 7, usize::MAX] {
            let found = redact(policy, surface, input, piece, End::Complete);
            assert_eq!(found, *expected, "{surface} in pieces of {piece}: {input}");
        }
        assert_eq!(redact(policy, surface, expected, usize::MAX, End::Complete), *expected, "{surface} twice: {input}");
        for cut in (0..input.len()).filter(|&cut| input.is_char_boundary(cut)) {
            let found = redact(policy, surface, &input[..cut], 3, End::Truncated);
            assert!(!found.contains("hunt"), "{surface} cut at {cut}: {input} gave {found}");
        }
    }
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn with(form: Form) -> KeyPolicy {
    KeyPolicy::builder().form(form).build().unwrap()
}

#[test]
fn typed_masks_name_their_rule() {
    let policy = with(Form::Typed);
    check(
        &policy,
        JSON,
        &[
            (r#"{"password":"hunter2","a":1}"#, r#"{"password":"[REDACTED:name]","a":1}"#),
            (r#"{"pin":1234,"secret":{"a":1}}"#, r#"{"pin":"[REDACTED:name]","secret":"[REDACTED:name]"}"#),
            (r#"{"u":"https://bob:hunter2@h/"}"#, r#"{"u":"https://[REDACTED:userinfo]@h/"}"#),
            (r#"{"a":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"}"#, r#"{"a":"[REDACTED:jwt]"}"#),
            (r#"{"n":4111111111111111}"#, r#"{"n":"[REDACTED:card]"}"#),
            (r#"{"log":"password=hunter2 x"}"#, r#"{"log":"password=[REDACTED:name] x"}"#),
        ],
    );
    check(&policy, "query", &[("password=hunter2&a=1", "password=[REDACTED:name]&a=1")]);
    check(&policy, "cookie", &[("a=hunter2; b=hunter3", "a=[REDACTED:cookie]; b=[REDACTED:cookie]")]);
    check(&policy, "header", &[("X-Odd: hunter2", "X-Odd: [REDACTED:header]")]);
}

#[test]
fn schemes_stay_by_choice() {
    let policy = with(Form::Scheme);
    let rows = [
        (r#"{"authorization":"Bearer hunter2"}"#, r#"{"authorization":"Bearer [REDACTED]"}"#),
        (r#"{"authorization":"Custom hunter2"}"#, r#"{"authorization":"[REDACTED]"}"#),
        (r#"{"password":"hunter2"}"#, r#"{"password":"[REDACTED]"}"#),
    ];
    check(&policy, JSON, &rows);
}

#[test]
fn the_last_four_of_long_tokens_show_by_choice() {
    let policy = with(Form::LastFour);
    let rows = [
        (r#"{"a":"ghp_hunter2hunter2hunter2abcd"}"#, r#"{"a":"[REDACTED]..abcd"}"#),
        // Of a password nothing is told, and of what is short neither.
        (r#"{"password":"hunter2hunter2hunter2abcd"}"#, r#"{"password":"[REDACTED]"}"#),
        (r#"{"a":"Bearer hunt3r"}"#, r#"{"a":"Bearer [REDACTED]"}"#),
    ];
    for (input, expected) in rows {
        assert_eq!(redact(&policy, JSON, input, 1, End::Complete), expected);
    }
}

#[test]
fn pseudonyms_are_the_same_for_the_same_value_and_class() {
    let key = PseudonymKey::new("k1", b"0123456789abcdef").unwrap();
    let policy = with(Form::Pseudonym(key));
    let mask = |text: &str| redact(&policy, JSON, text, usize::MAX, End::Complete);
    let first = mask(r#"{"token":"hunter2"}"#);
    assert!(first.starts_with(r#"{"token":"[k1:"#) && first.len() == r#"{"token":"[k1:]"}"#.len() + 24, "{first}");
    assert_eq!(redact(&policy, JSON, r#"{"token":"hunter2"}"#, 1, End::Complete), first);
    assert_eq!(mask(&first), first, "a pseudonym has none itself");
    assert_eq!(mask(r#"{"secret":"hunter2"}"#).replace("secret", "token"), first);
    assert_ne!(mask(r#"{"token":"hunter3"}"#), first);
    let cookie = redact(&policy, "cookie", "a=hunter2", usize::MAX, End::Complete);
    assert!(!first.contains(&cookie[2..]), "another class has another one");
    let other = with(Form::Pseudonym(PseudonymKey::new("k1", b"another key of 16").unwrap()));
    assert_ne!(redact(&other, JSON, r#"{"token":"hunter2"}"#, usize::MAX, End::Complete), first);
    // Of a value that was cut nothing can be said.
    let cut = redact(&policy, JSON, r#"{"token":"hunt"#, usize::MAX, End::Truncated);
    assert_eq!(cut, r#"{"token":"[REDACTED]""#);
    let long = redact(&policy, JSON, &format!(r#"{{"token":"{}"}}"#, "x".repeat(5000)), 7, End::Complete);
    assert_eq!(long, r#"{"token":"[REDACTED]"}"#);
}

#[test]
fn weak_keys_are_refused() {
    for (id, key, part) in [
        ("k1", &b""[..], "less than 16 bytes"),
        ("k1", b"short", "less than 16 bytes"),
        ("", b"0123456789abcdef", "key id"),
        ("a key", b"0123456789abcdef", "key id"),
    ] {
        let error = PseudonymKey::new(id, key).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let key = PseudonymKey::new("k1", b"0123456789abcdef").unwrap();
    assert!(!format!("{key:?}").contains("0123"), "the key is in no message");
}

#[test]
fn members_go_with_their_names_by_choice() {
    let policy = with(Form::Remove);
    check(
        &policy,
        JSON,
        &[
            (r#"{"a":1,"password":"hunter2","b":2}"#, r#"{"a":1,"b":2}"#),
            (r#"{"password":"hunter2","b":2}"#, r#"{"b":2}"#),
            (r#"{"a":1,"password":"hunter2"}"#, r#"{"a":1}"#),
            (r#"{"password":"hunter2"}"#, r#"{}"#),
            (r#"{"password":"hunter2","token":"hunter3","a":1}"#, r#"{"a":1}"#),
            (r#"{"a":{"password":"hunter2"},"b":1}"#, r#"{"a":{},"b":1}"#),
            (r#"{"secret":{"x":["hunter2"]},"b":1}"#, r#"{"b":1}"#),
            (r#"{"a":1,"pin":1234,"b":[{"pin":5}]}"#, r#"{"a":1,"b":[{}]}"#),
            (r#"[{"token":"hunter2"},{"token":"hunter3","a":1}]"#, r#"[{},{"a":1}]"#),
            (r#"{"a":"https://bob:hunter2@h/"}"#, r#"{"a":"https://[REDACTED]@h/"}"#),
        ],
    );
    for surface in [FORM, "query"] {
        check(
            &policy,
            surface,
            &[
                ("a=1&password=hunter2&b=2", "a=1&b=2"),
                ("password=hunter2&b=2", "b=2"),
                ("a=1&password=hunter2", "a=1"),
                ("password=hunter2", ""),
                ("password=hunter2&token=hunter3&a=1", "a=1"),
            ],
        );
    }
    check(&policy, "cookie", &[("a=hunter2; b=hunter3", "")]);
}

#[test]
fn one_rule_may_have_a_form_of_its_own() {
    let policy = KeyPolicy::builder().form_of(Rule::Card, Form::Typed).build().unwrap();
    let row = [(r#"{"pin":"hunter2","n":4111111111111111}"#, r#"{"pin":"[REDACTED]","n":"[REDACTED:card]"}"#)];
    check(&policy, JSON, &row);
}

#[test]
fn paths_deny_and_keep() {
    let policy = KeyPolicy::builder()
        .deny_path("$.user.note")
        .deny_path("$..iban_text")
        .deny_path("$.items[*].price")
        .deny_path("$.list[1]")
        .deny_path("$['odd name']")
        .keep_path("$.public.token")
        .keep_path("$.public.password")
        .build()
        .unwrap();
    check(
        &policy,
        JSON,
        &[
            (r#"{"user":{"note":"hunter2"},"note":"x"}"#, r#"{"user":{"note":"[REDACTED]"},"note":"x"}"#),
            (
                r#"{"a":[{"iban_text":"hunter2"}],"iban_text":1}"#,
                r#"{"a":[{"iban_text":"[REDACTED]"}],"iban_text":"[REDACTED]"}"#,
            ),
            (
                r#"{"items":[{"price":1,"n":2},{"price":{"a":1}}]}"#,
                r#"{"items":[{"price":"[REDACTED]","n":2},{"price":"[REDACTED]"}]}"#,
            ),
            (r#"{"list":["a","hunter2","c"]}"#, r#"{"list":["a","[REDACTED]","c"]}"#),
            (r#"{"odd name":"hunter2","odd":1}"#, r#"{"odd name":"[REDACTED]","odd":1}"#),
            (
                r#"{"n\u006fte":1,"user":{"n\u006fte":"hunter2"}}"#,
                r#"{"n\u006fte":1,"user":{"n\u006fte":"[REDACTED]"}}"#,
            ),
            // A path keeps a weak name, but no strong one.
            (
                r#"{"public":{"token":"shown"},"token":"hunter2"}"#,
                r#"{"public":{"token":"shown"},"token":"[REDACTED]"}"#,
            ),
            (r#"{"public":{"password":"hunter2"}}"#, r#"{"public":{"password":"[REDACTED]"}}"#),
        ],
    );
}

#[test]
fn an_allow_list_shows_what_is_on_it() {
    let policy =
        KeyPolicy::builder().allow_path("$.id").allow_path("$.items[*].name").allow_path("$.meta").build().unwrap();
    check(
        &policy,
        JSON,
        &[
            (
                r#"{"id":7,"user":"hunter2","n":1,"ok":true,"x":null}"#,
                r#"{"id":7,"user":"[REDACTED]","n":"[REDACTED]","ok":true,"x":null}"#,
            ),
            (
                r#"{"items":[{"name":"a","size":1},"hunter2"]}"#,
                r#"{"items":[{"name":"a","size":"[REDACTED]"},"[REDACTED]"]}"#,
            ),
            (
                r#"{"meta":{"a":[1,"b"]},"other":{"a":"hunter2"}}"#,
                r#"{"meta":{"a":[1,"b"]},"other":{"a":"[REDACTED]"}}"#,
            ),
            // An allow list is no way to show a secret.
            (r#"{"meta":{"password":"hunter2"}}"#, r#"{"meta":{"password":"[REDACTED]"}}"#),
            (r#""hunter2""#, r#""[REDACTED]""#),
        ],
    );
    let lines = "{\"id\":1,\"u\":\"hunter2\"}\n{\"id\":2}\n";
    check(&policy, "application/x-ndjson", &[(lines, "{\"id\":1,\"u\":\"[REDACTED]\"}\n{\"id\":2}\n")]);
    for (surface, input) in [(JSON, r#"{"id":7,oops "hunter2"}"#), ("text/plain", "hunter2"), (FORM, "a=hunter2")] {
        let found = redact(&policy, surface, input, usize::MAX, End::Complete);
        assert!(!found.contains("hunter2"), "{surface}: {found}");
    }
}

#[test]
fn literals_go_by_choice() {
    let policy = KeyPolicy::builder().mask_literals().build().unwrap();
    let row =
        [(r#"{"password":null,"pin":true,"a":false}"#, r#"{"password":"[REDACTED]","pin":"[REDACTED]","a":false}"#)];
    check(&policy, JSON, &row);
}

#[test]
fn personal_data_goes_by_choice() {
    let policy = KeyPolicy::builder().pii().build().unwrap();
    check(
        &policy,
        JSON,
        &[
            (r#"{"email":"hunter@example.org","a":"b"}"#, r#"{"email":"[REDACTED]","a":"b"}"#),
            (
                r#"{"birth_date":"2000-01-01","first_name":"hunter"}"#,
                r#"{"birth_date":"[REDACTED]","first_name":"[REDACTED]"}"#,
            ),
            (
                r#"{"note":"write to bob@example.org or call +49 30 901820"}"#,
                r#"{"note":"write to [REDACTED] or call [REDACTED]"}"#,
            ),
            (r#"{"note":"from 203.0.113.9","v":"1.2.3"}"#, r#"{"note":"from [REDACTED]","v":"1.2.3"}"#),
        ],
    );
    check(&policy, "text/plain", &[("IBAN DE89370400440532013000 ok\n", "IBAN [REDACTED] ok\n")]);
    let emails = KeyPolicy::builder().pii_values(Rule::Email).build().unwrap();
    check(&emails, "text/plain", &[("bob@example.org at 203.0.113.9", "[REDACTED] at 203.0.113.9")]);
    // Without it, it stays.
    let plain = "bob@example.org at 203.0.113.9, +49 30 901820";
    check(&KeyPolicy::default(), "text/plain", &[(plain, plain)]);
}

#[test]
fn names_alone_by_choice() {
    let policy = KeyPolicy::builder().patterns(false).build().unwrap();
    let token = r#"{"a":"ghp_0123456789abcdefghij","n":4111111111111111}"#;
    check(&policy, JSON, &[(token, token), (r#"{"pin":"hunter2"}"#, r#"{"pin":"[REDACTED]"}"#)]);
}

#[test]
fn headers_of_ones_own_are_hidden() {
    let policy = KeyPolicy::builder().deny("x-request-id").build().unwrap();
    check(&policy, "header", &[("X-Request-Id: hunter2", "X-Request-Id: [REDACTED]")]);
    _ = KeyPolicyBuilder::default();
}

#[test]
fn a_policy_knows_how_often_each_rule_was_used() {
    let check = |rule: Rule, expected: u64, mask: &dyn Fn(&KeyPolicy)| {
        let policy = KeyPolicy::default();
        let clone = policy.clone();
        mask(&clone);
        mask(&policy);
        assert_eq!(policy.total(rule), 2 * expected, "{rule}");
        let other = Rule::ALL.into_iter().filter(|&other| other != rule).map(|rule| policy.total(rule)).sum::<u64>();
        assert_eq!(other, 0, "{rule}");
    };
    let capture = |policy: &KeyPolicy, body: &[u8]| {
        let mut redactor = Redactor::new(policy, Media::Json, 8192);
        redactor.feed(body);
        _ = redactor.finish(End::Complete);
    };
    check(Rule::Name, 2, &|policy| _ = policy.query("token=a&page=2&password=b"));
    check(Rule::Header, 1, &|policy| _ = policy.header("authorization", b"Bearer abc"));
    check(Rule::Cookie, 2, &|policy| _ = policy.cookie("a=1; b=2"));
    check(Rule::Userinfo, 1, &|policy| _ = policy.url("https://bob:pw@example.org/"));
    check(Rule::Name, 1, &|policy| _ = policy.text("password=hunter2"));
    check(Rule::Name, 1, &|policy| _ = policy.free_text("password=hunter2", End::Complete));
    check(Rule::Name, 1, &|policy| capture(policy, br#"{"password":"hunter2"}"#));
    check(Rule::LostSync, 1, &|policy| capture(policy, br#"{"a":1]"#));
    check(Rule::Unreadable, 1, &|policy| capture(policy, b"\x1f\x8b\x08\x00"));
    check(Rule::Name, 1, &|policy| {
        let mut stream = Stream::of(policy, &"query".parse().unwrap());
        _ = stream.feed(b"token=abc");
        _ = stream.finish(End::Complete);
    });
    check(Rule::Card, 1, &|policy| {
        let mut parts = MaskedParts::builder();
        parts.push_text(policy, b"agent 4111111111111111", 256);
        assert_eq!(parts.build().get(0), "agent [REDACTED]");
    });
    check(Rule::Name, 0, &|policy| _ = policy.query("page=2"));
}
