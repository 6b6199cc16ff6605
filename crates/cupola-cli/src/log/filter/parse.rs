//! Expressions as people type them.
//!
//! ```text
//! expression = conjunction { "or" conjunction }
//! conjunction = part { ["and"] part }
//! part = ["not" | "!"] ( "(" expression ")" | test )
//! test = FIELD ("=" | "!=" | ">" | ">=" | "<" | "<=" | "~" | "!~") VALUE | FIELD "!=" | FIELD "=" | /REGEX/ | "TEXT" | WORD
//! ```

use std::fmt;

use cupola_line::keys;
use regex::bytes::{Regex, RegexBuilder};

use super::expression::Expression;
use super::test::{Operand, Relation, Test, TextTest};
use super::when;
use crate::log::dialect::canonical_key;
use crate::log::level::Level;

/// What is wrong with an expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParseError {
    text: String,
    /// In bytes.
    at: usize,
    message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = self.text[..self.at].chars().count();
        writeln!(f, "{} at character {}", self.message, column + 1)?;
        writeln!(f, "  {}", self.text)?;
        write!(f, "  {:column$}^", "")
    }
}

impl std::error::Error for ParseError {}

/// What words mean that depend on who asks: the time now and the time zone, and whether case matters.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    pub(crate) now: jiff::Zoned,
    pub(crate) ignore_case: bool,
}

/// Reads an expression.
pub(crate) fn parse(text: &str, meaning: &Meaning) -> Result<Expression, ParseError> {
    let mut parser = Parser { text, at: 0, meaning };
    let expression = parser.expression()?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err(parser.error("unexpected `)`"));
    }
    Ok(expression)
}

/// A field that is this, with `*` for anything.
pub(crate) fn field(name: &str, value: &str, meaning: &Meaning) -> Result<Expression, String> {
    let value = Parser { text: value, at: 0, meaning }.operand(name, Relation::Equal, value, false)?;
    Ok(Test::Field { name: name.to_owned(), relation: Relation::Equal, value }.into())
}

/// A text anywhere in the line.
pub(crate) fn text(wanted: &str, meaning: &Meaning) -> Result<Expression, ParseError> {
    Parser { text: wanted, at: 0, meaning }.text_test(wanted)
}

const ACCEPTED: &str =
    "a test such as level>=warn, status=5xx, duration_ms>500, route=/vms/*, message~time.?out, \"text\" or /regex/";

struct Parser<'a> {
    text: &'a str,
    at: usize,
    meaning: &'a Meaning,
}

impl<'a> Parser<'a> {
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
        if self.take_word("not") || self.take("!") {
            return Ok(Expression::Not(Box::new(self.part()?)));
        }
        let open = self.at;
        if !self.take("(") {
            return self.test();
        }
        let inner = self.expression()?;
        if !self.take(")") {
            return Err(ParseError { text: self.text.to_owned(), at: open, message: "`(` without its `)`".to_owned() });
        }
        Ok(inner)
    }

    fn test(&mut self) -> Result<Expression, ParseError> {
        self.skip_space();
        let start = self.at;
        match self.text[start..].chars().next() {
            None => Err(self.error(&format!("expected {ACCEPTED}"))),
            Some('"' | '\'') => {
                let (end, text) = self.quoted()?;
                let test = self.text_test(&text)?;
                self.at = end;
                Ok(test)
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

    fn text_test(&self, text: &str) -> Result<Expression, ParseError> {
        if self.meaning.ignore_case {
            return Ok(Test::Regex(self.pattern(&regex::escape(text), self.at)?).into());
        }
        Ok(Test::Text(TextTest::new(text)).into())
    }

    /// A field, how it stands, and what it is compared with; without these a word.
    fn field_test(&mut self, start: usize) -> Result<Expression, ParseError> {
        let rest = &self.text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || "=<>~!()\"".contains(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        self.at = start + end;
        if name.is_empty() {
            return Err(self.error(&format!("expected {ACCEPTED}")));
        }
        let Some((negated, relation)) = self.relation() else { return self.text_test(name) };
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
        let error = |message: String| ParseError { text: self.text.to_owned(), at, message };
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
        match canonical_key(name) {
            Some(keys::LEVEL) => {
                let level = Level::parse(&text).ok_or_else(|| error(LEVELS.to_owned()))?;
                return Ok(Test::Level(relation, level).into());
            }
            Some(keys::TIMESTAMP) => return when::test(relation, &text, &self.meaning.now).map_err(error),
            _ => {}
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
            let parts: Vec<_> = text.split('*').map(regex::escape).collect();
            let pattern = RegexBuilder::new(&format!("(?s)^{}$", parts.join(".*")));
            return self.build(pattern).map(Operand::Pattern);
        }
        if canonical_key(name) == Some("duration_ms")
            && let Some(milliseconds) = crate::log::dialect::milliseconds(text)
        {
            return Ok(Operand::Plain(text.to_owned(), Some(milliseconds)));
        }
        Ok(Operand::plain(text))
    }

    fn pattern(&self, pattern: &str, at: usize) -> Result<Regex, ParseError> {
        let built = self.build(RegexBuilder::new(pattern));
        built.map_err(|message| ParseError { text: self.text.to_owned(), at, message })
    }

    fn build(&self, mut builder: RegexBuilder) -> Result<Regex, String> {
        builder.case_insensitive(self.meaning.ignore_case).build().map_err(|error| {
            let error = error.to_string();
            format!(
                "not a regular expression: {}",
                error.lines().last().unwrap_or_default().trim_start_matches("error: ")
            )
        })
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

    fn error(&self, message: &str) -> ParseError {
        ParseError { text: self.text.to_owned(), at: self.at, message: message.to_owned() }
    }
}

const LEVELS: &str = "a level is trace, debug, info, warn or error";

/// `5xx`.
pub(crate) fn status_class(text: &str) -> Option<u64> {
    match text.as_bytes() {
        [digit @ b'1'..=b'9', b'x' | b'X', b'x' | b'X'] => Some(u64::from(digit - b'0')),
        _ => None,
    }
}
