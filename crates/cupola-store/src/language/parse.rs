//! Expressions as people type them.

use super::error::ParseError;
use super::expression::Expression;
use super::names::{Meant, meant};
use super::operand::{Operand, status_class};
use super::pattern::Pattern;
use super::test::{Relation, Test};
use super::text::Text;
use super::{duration, when};
use crate::level::Level;

/// So long an expression may be, in bytes.
pub const MAX_BYTES: usize = 4_096;

/// So deep parts of an expression may stand inside each other.
pub const MAX_DEPTH: usize = 32;

/// So many tests an expression may have.
pub const MAX_TESTS: usize = 64;

/// What words mean that depend on who asks.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// The time now, in the time zone in which days and times of day are meant.
    pub now: jiff::Zoned,
    /// Texts and patterns match in small letters and capitals.
    pub ignore_case: bool,
}

/// Reads an expression.
///
/// # Errors
/// Where it is none, or one over the bounds; says where, and what is accepted.
pub fn parse(text: &str, meaning: &Meaning) -> Result<Expression, ParseError> {
    let mut parser = Parser::new(text, meaning)?;
    let expression = parser.expression()?;
    parser.skip_space();
    match text[parser.at..].chars().next() {
        None => Ok(expression),
        Some(c) => Err(parser.error(format!("unexpected `{c}`"))),
    }
}

/// A field that is this, with `*` for anything, `5xx` for a class of status.
///
/// # Errors
/// Where the value is over the bounds.
pub fn field(name: &str, value: &str, meaning: &Meaning) -> Result<Expression, ParseError> {
    let parser = Parser::new(value, meaning)?;
    let value = parser.operand(name, Relation::Equal, value, false).map_err(|message| parser.error(message))?;
    Ok(Test::Field { name: name.to_owned(), relation: Relation::Equal, value }.into())
}

/// A text anywhere, as it stands.
///
/// # Errors
/// Where it is over the bounds.
pub fn text(wanted: &str, meaning: &Meaning) -> Result<Expression, ParseError> {
    Parser::new(wanted, meaning)?.text_test(wanted, false, 0)
}

const ACCEPTED: &str = "a test such as level>=warn, status=5xx, duration_ms>500, route=/vms/*, message~time.?out, -healthz, \"text\" or /regex/";

struct Parser<'a> {
    text: &'a str,
    at: usize,
    meaning: &'a Meaning,
    /// How many parts stand around this one.
    depth: usize,
    tests: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, meaning: &'a Meaning) -> Result<Self, ParseError> {
        if text.len() > MAX_BYTES {
            let end = text.floor_char_boundary(MAX_BYTES);
            return Err(ParseError::new(
                &text[..end],
                end,
                format!("too long: an expression has at most {MAX_BYTES} bytes, which end"),
            ));
        }
        Ok(Self { text, at: 0, meaning, depth: 0, tests: 0 })
    }

    fn expression(&mut self) -> Result<Expression, ParseError> {
        let mut parts = vec![self.conjunction()?];
        while self.take_word("or") || self.take("||") {
            parts.push(self.conjunction()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::Any(parts) })
    }

    fn conjunction(&mut self) -> Result<Expression, ParseError> {
        let mut parts = vec![self.part()?];
        loop {
            let joined = self.take_word("and") || self.take("&&");
            if !joined && self.is_at_end_of_conjunction() {
                break;
            }
            parts.push(self.part()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expression::All(parts) })
    }

    fn is_at_end_of_conjunction(&mut self) -> bool {
        self.skip_space();
        let rest = &self.text[self.at..];
        rest.is_empty() || rest.starts_with([')', '|']) || self.is_word("or")
    }

    fn part(&mut self) -> Result<Expression, ParseError> {
        self.skip_space();
        if self.depth > MAX_DEPTH {
            return Err(
                self.error(format!("too deep: at most {MAX_DEPTH} parts stand inside each other, which is passed"))
            );
        }
        self.depth += 1;
        let part = self.part_inside();
        self.depth -= 1;
        part
    }

    fn part_inside(&mut self) -> Result<Expression, ParseError> {
        if self.take_word("not") || self.take("!") || self.take_minus() {
            return Ok(Expression::Not(Box::new(self.part()?)));
        }
        let open = self.at;
        if !self.take("(") {
            return self.test();
        }
        let inner = self.expression()?;
        if !self.take(")") {
            return Err(self.error_at(open, "`(` without its `)`"));
        }
        Ok(inner)
    }

    /// A minus is a not where it cannot be part of a number, or of an option as it is typed behind a command.
    fn take_minus(&mut self) -> bool {
        let next = self.text[self.at..].strip_prefix('-').and_then(|rest| rest.chars().next());
        let found = next.is_some_and(|c| !c.is_ascii_digit() && !c.is_whitespace() && !"-.)=<>~".contains(c));
        self.at += usize::from(found);
        found
    }

    fn test(&mut self) -> Result<Expression, ParseError> {
        self.skip_space();
        let start = self.at;
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(self.error(format!("too many tests: an expression has at most {MAX_TESTS}, the next begins")));
        }
        match self.text[start..].chars().next() {
            None => Err(self.error(format!("expected {ACCEPTED}"))),
            Some('"' | '\'') => {
                let (end, text) = self.quoted()?;
                self.at = end;
                self.text_test(&text, false, start)
            }
            Some('/') => self.regex_test(),
            Some(_) => self.field_test(start),
        }
    }

    fn regex_test(&mut self) -> Result<Expression, ParseError> {
        let start = self.at + 1;
        let mut end = start;
        loop {
            let Some(next) = self.text[end..].find('/') else { return Err(self.error("`/` without its `/`")) };
            end += next;
            if !self.text[..end].ends_with('\\') {
                break;
            }
            end += 1;
        }
        let pattern = self.pattern(&self.text[start..end].replace("\\/", "/"), start)?;
        self.at = end + 1;
        Ok(Test::Regex(pattern).into())
    }

    fn text_test(&self, text: &str, is_bare: bool, at: usize) -> Result<Expression, ParseError> {
        if self.meaning.ignore_case {
            return Ok(Test::Regex(self.pattern(&regex::escape(text), at)?).into());
        }
        let is_word = is_bare && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        Ok(Test::Text(Text::new(text, is_word)).into())
    }

    /// A field, how it stands, and what it is compared with; without these a word.
    fn field_test(&mut self, start: usize) -> Result<Expression, ParseError> {
        let rest = &self.text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || "=<>~!()\"".contains(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        self.at = start + end;
        if name.is_empty() {
            return Err(self.error(format!("expected {ACCEPTED}")));
        }
        let Some((negated, relation)) = self.relation() else { return self.text_test(name, true, start) };
        let at = self.at;
        let value = self.value()?;
        let test = self.compare(name, relation, value, at)?;
        Ok(if negated { Expression::Not(Box::new(test)) } else { test })
    }

    fn relation(&mut self) -> Option<(bool, Relation)> {
        const RELATIONS: [(&str, bool, Relation); 9] = [
            ("!=", true, Relation::Equal),
            ("!~", true, Relation::Matches),
            (">=", false, Relation::GreaterOrEqual),
            ("<=", false, Relation::LessOrEqual),
            ("==", false, Relation::Equal),
            ("=", false, Relation::Equal),
            (">", false, Relation::Greater),
            ("<", false, Relation::Less),
            ("~", false, Relation::Matches),
        ];
        let found = RELATIONS.iter().find(|(sign, ..)| self.text[self.at..].starts_with(sign))?;
        self.at += found.0.len();
        Some((found.1, found.2))
    }

    /// What stands behind a relation, and whether it was quoted.
    fn value(&mut self) -> Result<(String, bool), ParseError> {
        if self.text[self.at..].starts_with(['"', '\'']) {
            let (end, text) = self.quoted()?;
            self.at = end;
            return Ok((text, true));
        }
        let rest = &self.text[self.at..];
        let mut depth = 0_usize;
        let end = rest.find(|c: char| {
            match c {
                '(' => depth += 1,
                ')' if depth == 0 => return true,
                ')' => depth -= 1,
                _ => {}
            }
            c.is_whitespace()
        });
        let end = end.unwrap_or(rest.len());
        self.at += end;
        Ok((rest[..end].to_owned(), false))
    }

    fn compare(
        &self,
        name: &str,
        relation: Relation,
        value: (String, bool),
        at: usize,
    ) -> Result<Expression, ParseError> {
        let (text, quoted) = value;
        let error = |message: String| self.error_at(at, message);
        if relation == Relation::Matches {
            let pattern = text.strip_prefix('/').and_then(|text| text.strip_suffix('/')).unwrap_or(&text);
            let value = Operand::Pattern(self.pattern(pattern, at)?);
            return Ok(Test::Field { name: name.to_owned(), relation, value }.into());
        }
        if text.is_empty() && !quoted {
            return match relation {
                Relation::Equal => Ok(Expression::Not(Box::new(Test::Has(name.to_owned()).into()))),
                _ => Err(error("expected a value".to_owned())),
            };
        }
        match meant(name) {
            Some(Meant::Level) => {
                let level = Level::parse(&text).ok_or_else(|| error(LEVELS.to_owned()))?;
                return Ok(Test::Level(relation, level).into());
            }
            Some(Meant::Time) => return when::test(relation, &text, &self.meaning.now).map_err(error),
            Some(Meant::Duration) | None => {}
        }
        let value = self.operand(name, relation, &text, quoted).map_err(error)?;
        Ok(Test::Field { name: name.to_owned(), relation, value }.into())
    }

    fn operand(&self, name: &str, relation: Relation, text: &str, quoted: bool) -> Result<Operand, String> {
        if quoted {
            return Ok(Operand::plain(text));
        }
        if let (Relation::Equal, Some(class)) = (relation, status_class(text)) {
            return Ok(Operand::StatusClass(class));
        }
        if relation == Relation::Equal && text.contains('*') {
            return Pattern::of_stars(text, self.meaning.ignore_case).map(Operand::Pattern);
        }
        if meant(name) == Some(Meant::Duration)
            && let Some(milliseconds) = duration::milliseconds(text)
        {
            return Ok(Operand::Plain(text.to_owned(), Some(milliseconds)));
        }
        Ok(Operand::plain(text))
    }

    fn pattern(&self, pattern: &str, at: usize) -> Result<Pattern, ParseError> {
        Pattern::new(pattern, self.meaning.ignore_case).map_err(|message| self.error_at(at, message))
    }

    /// The text between the quotes that begin here, and where they end.
    fn quoted(&self) -> Result<(usize, String), ParseError> {
        let mut characters = self.text[self.at..].char_indices();
        let quote = characters.next().map(|(_, quote)| quote);
        let mut text = String::new();
        while let Some((at, c)) = characters.next() {
            match c {
                c if Some(c) == quote => return Ok((self.at + at + 1, text)),
                '\\' => match characters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, c)) => text.push(c),
                    None => break,
                },
                c => text.push(c),
            }
        }
        Err(self.error("a quote without its end"))
    }

    fn skip_space(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(sign);
        self.at += if found { sign.len() } else { 0 };
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn is_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let rest = &self.text[self.at..];
        let Some(head) = rest.get(..word.len()) else { return false };
        head.eq_ignore_ascii_case(word)
            && rest[word.len()..].chars().next().is_none_or(|c| c.is_whitespace() || "()".contains(c))
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        self.error_at(self.at, message)
    }

    fn error_at(&self, at: usize, message: impl Into<String>) -> ParseError {
        ParseError::new(self.text, at, message)
    }
}

const LEVELS: &str = "a level is trace, debug, info, warn or error";

#[cfg(test)]
mod tests;
