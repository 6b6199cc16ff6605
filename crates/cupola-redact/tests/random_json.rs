//! Random JSON documents, compared with what a parser says about them.

use cupola_redact::{End, KeyPolicy, Media, Position, REDACTED, Redactor, Verdict};
use serde_json::Value;

/// A small generator: the same documents on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn blank(&mut self) -> &'static str {
        self.pick(&["", "", "", " ", "\n", "\t ", "\r\n"])
    }

    fn document(&mut self, out: &mut String, depth: usize) {
        out.push_str(self.blank());
        match self.below(if depth == 0 { 5 } else { 8 }) {
            0 => out.push_str(self.pick(&["true", "false", "null"])),
            1 => out.push_str(self.pick(&["0", "-1.5e+3", "10", "0.10", "123456789", "1234567812345678"])),
            2..=4 => self.string(out),
            5 => self.list(out, depth, '[', ']', false),
            _ => self.list(out, depth, '{', '}', true),
        }
        out.push_str(self.blank());
    }

    fn list(&mut self, out: &mut String, depth: usize, open: char, close: char, named: bool) {
        out.push(open);
        for index in 0..self.below(4) {
            if index > 0 {
                out.push(',');
            }
            if named {
                out.push_str(self.blank());
                self.name(out);
                out.push_str(self.blank());
                out.push(':');
            }
            self.document(out, depth - 1);
        }
        out.push_str(self.blank());
        out.push(close);
    }

    /// A name whose letters are escaped now and then.
    fn name(&mut self, out: &mut String) {
        const NAMES: &[&str] =
            &["a", "user", "password", "apiKey", "total_tokens", "token", "author", "auth", "x\"y", "", "session_id"];
        out.push('"');
        for c in self.pick(NAMES).chars() {
            match c {
                '"' => out.push_str("\\\""),
                c if self.below(8) == 0 => out.push_str(&format!("\\u{:04x}", c as u32)),
                c => out.push(c),
            }
        }
        out.push('"');
    }

    /// Without separators, so that nothing in it reads as a name with a value.
    fn string(&mut self, out: &mut String) {
        const PIECES: &[&str] = &["Zq9x", " ", "\\\"", "\\\\", "\\n", "\\u00e9", "{", "}", "[", "]", ",", "ü", "\\/"];
        out.push('"');
        for _ in 0..self.below(6) {
            out.push_str(self.pick(PIECES));
        }
        out.push('"');
    }
}

/// What the redactor should make of a parsed document.
fn masked(policy: &KeyPolicy, value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| masked(policy, item)).collect(),
        Value::Object(members) => {
            let mask = |(name, value): (&String, &Value)| (name.clone(), member(policy, name, value));
            Value::Object(members.iter().map(mask).collect())
        }
        other => other.clone(),
    }
}

fn member(policy: &KeyPolicy, name: &str, value: &Value) -> Value {
    match (policy.verdict_at(name, Position::Body), value) {
        (Verdict::Keep, _) => masked(policy, value),
        (_, Value::Null | Value::Bool(_)) | (Verdict::MaskUnlessNumber, Value::Number(_)) => value.clone(),
        _ => Value::String(REDACTED.into()),
    }
}

fn redact(body: &str, piece: usize) -> String {
    let mut redactor = Redactor::new(&KeyPolicy::default(), Media::Json, usize::MAX);
    body.as_bytes().chunks(piece).for_each(|chunk| redactor.feed(chunk));
    let captured = redactor.finish(End::Complete);
    assert!(!captured.lost_sync, "{body}");
    captured.text.as_str().to_owned()
}

#[test]
fn a_parser_sees_the_same_document_with_masks() {
    let policy = KeyPolicy::default();
    let mut random = Random(42);
    for _ in 0..5_000 {
        let mut body = String::new();
        random.document(&mut body, 5);
        let before: Value = serde_json::from_str(&body).unwrap();
        let redacted = redact(&body, usize::MAX);
        let after: Value = serde_json::from_str(&redacted).unwrap_or_else(|error| panic!("{error}: {redacted}"));
        assert_eq!(after, masked(&policy, &before), "{body}");
        assert_eq!(redact(&body, 1 + random.below(9)), redacted, "{body}");
        assert_eq!(redact(&redacted, usize::MAX), redacted, "twice: {body}");
        if !redacted.contains(REDACTED) {
            assert_eq!(redacted, body, "what holds no secret passes byte for byte");
        }
    }
}
