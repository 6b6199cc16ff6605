//! What expressions are read as, and that nothing that anybody types is too much.

use super::*;
use crate::seeded::Seeded;

fn meaning() -> Meaning {
    Meaning { now: "2026-11-21T12:00:00+00:00[UTC]".parse().unwrap(), ignore_case: false }
}

/// As it was understood, every part with its parentheses.
fn spelled(expression: &Expression) -> String {
    let joined = |parts: &[Expression], sign: &str| parts.iter().map(spelled).collect::<Vec<_>>().join(sign);
    match expression {
        Expression::All(parts) => format!("({})", joined(parts, " and ")),
        Expression::Any(parts) => format!("({})", joined(parts, " or ")),
        Expression::Not(part) => format!("not {}", spelled(part)),
        Expression::Test(Test::Text(text)) if text.is_word() => format!("word {}", text.as_str()),
        Expression::Test(Test::Text(text)) => format!("text {}", text.as_str()),
        Expression::Test(Test::Field { name, relation, value: Operand::Plain(text, number) }) => {
            format!("{name} {relation:?} {text} {number:?}")
        }
        Expression::Test(Test::Regex(_)) => "regex".to_owned(),
        Expression::Test(test) => format!("{test:?}"),
    }
}

#[test]
fn what_is_meant() {
    let check = |text: &str, expected: &str| {
        assert_eq!(spelled(&parse(text, &meaning()).unwrap_or_else(|error| panic!("{error}"))), expected, "{text}");
    };
    check("slow", "word slow");
    check("time-out", "text time-out");
    check("\"slow\"", "text slow");
    check("-slow", "not word slow");
    check("a -b", "(word a and not word b)");
    check("a-b", "text a-b");
    check("-\"two words\"", "not text two words");
    check("-status=500", "not status Equal 500 Some(500.0)");
    check("-(a or b)", "not (word a or word b)");
    check("-/a/", "not regex");
    check("!-a", "not not word a");
    check("-5", "text -5");
    check("x=-5", "x Equal -5 Some(-5.0)");
    check("--force", "text --force");
    check("a - b", "(word a and text - and word b)");
    check("duration>1.5s", "duration Greater 1.5s Some(1500.0)");
    check("level>=warn", "Level(GreaterOrEqual, Warn)");
    check("severity=err", "Level(Equal, Error)");
    check("a or b c and not d", "(word a or (word b and word c and not word d))");
    check("user=", "not Has(\"user\")");
    check("user!=", "not not Has(\"user\")");
}

#[test]
fn what_is_wrong_and_where() {
    let check = |text: &str, at: usize, part: &str| {
        let error = parse(text, &meaning()).unwrap_err();
        assert!(error.at() == at && error.message().contains(part), "{text}: {error}");
    };
    check("status=500)", 10, "unexpected `)`");
    check("a | b", 2, "unexpected `|`");
    check("é=1 or", 7, "expected a test");
    check("-(a", 1, "`(` without its `)`");
    check("a message~(", 10, "not a regular expression");
    check("level=loud", 6, "trace, debug, info, warn or error");
    check("a \"b", 2, "a quote without its end");
}

#[test]
fn bounds_are_told() {
    let check = |text: String, at: usize, part: &str| {
        let error = parse(&text, &meaning()).unwrap_err();
        assert!(error.at() == at && error.message().contains(part), "{error}");
        assert!(error.to_string().len() < 3 * MAX_BYTES);
    };
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(MAX_DEPTH), &meaning()).is_ok());
    check(nested(MAX_DEPTH + 1), MAX_DEPTH + 1, "at most 32");
    check("not ".repeat(1_000) + "a", 4 * (MAX_DEPTH + 1), "at most 32");
    check(format!("-{}", "!".repeat(4_000)), MAX_DEPTH + 1, "at most 32");
    assert!(parse("a ".repeat(MAX_TESTS).trim_end(), &meaning()).is_ok());
    check("a ".repeat(MAX_TESTS + 1), 2 * MAX_TESTS, "at most 64");
    assert!(parse(&"a".repeat(MAX_BYTES), &meaning()).is_ok());
    check("a".repeat(MAX_BYTES + 1), MAX_BYTES, "at most 4096 bytes");
    check("é".repeat(MAX_BYTES), MAX_BYTES, "at most 4096 bytes");
    check("/(a{1000}){1000}/".to_owned(), 1, "at most 1 MiB");
    check("x~\\pL{500}".to_owned(), 2, "at most 1 MiB");
    check(format!("/{}/", "(".repeat(4_000)), 1, "not a regular expression");
    assert!(text(&"a".repeat(MAX_BYTES + 1), &meaning()).is_err());
    assert!(field("route", &"*".repeat(MAX_BYTES + 1), &meaning()).is_err());
    let folded = Meaning { ignore_case: true, ..meaning() };
    assert!(parse(&"k".repeat(MAX_BYTES), &folded).is_ok());
}

#[test]
fn no_text_is_too_odd() {
    const PIECES: &[&str] = &[
        "a",
        "level",
        "time",
        "status",
        "duration",
        "=",
        "!=",
        ">=",
        "<",
        "~",
        "!~",
        "-",
        "!",
        "not ",
        "or ",
        " and ",
        "||",
        "&&",
        "(",
        ")",
        "\"",
        "'",
        "/",
        "\\",
        "*",
        "5xx",
        "warn",
        "-1",
        "1s",
        "é",
        "日本",
        "\u{3000}",
        "\u{0}",
        "\n",
        " ",
        "{9}",
        "[",
        "x{99}",
        "10m ago",
        "2026-11-21",
        "|",
        "&",
        "µs",
        "𝒳",
    ];
    let mut seeded = Seeded(7);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let text: String = (0..seeded.below(12)).map(|_| *seeded.pick(PIECES)).collect();
        let meaning = Meaning { ignore_case: seeded.below(2) == 0, ..meaning() };
        match parse(&text, &meaning) {
            Ok(_) => read += 1,
            Err(error) => {
                refused += 1;
                assert!(text.is_char_boundary(error.at()), "{text:?} at {}", error.at());
                let shown = error.to_string();
                assert!(shown.contains(error.message()) && shown.ends_with('^'), "{shown}");
            }
        }
    }
    assert!(read > 2_000 && refused > 2_000, "{read} {refused}");
}
