//! Many texts looked at at once: none is passed that the policy would change, and few others are held up.
#![allow(clippy::unwrap_used, reason = "a test says by it what went wrong")]

use cupola_redact::{End, KeyPolicy};

/// A small generator: the same texts on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// Parts of secrets, of what is next to them, and of what looks like them.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "password", "token", "api_key", "customer_ref", "user", "tokens", "sid", "value", "name", "invalid token", "x-auth",
    "=", ":", ": ", "=\"", "\"", "'", ">", "<", "%", "%3D", "%253d", "%3A", "::", " = ", ":=", "&", "?", ";", "&amp;", "\\", "\\\"",
    "-", "--", " -", " --", "-p", " --password ", "--token", "-u bob:pw", " -u bob ", "(-", ",-", "\t-", "\n-", "\n", "\t", " ", "  ",
    "eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxIn0", ".sig", "eyJ", "AKIA", "IOSFODNN7EXAMPLE", "ghp_", "0123456789abcdefghij", "sk-", "sk_live_",
    "xoxb-", "github_pat_", "glpat-", "npm_", "SG.", "AIza", "whsec_", "://", ":\\/\\/", "https://", "bob:pw@", "@", "example.org", "/", "/path",
    "hooks.slack.com/services/", "Bearer", "bearer ", "BEARER\t", "Basic+", "Basic%20", "dXNlcjpwYXNz", "-----BEGIN ", "PRIVATE KEY", "-----",
    "-----END ", "110201543", ":AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111", "411111111",
    "1111", "5555555555554444", "0", "12", "1795232762123", "2026-11-20T05:18:01.5Z", "12:30:01", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "a", "é",
    "\u{202e}", "vm-00017", "hv-001.eu-west-2.example", "queue::worker", "bob@example.org", "203.0.113.9", "+49 30 901820", "[REDACTED]", "\0", "x",
];

fn policies() -> Vec<KeyPolicy> {
    let built = |builder: cupola_redact::KeyPolicyBuilder| builder.build().unwrap();
    vec![
        KeyPolicy::default(),
        built(KeyPolicy::builder().deny("customer_ref").keep("sid").deny("a")),
        built(KeyPolicy::builder().patterns(false)),
        built(KeyPolicy::builder().pii()),
    ]
}

/// Which of the texts are suspect, after it was made sure that all others stay as they are.
fn suspects(policy: &KeyPolicy, texts: &[String]) -> Vec<u32> {
    let mut ends = Vec::new();
    let mut bytes = Vec::new();
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
        ends.push(u32::try_from(bytes.len()).unwrap());
    }
    let found = policy.suspects(&bytes, &ends);
    assert!(found.is_sorted() && found.iter().all(|place| (*place as usize) < texts.len()), "{found:?}");
    for (place, text) in (0..).zip(texts) {
        let is_changed = policy.free_text(text, End::Complete) != *text;
        assert!(!is_changed || found.binary_search(&place).is_ok(), "{text:?} among {texts:?}");
    }
    found
}

#[test]
fn what_is_changed_is_always_suspect() {
    let (policies, mut random) = (policies(), Random(11));
    let mut changed = 0;
    for _ in 0..2_000 {
        let text = |random: &mut Random| (0..random.below(7)).map(|_| random.pick(PIECES)).collect::<String>();
        let texts: Vec<String> = (0..random.below(40)).map(|_| text(&mut random)).collect();
        for policy in &policies {
            suspects(policy, &texts);
        }
        let policy = &policies[0];
        changed += texts.iter().filter(|text| policy.free_text(text, End::Complete) != **text).count();
    }
    assert!(changed > 3_000, "{changed}: the pieces make secrets often");
}

#[test]
fn every_byte_next_to_a_secret_is_tried() {
    let policy = KeyPolicy::default();
    for secret in
        ["pin=1234", "-p --password x", "4111111111111111", "ghp_0123456789abcdef", "https://bob:pw@example.org"]
    {
        for byte in 0..128_u8 {
            let other = String::from(char::from(byte));
            // The texts beside it say nothing of it.
            let texts = [other.repeat(20), secret.to_owned(), other.clone(), format!("{other}{secret}{other}"), other];
            let found = suspects(&policy, &texts);
            assert!(found.contains(&1), "{secret} beside {byte:#x}");
        }
    }
}

#[test]
fn of_what_is_common_nothing_is_suspect() {
    let policy = KeyPolicy::default();
    #[rustfmt::skip]
    let texts = [
        "machine is up", "GET /vms/{id} 200 in 12 ms", "hv-001.eu-west-2.example", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "page 7 of 12: all is well",
        "vm_provisioner::queue", "attempt=2 took=17ms", "2026-11-20T05:18:01.123Z", "https://example.org/a?b=c", "1795232762123", "4111111111111112",
        "--flag", "- a - b", "", "author: bob", "Basic authentication is off", "-", "12345", "678901234567890",
    ];
    assert_eq!(suspects(&policy, &texts.map(str::to_owned)), []);
    assert_eq!(policy.suspects(b"", &[]), []);
}

#[test]
fn ends_that_are_none_make_all_suspect() {
    let policy = KeyPolicy::default();
    for ends in [&[3, 2, 4][..], &[2, 3], &[9]] {
        assert_eq!(policy.suspects(b"abcd", ends).len(), ends.len(), "{ends:?}");
    }
}
