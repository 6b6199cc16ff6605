//! No text panics any redactor, and none around a denied pair of a query uncovers it.
#![no_main]

use cupola_redact::{KeyPolicy, MaskedParts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let policy = KeyPolicy::default();
    let secret = format!("{text}&password=Zq9xZq9x&{text}");
    assert!(!policy.query(&secret).as_str().contains("=Zq9x"));
    _ = (policy.url(text), policy.path(text), policy.cookie(text), policy.set_cookie(text), policy.text(text));
    _ = (policy.header("link", text.as_bytes()), policy.header("user-agent", text.as_bytes()), policy.verdict(text));
    let mut parts = MaskedParts::builder();
    parts.push_text(&policy, text.as_bytes(), 16);
    assert!(parts.build().get(0).len() <= 16);
});
