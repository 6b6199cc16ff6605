//! Expressions as text again, which reads as the same expression.

use std::fmt::{self, Display, Formatter, Write as _};

use jiff::Timestamp;

use super::{Expression, Operand, Pattern, Relation, Test};

/// As it is typed: what [`parse`](super::parse) reads back means the same, whatever was chosen when this one was read. Times are instants.
///
/// ```
/// use cupola_store::language::{Meaning, parse};
///
/// let meaning = Meaning { now: jiff::Zoned::now(), ignore_case: false };
/// let expression = parse("(status=5xx or level>=error) and not route=/health* \"connection ref\"", &meaning)?;
/// assert_eq!(expression.to_string(), r#"(status=5xx or level>=error) not route~"/(?s)^/health.*$/" "connection ref""#);
/// # Ok::<(), cupola_store::language::ParseError>(())
/// ```
impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => joined(parts, " ", f),
            Self::Any(parts) => joined(parts, " or ", f),
            Self::Not(part) => match &**part {
                Self::Test(Test::Has(name)) => write!(f, "{name}="),
                Self::Not(inner) if matches!(**inner, Self::Test(Test::Has(_))) => inner.fmt(f),
                part => {
                    f.write_str("not ")?;
                    within(part, f)
                }
            },
            Self::Test(test) => test.fmt(f),
        }
    }
}

fn joined(parts: &[Expression], sign: &str, f: &mut Formatter<'_>) -> fmt::Result {
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            f.write_str(sign)?;
        }
        within(part, f)?;
    }
    Ok(())
}

/// In parentheses where it has parts.
fn within(part: &Expression, f: &mut Formatter<'_>) -> fmt::Result {
    match part {
        Expression::All(_) | Expression::Any(_) => write!(f, "({part})"),
        Expression::Not(_) | Expression::Test(_) => part.fmt(f),
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Level(relation, level) => {
                write!(f, "level{}{}", relation.sign(), level.as_str().to_ascii_lowercase())
            }
            Self::Since(micros) => write!(f, "timestamp>={}", Instant(*micros)),
            Self::Until(micros) => write!(f, "timestamp<{}", Instant(*micros)),
            Self::Field { name, relation, value } => compared(name, *relation, value, f),
            Self::Has(name) => write!(f, "{name}!="),
            Self::Text(text) if text.is_word() => f.write_str(text.as_str()),
            Self::Text(text) => quoted(text.as_str(), f),
            Self::Regex(pattern) => {
                let pattern = typed(pattern).replace('/', "\\/");
                // What stands behind a backslash would be no end.
                let end = if pattern.ends_with('\\') { "(?:)" } else { "" };
                write!(f, "/{pattern}{end}/")
            }
        }
    }
}

fn compared(name: &str, relation: Relation, value: &Operand, f: &mut Formatter<'_>) -> fmt::Result {
    match value {
        Operand::StatusClass(class) => write!(f, "{name}{}{class}xx", relation.sign()),
        Operand::Pattern(pattern) => {
            write!(f, "{name}~")?;
            quoted(&format!("/{}/", typed(pattern)), f)
        }
        // In quotes a duration would be no number.
        Operand::Plain(text, Some(_)) if matches!(Operand::plain(text), Operand::Plain(_, None)) => {
            write!(f, "{name}{}{text}", relation.sign())
        }
        Operand::Plain(text, _) => {
            write!(f, "{name}{}", relation.sign())?;
            if is_plain(text) { f.write_str(text) } else { quoted(text, f) }
        }
    }
}

/// Whether a value means itself without quotes.
fn is_plain(text: &str) -> bool {
    let is_class = super::operand::status_class(text).is_some();
    !text.is_empty() && !is_class && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
}

fn quoted(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\n' => f.write_str("\\n")?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}

/// A pattern with what was chosen beside it.
fn typed(pattern: &Pattern) -> String {
    format!("{}{}", if pattern.ignores_case() { "(?i)" } else { "" }, pattern.as_str())
}

struct Instant(i64);

impl Display for Instant {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Timestamp::from_microsecond(self.0).unwrap_or_default().fmt(f)
    }
}

impl Relation {
    fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Matches => "~",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::language::{Meaning, parse};

    fn check(text: &str, ignore_case: bool) {
        let now: jiff::Zoned = "2026-11-21T12:00:00+01:00[Europe/Berlin]".parse().unwrap();
        let first = parse(text, &Meaning { now: now.clone(), ignore_case }).unwrap();
        let shown = first.to_string();
        let again =
            parse(&shown, &Meaning { now, ignore_case: false }).unwrap_or_else(|error| panic!("{shown}: {error}"));
        assert_eq!(again.to_string(), shown, "{text}");
        if !ignore_case && !text.contains(['~', '*', '/']) {
            assert_eq!(format!("{again:?}"), format!("{first:?}"), "{text} {shown}");
        }
    }

    #[test]
    fn what_is_shown_reads_as_the_same() {
        for text in [
            "refused",
            "\"connection ref\" -healthz",
            "level>=warn service=api route=\"/vms/{id}\" duration_ms>500 \"connection refused\" -timeout",
            "status=5xx status!=503 status=\"5xx\"",
            "duration_ms>1.5s or duration_ms<=20 and (a=1 or b=2) not (c=3 d=4)",
            "x= x!=",
            "path=\"a b\\\\\\\"c\\nd\"",
            "since=5 timestamp>=2026-11-21 timestamp<\"2026-11-21 03:46\" timestamp=yesterday",
            "user_id=\"123456789012345678\" name=ünïcode empty=\"\" negative=-5",
            "route=/vms/* message~time.?out message~\"/a\\\\/b/\" /re\\/ge.x/ /ends\\\\(?:)/",
            "not not not a=1",
        ] {
            check(text, false);
            check(text, true);
        }
    }
}
