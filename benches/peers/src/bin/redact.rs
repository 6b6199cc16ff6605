//! The usual ways to redact JSON: `redact MODE BODY ROUNDS`, as the binary of that name beside it.
//!
//! Modes: `serde_json` (a tree, a walk, and the text again), `simd-json` and `sonic-rs` (the same with their trees), `regex`
//! (five patterns in one set, each run where the set says that it fits).

#[path = "../../../src/bodies.rs"]
#[allow(dead_code, reason = "headers and the URL are for the binary that has them")]
mod bodies;
#[path = "../../../src/report.rs"]
mod report;

use std::hint::black_box;
use std::process::ExitCode;

use regex::{Captures, Regex, RegexSet};
use report::report;
use serde_json::Value;
use simd_json::OwnedValue;
use simd_json::prelude::*;
use sonic_rs::{JsonValueMutTrait, JsonValueTrait};

const MASK: &str = "[REDACTED]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, body, rounds] = arguments.as_slice() else { return usage() };
    let (Some(body), Ok(rounds)) = (bodies::named(body), rounds.parse()) else { return usage() };
    match mode.as_str() {
        "serde_json" => report(body.len(), rounds, || {
            let mut value: Value = serde_json::from_str(black_box(&body)).expect("valid");
            walk(&mut value);
            black_box(serde_json::to_string(&value).expect("text"));
        }),
        "simd-json" => report(body.len(), rounds, || {
            let mut bytes = black_box(&body).as_bytes().to_vec();
            let mut value = simd_json::to_owned_value(&mut bytes).expect("valid");
            walk_simd(&mut value);
            black_box(simd_json::to_string(&value).expect("text"));
        }),
        "sonic-rs" => report(body.len(), rounds, || {
            let mut value: sonic_rs::Value = sonic_rs::from_str(black_box(&body)).expect("valid");
            walk_sonic(&mut value);
            black_box(sonic_rs::to_string(&value).expect("text"));
        }),
        "regex" => {
            let patterns = Patterns::new();
            report(body.len(), rounds, || drop(black_box(patterns.mask(black_box(&body)))));
        }
        _ => return usage(),
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("usage: redact serde_json|simd-json|sonic-rs|regex api|chat|large ROUNDS");
    ExitCode::from(2)
}

/// As such walks are written: the name in small letters, and a list of what it must not hold.
fn is_denied(name: &str) -> bool {
    const DENIED: [&str; 12] = [
        "password",
        "passwd",
        "secret",
        "api_key",
        "apikey",
        "access_token",
        "refresh_token",
        "authorization",
        "private_key",
        "client_secret",
        "credential",
        "session_id",
    ];
    let name = name.to_ascii_lowercase();
    DENIED.iter().any(|denied| name.contains(denied))
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if is_denied(name) { *value = Value::from(MASK) } else { walk(value) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(walk),
        _ => {}
    }
}

fn walk_simd(value: &mut OwnedValue) {
    if let Some(members) = value.as_object_mut() {
        for (name, value) in members.iter_mut() {
            if is_denied(name) { *value = OwnedValue::from(MASK) } else { walk_simd(value) }
        }
    } else if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(walk_simd);
    }
}

fn walk_sonic(value: &mut sonic_rs::Value) {
    if value.is_object() {
        let members = value.as_object_mut().expect("an object");
        for (name, value) in members.iter_mut() {
            if is_denied(name) { *value = sonic_rs::Value::from(MASK) } else { walk_sonic(value) }
        }
    } else if value.is_array() {
        value.as_array_mut().expect("an array").iter_mut().for_each(walk_sonic);
    }
}

/// What is found on the web: names in JSON, bearer tokens, tokens of vendors, JWTs, card numbers.
struct Patterns {
    set: RegexSet,
    each: Vec<Regex>,
}

impl Patterns {
    fn new() -> Self {
        const PATTERNS: [&str; 5] = [
            r#"(?i)("[^"]*(?:password|passwd|secret|api_?key|token|authorization|credential)[^"]*"\s*:\s*)"[^"]*""#,
            r"(?i)(bearer\s+)[a-z0-9._~+/=-]+",
            r"(\b)(?:gh[pousr]_|glpat-|xox[abp]-|sk-)[A-Za-z0-9_-]{16,}",
            r"(\b)eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
            r"(\b)(?:\d[ -]?){13,16}\b",
        ];
        let each = PATTERNS.iter().map(|pattern| Regex::new(pattern).expect("a pattern")).collect();
        Self { set: RegexSet::new(PATTERNS).expect("patterns"), each }
    }

    fn mask(&self, body: &str) -> String {
        let mut text = body.to_owned();
        for index in self.set.matches(body) {
            let mask = |found: &Captures<'_>| format!("{}\"{MASK}\"", &found[1]);
            text = self.each[index].replace_all(&text, mask).into_owned();
        }
        text
    }
}
