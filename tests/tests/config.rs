//! Each variable: a bad value is one clear error, an empty one is unset.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::process::Command;

use cupola_tests::builder;

/// A variable, values that are not accepted, and what its error says is.
const CHECKED: [(&str, &[&str], &str); 20] = [
    ("CUPOLA_TRUST", &["everyone", "1"], TRUST),
    ("CUPOLA_FOREIGN_SAMPLED_PER_SECOND", &["all", "-1"], "a number of traces"),
    ("CUPOLA_REQUEST_ID", &["uuid9", "snowflake"], "uuid7, uuid4, ulid or trace-id"),
    ("CUPOLA_SLOW_MS", &["soon", "-1", "0", "1.5", "5s"], MILLISECONDS),
    ("CUPOLA_TIMEOUT_MS", &["soon", "-1", "0", "99999999999999999999"], MILLISECONDS),
    ("CUPOLA_HOLD_BACK", &["info", "true"], "debug, trace or off"),
    ("CUPOLA_WATCHDOG_MS", &["never", "-1", "0", "10s"], MILLISECONDS),
    ("CUPOLA_SHUTDOWN_MS", &["soon", "-1", "0", "10s"], MILLISECONDS),
    ("CUPOLA_SKIP", &["healthz", "/healthz,assets/*", "*"], "paths that begin with /, separated by commas"),
    ("CUPOLA_BODIES", &["maybe", "2"], "true or false"),
    ("CUPOLA_BODY_BYTES", &["8k", "-1"], "a number of bytes"),
    ("CUPOLA_HEADERS", &["all"], "true or false"),
    ("CUPOLA_CALL_BODIES", &["maybe"], "true or false"),
    ("CUPOLA_CALL_HEADERS", &["all"], "true or false"),
    ("CUPOLA_REQUEST_START", &["start"], "true or false"),
    ("LOG_API_CALLS", &["none"], "true or false"),
    ("LOG_FORMAT", &["xml", "jsonl"], "json, pretty or text"),
    ("LOG_LEVEL", &["loud", "info,app=debug"], "error, warn, info, debug, trace or off"),
    ("RUST_LOG", &["app=loud", "app[=debug", "a=b=c"], "directives such as `info` or `warn,my_app=debug`"),
    ("CUPOLA_LOG_QUEUE_BYTES", &["0", "1000", "16M", "-1"], "a number of bytes, at least 524288"),
];

const TRUST: &str =
    "never, private, always or peers:10.0.0.0/8,fd00::/8 (your networks), and behind a proxy ;hops=1 after it";

const MILLISECONDS: &str = "a number of milliseconds, at least 1";

/// What takes any text.
const FREE: [&str; 4] =
    ["OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS", "NO_COLOR", "OTEL_SERVICE_NAME", "OTEL_PROPAGATORS"];

#[test]
fn a_bad_value_is_one_error_that_names_the_variable_the_value_and_what_is_accepted() {
    for (name, values, accepted) in CHECKED {
        for value in values {
            let built = builder(&[(name, value)]).output(std::io::sink()).build();
            let error = built.err().unwrap_or_else(|| panic!("{name}={value} is accepted"));
            assert_eq!(error.to_string(), format!("{name} is `{value}`; accepted: {accepted}"));
            assert!(!error.is_already_installed());
        }
    }
}

/// A variable, a value of several parts, and the part that is said to be wrong.
const PARTLY: [(&str, &str, &str); 5] = [
    ("CUPOLA_TRUST", "peers:10.0.0.0/8,fd00::/200", "the prefix of `fd00::/200` is not 0 to 128"),
    ("CUPOLA_TRUST", "peers:10.1.0.0/8", "`10.1.0.0/8` is an address inside a network: 10.0.0.0/8 is the network"),
    ("CUPOLA_TRUST", "private;hops=two", "hops is a number of proxies, 1 to 16"),
    ("OTEL_PROPAGATORS", "tracecontext,xray", "`xray` is no propagator that is known here"),
    ("OTEL_PROPAGATORS", "none,b3", "none stands alone"),
];

#[test]
fn of_a_value_with_parts_the_wrong_one_is_named() {
    for (name, value, part) in PARTLY {
        let error = builder(&[(name, value)]).output(std::io::sink()).build().expect_err(value).to_string();
        assert!(error.starts_with(&format!("{name} is `{value}`: {part}; accepted: ")), "{error}");
    }
}

#[test]
fn an_empty_value_is_unset() {
    let names = CHECKED.iter().map(|(name, _, _)| *name).chain(FREE);
    for (name, value) in names.flat_map(|name| [(name, ""), (name, "  ")]) {
        let cupola = builder(&[(name, value)]).output(std::io::sink()).build();
        let cupola = cupola.unwrap_or_else(|error| panic!("{name} is empty: {error}"));
        assert_eq!(cupola.service(), "tested");
    }
}

#[test]
fn usual_spellings_are_accepted() {
    let pairs = [
        ("CUPOLA_TRUST", "Always"),
        ("CUPOLA_TRUST", "Peers: 10.0.0.0/8, ::1 ; hops=2; header=Forwarded"),
        ("OTEL_PROPAGATORS", "TraceContext, Baggage, B3, b3multi"),
        ("OTEL_PROPAGATORS", "none"),
        ("CUPOLA_REQUEST_ID", "ULID"),
        ("CUPOLA_BODIES", "On"),
        ("LOG_API_CALLS", "0"),
        ("LOG_FORMAT", "JSON"),
        ("LOG_LEVEL", "Warning"),
        ("CUPOLA_SLOW_MS", " 250 "),
        ("RUST_LOG", "info,app[request]=debug"),
        ("CUPOLA_LOG_QUEUE_BYTES", "524288"),
    ];
    for pair in pairs {
        let built = builder(&[pair]).output(std::io::sink()).build();
        assert!(built.is_ok(), "{pair:?}: {}", built.unwrap_err());
    }
}

#[test]
fn the_environment_has_the_last_word_on_the_name() {
    let cupola = builder(&[("OTEL_SERVICE_NAME", "from outside")]).output(std::io::sink()).build().unwrap();
    assert_eq!(cupola.service(), "from outside");
}

#[test]
fn a_process_with_a_bad_value_ends_at_once_and_says_why() {
    let run = |name: &str, value: &std::ffi::OsStr| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
        let output = command.env_clear().env(name, value).output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    };
    let said = run("CUPOLA_SLOW_MS", "soon".as_ref());
    assert!(said.contains("CUPOLA_SLOW_MS is `soon`; accepted: a number of milliseconds"), "{said}");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let said = run("LOG_FORMAT", std::ffi::OsStr::from_bytes(b"js\xffn"));
        assert!(said.contains("LOG_FORMAT is `js\u{fffd}n`"), "{said}");
    }
}
