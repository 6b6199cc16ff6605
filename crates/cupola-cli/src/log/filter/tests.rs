//! What expressions mean, and that the plan never changes what they find.

use cupola_store::language::{Meaning, Operand, Test, parse};
use jiff::Zoned;

use super::*;
use crate::log::dialect::canonical_key;

fn meaning() -> Meaning {
    let now: Zoned = "2026-11-21T12:00:00+00:00[UTC]".parse().unwrap();
    Meaning { now, ignore_case: false }
}

fn filter(expression: &str) -> Filter {
    Filter::new(Some(parse(expression, &meaning()).unwrap_or_else(|error| panic!("{error}"))))
}

/// Which lines of a text match, by their places, and what became of the others.
fn selected(filter: &Filter, text: &[u8]) -> (Vec<usize>, Tally) {
    let block = Block { bytes: text, ..Block::default() };
    let (mut found, mut tally, mut scratch) = (Vec::new(), Tally::default(), Vec::new());
    filter.select(block, &mut scratch, &mut tally, |raw, _| found.push(raw.at));
    tally.shown = found.len() as u64;
    (found, tally)
}

const LINE: &str = r#"{"timestamp":"2026-11-21T03:46:02.123456Z","level":"WARN","target":"app::db","category":"general","message":"slow \"query\"","status":503,"route":"/vms/{id}","duration_ms":812.5,"user":"u 1","ok":true,"none":null,"empty":"","error":{"kind":"Timeout","code":{"n":7}},"request_id":"12345678901234567890"}"#;

#[test]
fn expressions() {
    let check = |expression: &str, expected: bool| {
        let (found, _) = selected(&filter(expression), LINE.as_bytes());
        assert_eq!(!found.is_empty(), expected, "{expression}");
    };
    for expression in [
        "status=503",
        "status=5xx",
        "status!=404",
        "status>=500 and status<600",
        "level=warn",
        "level>=info",
        "level!=error",
        "not level=error",
        "! level=error",
        "duration_ms>500",
        "duration>500ms",
        "duration<1s",
        "route=/vms/{id}",
        "route=/vms/*",
        "route!=/vms",
        "http.route=/vms/{id}",
        "message~slow",
        "message~/^slow/",
        "message!~fast",
        "msg=\"slow \\\"query\\\"\"",
        "user=\"u 1\"",
        "user='u 1'",
        "ok=true",
        "none=null",
        "error.kind=Timeout",
        "error.code.n>=7",
        "missing=",
        "empty=",
        "none=",
        "user!=",
        "missing!=x",
        "request_id=12345678901234567890",
        "slow",
        "\"slow \\\"query\\\"\"",
        "'slow'",
        "/sl.w/",
        "(status=404 or status=503) level>=warn",
        "status=404 or (level=warn and not (route=/x or user=y))",
        "NOT status=404 AND slow",
        "status=503 || status=1",
        "time>=2026-11-21 time<=2026-11-21",
        "timestamp=2026-11-21",
        "time>'2026-11-21 03:45'",
        "target=app::db",
        "-status=404",
        "-fast slow",
        "-(status=404 or fast)",
        "-\"slow down\"",
        "lo",
    ] {
        check(expression, true);
    }
    for expression in [
        "status=404",
        "status=4xx",
        "level>warn",
        "level=error",
        "duration_ms>1000",
        "duration>1s",
        "route=/vms",
        "user!=\"u 1\"",
        "user=",
        "missing!=",
        "missing=x",
        "missing>1",
        "user>1",
        "request_id=12345678901234567891",
        "fast",
        "/SLOW/",
        "status=503 and not slow",
        "status=503 -slow",
        "-level>=warn",
        "Slow",
        "time<2026-11-21",
        "time>2026-11-21",
    ] {
        check(expression, false);
    }
}

#[test]
fn case_may_not_matter() {
    let meaning = Meaning { ignore_case: true, ..meaning() };
    for expression in ["SLOW", "/SLOW/", "message~SLOW", "route=/VMS/*"] {
        let filter = Filter::new(Some(parse(expression, &meaning).unwrap()));
        assert_eq!(selected(&filter, LINE.as_bytes()).0.len(), 1, "{expression}");
    }
}

#[test]
fn names_are_read_as_the_dialects_have_them() {
    let read_as = |name: &str, value: &str| match parse(&format!("{name}>={value}"), &meaning()) {
        Ok(Expression::Test(Test::Level(..))) => Some("level"),
        Ok(Expression::Test(Test::Since(_))) => Some("timestamp"),
        Ok(Expression::Test(Test::Field { value: Operand::Plain(_, Some(1_000.0)), .. })) => Some("duration_ms"),
        _ => None,
    };
    for name in [
        "level",
        "severity",
        "log.level",
        "severityText",
        "severity_text",
        "SeverityText",
        "@l",
        "lvl",
        "levelname",
        "level_name",
        "loglevel",
        "log_level",
        "severityNumber",
        "timestamp",
        "@timestamp",
        "time",
        "ts",
        "@t",
        "Timestamp",
        "timeUnixNano",
        "time_unix_nano",
        "t",
        "date",
        "duration_ms",
        "responseTime",
        "response_time_ms",
        "elapsed_ms",
        "latency_ms",
        "event.duration",
        "duration_ns",
        "duration_us",
        "duration_s",
        "duration_seconds",
        "request_time",
        "duration",
        "latency",
        "elapsed",
        "took",
        "status",
        "message",
        "level2",
    ] {
        let known = canonical_key(name).filter(|key| ["level", "timestamp", "duration_ms"].contains(key));
        let found = ["warn", "yesterday", "1s"].into_iter().find_map(|value| read_as(name, value));
        assert_eq!(found, known, "{name}");
    }
}

#[test]
fn errors_name_the_place_and_what_is_accepted() {
    let check = |expression: &str, at: usize, part: &str| {
        let error = parse(expression, &meaning()).unwrap_err().to_string();
        let caret = error.lines().last().unwrap().find('^').unwrap() - 2;
        assert!(caret == at && error.contains(part), "{expression}: {error}");
        assert!(error.lines().nth(1).unwrap().contains(expression), "{error}");
    };
    check("", 0, "expected a test such as level>=warn");
    check("status=500 and", 14, "expected a test");
    check("(status=500", 0, "`(` without its `)`");
    check("status=500)", 10, "unexpected `)`");
    check("level=loud", 6, "trace, debug, info, warn or error");
    check("status>", 7, "expected a value");
    check("message~(", 8, "not a regular expression");
    check("/a(/", 1, "not a regular expression");
    check("/a", 0, "`/` without its `/`");
    check("\"a", 0, "a quote without its end");
    check("time>soon", 5, "yesterday");
    check("=5", 0, "expected a test");
    check("é=1 or", 6, "expected a test");
}

/// Lines of all kinds, each with one thing that an expression may ask for.
fn lines() -> Vec<String> {
    let own =
        |rest: &str| format!(r#"{{"timestamp":"2026-11-21T03:46:02.123456Z","level":"INFO","target":"a"{rest}}}"#);
    let mut lines = vec![LINE.to_owned()];
    for rest in [
        "",
        r#","level":"ERROR""#,
        r#","lev\u0065l":"ERROR""#,
        r#","level" : "ERROR""#,
        r#","severity":"ERROR""#,
        r#","timestamp":"2020-01-01T00:00:00.000000Z""#,
        r#","route":"/vms/7""#,
        r#","route":"\/vms\/7""#,
        r#","route":"\u002fvms/7""#,
        r#", "route" : "/vms/7""#,
        r#","route":"/vms/7","route":"/other""#,
        r#","status":503"#,
        r#","status":5.03e2"#,
        r#","status":"503""#,
        r#","status" : 503"#,
        r#","status":503,"status":200"#,
        r#","note":{"status":503}"#,
        r#","statusCode":503"#,
        r#","duration_ms":1200.5"#,
        r#","note":"\u0073low""#,
        r#","note":"slow","n":1"#,
        r#","note":"\u001b[31m""#,
        r#","request":{"id":"r-1"}"#,
        r#","request_id":"r-1""#,
        r#","request_id":"\u0072-1""#,
        r#","torn":"r-1"#,
    ] {
        lines.push(own(rest));
    }
    lines.push(own(r#","request_id":"r-1""#).trim_end_matches('}').to_owned());
    for line in [
        r#"{"level":50,"time":1795232762123,"req":{"id":"r-1","url":"/vms/7"},"res":{"statusCode":503},"msg":"slow"}"#,
        r#"{"timestamp": "2026-11-21T03:46:02Z", "level": "error", "event": "slow", "request_id": "r-1"}"#,
        r#"{"ts":1577836800,"level":"error","msg":"old"}"#,
        r#"{"traceId":"r-1","severityNumber":17,"attributes":[{"key":"http.route","value":{"stringValue":"/vms/7"}}]}"#,
        "plain text that is slow",
        "plain text, r-1 in it",
        "",
        "   ",
        "[1,2]",
        "{\"broken\":}",
        "{\"torn\":\"slow",
    ] {
        lines.push(line.to_owned());
    }
    lines
}

#[test]
fn the_plan_never_changes_the_answer() {
    let expressions = [
        "level>=error",
        "level=info",
        "level>=warn route=/vms/7",
        "route=/vms/7",
        "route=/vms/7 or request_id=r-1",
        "status=503",
        "status=5xx or slow",
        "status=5xx",
        "status=404 or status>=503 or duration_ms>1000",
        "statusCode=503",
        "duration>1s",
        "status<500 level=info",
        "status!=503",
        "note.status=503",
        "request_id=r-1",
        "trace_id=r-1 or request_id=r-1",
        "slow",
        "\"r-1\"",
        "not slow",
        "not (level>=error or route=/vms/7)",
        "time>=2026-01-01",
        "time<2026-01-01",
        "time>=2026-01-01 time<2027-01-01 slow",
        "time<2026-01-01 or level>=error",
        "level>=error and (slow or request_id=r-1)",
        "/sl.w/ or route=/vms/7",
        "route=/vms/7 or request_id=r-1 or slow",
        "route=/vms/7 or request_id=r-1 or slow or \"r-1\" or trace_id=r-2",
    ];
    let lines = lines();
    // Each line alone, all of them, and all of them the other way round: what is found may not hang on what stands beside it.
    let mut texts: Vec<String> = lines.clone();
    texts.push(lines.join("\n"));
    texts.push(lines.iter().rev().map(String::as_str).collect::<Vec<_>>().join("\r\n"));
    let mut matched = 0;
    for expression in expressions {
        let planned = filter(expression);
        let plain = Filter { expression: planned.expression.clone(), plan: Plan::default(), keeps_others: false };
        for text in &texts {
            let found = selected(&planned, text.as_bytes());
            let expected = selected(&plain, text.as_bytes());
            assert_eq!(found.0, expected.0, "{expression}: {text}");
            // A line of our own writer that was damaged in its middle may pass for one that does not match.
            if !text.contains("torn\":\"r-1}") {
                assert_eq!(found.1, expected.1, "{expression}: {text}");
            }
            matched += found.0.len();
            let tally = found.1;
            let parts = tally.shown + tally.unmatched + tally.blank + tally.unparsable + tally.torn;
            assert_eq!(parts, tally.lines, "{tally:?}");
        }
    }
    assert!(matched > 100, "{matched}");
}

#[test]
fn lines_that_are_no_entries() {
    let text = b"plain slow\n{\"torn\":\"slow\n{\"a\":}\n\n{\"msg\":\"slow\"}";
    let check = |filter: &Filter, found, unparsable, torn| {
        let (places, tally) = selected(filter, text);
        assert_eq!((places.len(), tally.unparsable, tally.torn, tally.blank), (found, unparsable, torn, 1));
    };
    check(&Filter::default(), 4, 0, 0);
    check(&filter("slow"), 3, 0, 0);
    check(&filter("message=slow"), 1, 2, 1);
    check(&filter("level>=error"), 0, 2, 1);
}
