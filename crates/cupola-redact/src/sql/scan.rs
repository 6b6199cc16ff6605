//! Reads a statement once, and writes its shape.
//!
//! Where databases read the same bytes in different ways and the dialect does not decide, the shape ends: to go on in the wrong
//! state would show the inside of a text.

use super::target::Subject;
use super::{SqlDialect, SqlShape};

/// How much of a statement is read at most.
const MAX_READ: usize = 64 * 1024;

pub(super) fn shape(dialect: SqlDialect, sql: &str) -> SqlShape {
    let mut scan = Scan {
        dialect,
        sql,
        at: 0,
        out: String::new(),
        depth: 0,
        subject: Subject::default(),
        space: false,
        last: Last::Start,
    };
    let ended = scan.run();
    let mut out = scan.out;
    match ended {
        Ended::Whole => {}
        Ended::Hidden => out.push_str(if out.is_empty() || out.ends_with(['(', ' ']) { "?" } else { " ?" }),
        Ended::Cut => cut(&mut out),
    }
    if out.len() > SqlShape::MAX_BYTES {
        cut(&mut out);
    }
    SqlShape { text: out.into(), operation: scan.subject.verb(), target: scan.subject.into_target() }
}

fn cut(out: &mut String) {
    let mut end = out.len().min(SqlShape::MAX_BYTES - '…'.len_utf8());
    while !out.is_char_boundary(end) {
        end -= 1;
    }
    out.truncate(end);
    out.push('…');
}

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ended {
    /// It was read to its end.
    Whole,
    /// What comes is not shown.
    Hidden,
    /// It is too long.
    Cut,
}

/// What stood before, as far as it decides how the next is read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Last {
    Start,
    Word,
    /// A word behind which a value stands: `LIKE`.
    ValueWord,
    Value,
    /// A value with escapes: `E'…'`.
    Escaped,
    /// An operator such as `=`.
    Operator,
    Sign,
}

/// Words behind which SQLite takes a quoted name for a text where no column is called so.
const VALUE_WORDS: [&str; 9] = ["LIKE", "GLOB", "MATCH", "REGEXP", "THEN", "ELSE", "BETWEEN", "ESCAPE", "IS"];

struct Scan<'s> {
    dialect: SqlDialect,
    sql: &'s str,
    at: usize,
    out: String,
    depth: usize,
    subject: Subject,
    space: bool,
    last: Last,
}

impl Scan<'_> {
    fn run(&mut self) -> Ended {
        while let Some(byte) = self.byte(0) {
            if self.at > MAX_READ || self.out.len() > SqlShape::MAX_BYTES {
                return Ended::Cut;
            }
            if let Err(ended) = self.token(byte) {
                return ended;
            }
        }
        Ended::Whole
    }

    fn token(&mut self, byte: u8) -> Result<(), Ended> {
        match (byte, self.byte(1)) {
            (b'-', Some(b'-')) => return self.dashes(),
            (b'#', _) if self.dialect == SqlDialect::MySql => return self.line_comment(),
            // An operator of some, a comment of others.
            (b'#', _) if self.dialect != SqlDialect::Postgres => return Err(Ended::Hidden),
            (b'/', Some(b'*')) => return self.comment(),
            (b'\'', _) => return self.text(false),
            (b'"', _) if self.dialect == SqlDialect::MySql => return self.text(false),
            (b'"', _) => return self.name(byte),
            (b'`', _) if self.dialect != SqlDialect::Postgres => return self.name(byte),
            (b'[', _) if self.dialect != SqlDialect::Postgres => return self.bracket(),
            (b'$', _) => return self.dollar(),
            (b'0'..=b'9', _) => self.number(),
            (b'.', Some(b'0'..=b'9')) if !matches!(self.last, Last::Word) => self.number(),
            (b'?', _) => self.placeholder(),
            (byte, _) if is_word(byte) => return self.word(),
            (byte, _) if byte <= b' ' || byte == 0x7f => self.skip(1),
            _ => return self.sign(byte),
        }
        Ok(())
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.sql.as_bytes().get(self.at + ahead).copied()
    }

    fn rest(&self) -> &[u8] {
        &self.sql.as_bytes()[self.at..]
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        self.space = true;
    }

    /// A comment, but of MySQL, where two minus signs may stand there without a space.
    fn dashes(&mut self) -> Result<(), Ended> {
        let spaced = self.byte(2).is_none_or(|byte| byte <= b' ');
        let needs_space = matches!(self.dialect, SqlDialect::MySql | SqlDialect::Other);
        if needs_space && !spaced { Err(Ended::Hidden) } else { self.line_comment() }
    }

    /// PostgreSQL's ends with either sign, that of others with a line feed only.
    fn line_comment(&mut self) -> Result<(), Ended> {
        let rest = self.rest();
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        let early = rest[..length].iter().position(|byte| *byte == b'\r').filter(|early| early + 1 < length);
        match early {
            Some(early) if self.dialect == SqlDialect::Postgres => self.skip(early),
            Some(_) if self.dialect == SqlDialect::Other => return Err(Ended::Hidden),
            _ => self.skip(length),
        }
        Ok(())
    }

    /// PostgreSQL's comments nest and those of others do not, and of MySQL's some are run.
    fn comment(&mut self) -> Result<(), Ended> {
        let (mut depth, mut length) = (0_usize, 0);
        let rest = self.rest();
        let is_run = rest.starts_with(b"/*!") || rest.starts_with(b"/*M!");
        if is_run && matches!(self.dialect, SqlDialect::MySql | SqlDialect::Other) {
            return Err(Ended::Hidden);
        }
        loop {
            match rest.get(length..length + 2) {
                Some(b"/*") if depth > 0 && self.dialect != SqlDialect::Postgres => return Err(Ended::Hidden),
                Some(b"/*") => (depth, length) = (depth + 1, length + 2),
                Some(b"*/") => (depth, length) = (depth - 1, length + 2),
                Some(_) => length += 1,
                None => return Err(Ended::Hidden),
            }
            if depth == 0 {
                self.skip(length);
                return Ok(());
            }
        }
    }

    /// A text in the quotes that stand here.
    fn text(&mut self, escapes: bool) -> Result<(), Ended> {
        // PostgreSQL goes on with escapes where a text goes on behind a line end.
        if self.last == Last::Escaped {
            return Err(Ended::Hidden);
        }
        let length = text_length(self.rest(), escapes, self.dialect).ok_or(Ended::Hidden)?;
        self.at += length;
        self.value();
        if escapes {
            self.last = Last::Escaped;
        }
        Ok(())
    }

    /// A name in quotes, which stays unless it may be a text.
    fn name(&mut self, quote: u8) -> Result<(), Ended> {
        let length = text_length(self.rest(), false, SqlDialect::Sqlite).ok_or(Ended::Hidden)?;
        // Others end it where a backslash stands before the quote, or do not.
        let odd = self.rest()[1..length - 1].iter().any(|byte| matches!(byte, b'\\' | b'\'' | b'"' | b'`'));
        let strict = self.dialect == SqlDialect::Postgres || quote == b'`';
        if odd && matches!(self.dialect, SqlDialect::MySql | SqlDialect::Other) {
            return Err(Ended::Hidden);
        }
        let behind = self.rest().get(length).copied();
        let may_be_text = matches!(self.last, Last::Operator | Last::ValueWord) && behind != Some(b'.');
        if !strict && (may_be_text || self.dialect == SqlDialect::Other) {
            self.at += length;
            self.value();
        } else {
            self.keep_word(length, Last::Word);
        }
        Ok(())
    }

    /// `[name]`; where brackets are something else too, only what means the same in both.
    fn bracket(&mut self) -> Result<(), Ended> {
        let length = self.rest().iter().position(|byte| *byte == b']').ok_or(Ended::Hidden)? + 1;
        let inner = &self.rest()[1..length - 1];
        let is_plain = inner.iter().all(|byte| is_word(*byte) || byte.is_ascii_digit() || *byte == b' ');
        if !is_plain || inner.first().is_none_or(u8::is_ascii_digit) {
            return Err(Ended::Hidden);
        }
        self.keep_word(length, Last::Word);
        Ok(())
    }

    /// `$1`, or PostgreSQL's `$tag$ … $tag$`.
    fn dollar(&mut self) -> Result<(), Ended> {
        let tag = 1 + self.rest()[1..].iter().take_while(|byte| is_word(**byte) || byte.is_ascii_digit()).count();
        if self.byte(tag) != Some(b'$') {
            self.at += tag;
            self.value();
            return Ok(());
        }
        if self.dialect != SqlDialect::Postgres {
            return Err(Ended::Hidden);
        }
        let (opening, inner) = self.rest().split_at(tag + 1);
        let end = memchr::memmem::find(inner, opening).ok_or(Ended::Hidden)?;
        self.at += end + 2 * (tag + 1);
        self.value();
        Ok(())
    }

    fn number(&mut self) {
        let rest = self.rest();
        let mut length = 1;
        while let Some(byte) = rest.get(length) {
            let signed =
                matches!(byte, b'+' | b'-') && matches!(rest[length - 1], b'e' | b'E') && !rest.starts_with(b"0x");
            if !(is_word(*byte) || byte.is_ascii_digit() || *byte == b'.' || signed) {
                break;
            }
            length += 1;
        }
        self.at += length;
        self.value();
    }

    fn placeholder(&mut self) {
        let digits = self.rest()[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += 1 + digits;
        self.value();
    }

    fn word(&mut self) -> Result<(), Ended> {
        let length =
            self.rest().iter().take_while(|byte| is_word(**byte) || byte.is_ascii_digit() || **byte == b'$').count();
        let word = &self.sql[self.at..self.at + length];
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        if is("TRUE") || is("FALSE") {
            self.at += length;
            self.value();
            return Ok(());
        }
        if self.byte(length) == Some(b'\'') && (length <= 2 || word.starts_with('_')) {
            // A prefix is a part of the text: `E'…'`, `X'…'`, `_utf8mb4'…'`.
            let escapes = is("E") && self.dialect == SqlDialect::Postgres;
            self.at += length;
            return self.text(escapes);
        }
        if is("TO") && self.sets() {
            return Err(Ended::Hidden);
        }
        let last = if VALUE_WORDS.iter().any(|value| is(value)) { Last::ValueWord } else { Last::Word };
        self.keep_word(length, last);
        Ok(())
    }

    /// Whether the statement sets something, which may stand there without quotes.
    fn sets(&self) -> bool {
        matches!(self.subject.latest_verb(), Some("SET" | "PRAGMA"))
    }

    fn keep_word(&mut self, length: usize, last: Last) {
        let word = &self.sql[self.at..self.at + length];
        self.subject.word(word, self.depth);
        if self.space && !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(word);
        (self.space, self.last) = (false, last);
        self.at += length;
    }

    fn sign(&mut self, sign: u8) -> Result<(), Ended> {
        match sign {
            b'=' | b'(' if self.sets() => return Err(Ended::Hidden),
            b'(' => self.depth += 1,
            b')' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.subject.sign(sign);
        if self.space && !self.out.is_empty() && !matches!(sign, b',' | b')' | b';') {
            self.out.push(' ');
        }
        self.out.push(sign.into());
        (self.space, self.at) = (false, self.at + 1);
        self.last = if b"=<>!|+-*/%~&".contains(&sign) { Last::Operator } else { Last::Sign };
        if sign == b')' {
            self.fold_rows();
        }
        Ok(())
    }

    /// Writes a value; of several one behind the other, one.
    fn value(&mut self) {
        self.subject.sign(b'?');
        let before = self.out.strip_suffix(',').filter(|before| before.ends_with('?'));
        if let Some(length) = before.map(str::len) {
            self.out.truncate(length);
        } else if self.last != Last::Value || self.space {
            if self.space && !self.out.is_empty() && !self.out.ends_with('(') {
                self.out.push(' ');
            }
            self.out.push('?');
        }
        (self.space, self.last) = (false, Last::Value);
    }

    /// `(?), (?)` is one row.
    fn fold_rows(&mut self) {
        let before = self.out.strip_suffix("(?)").map(|before| before.trim_end_matches(' '));
        let first = before.and_then(|before| before.strip_suffix(',')).filter(|first| first.ends_with("(?)"));
        if let Some(length) = first.map(str::len) {
            self.out.truncate(length);
        }
    }
}

/// What words consist of, digits aside.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// The length of a quoted text with its quotes; `None` where it does not end, or may end in two places.
fn text_length(rest: &[u8], escapes: bool, dialect: SqlDialect) -> Option<usize> {
    let quote = *rest.first()?;
    let ambiguous = matches!(dialect, SqlDialect::MySql | SqlDialect::Other);
    let mut at = 1;
    loop {
        match *rest.get(at)? {
            b'\\' if escapes => at += 2,
            // With and without a mode of the server it ends elsewhere.
            b'\\' if ambiguous && matches!(rest.get(at + 1), Some(b'\\')) => at += 2,
            b'\\' if ambiguous && rest.get(at + 1) == Some(&quote) => return None,
            byte if byte == quote && rest.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
}
