//! All members of a line, for who wants them all: its quotes are found first, 64 bytes at a time.

use wide::{CmpEq, i8x16};

use super::{Scanner, State, Text, Value, number};

/// Of more quotes than this the others are not looked for; a power of two.
const MAX_QUOTES: usize = 256;

/// Where the quotes of a line are: room that [`Members`] needs, to be used again for the next line.
#[derive(Clone, Debug)]
pub struct Quotes([u16; MAX_QUOTES]);

impl Default for Quotes {
    fn default() -> Self {
        Self([0; MAX_QUOTES])
    }
}

/// The members of a flat JSON object, like those of [`scan`](super::scan), but quicker where all of them are looked at and few are
/// wanted: names come first, values only on request.
///
/// It stops at white space between members, behind very many quotes, and at what is wrong; [`rest`](Self::rest) goes on from there.
///
/// ```
/// use cupola_line::{Members, Quotes};
///
/// let (mut quotes, mut names) = (Quotes::default(), Vec::new());
/// let mut members = Members::of(br#"{"level":"INFO","status":200, "path":"/"}"#, &mut quotes);
/// while let Some(member) = members.next() {
///     names.push(member.name());
/// }
/// assert_eq!(names, [&b"level"[..], b"status"]);
/// for member in members.rest() {
///     assert!(member?.0.is("path"));
/// }
/// # Ok::<(), cupola_line::ScanError>(())
/// ```
#[derive(Debug)]
pub struct Members<'a, 'q> {
    line: &'a [u8],
    quotes: &'q [u16],
    has_escapes: bool,
    /// Behind the last member: before a comma or a bracket, or at the line's beginning, or at its end.
    end: usize,
}

/// One member.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// With its quotes.
    name: &'a [u8],
    value: &'a [u8],
    may_have_escapes: bool,
}

impl<'a, 'q> Members<'a, 'q> {
    /// All members of a line.
    #[inline(always)]
    pub fn of(line: &'a [u8], quotes: &'q mut Quotes) -> Self {
        Self::behind(line, 0, quotes)
    }

    /// Those behind one that ends at `end`, which is 0, or the index of the comma behind a member.
    #[inline(always)]
    pub fn behind(line: &'a [u8], end: usize, quotes: &'q mut Quotes) -> Self {
        let (found, has_escapes) = find(line, end, &mut quotes.0);
        Self { line, quotes: quotes.0.get(..found).unwrap_or_default(), has_escapes, end }
    }

    /// The next one.
    #[expect(clippy::should_implement_trait, reason = "what follows the last one is asked for with `rest`")]
    #[inline(always)]
    pub fn next(&mut self) -> Option<Member<'a>> {
        let expected = if self.end == 0 { b'{' } else { b',' };
        let [open, close, rest @ ..] = self.quotes else { return None };
        let (open, close) = (usize::from(*open), usize::from(*close));
        if open != self.end + 1 || self.line.get(self.end) != Some(&expected) || self.line.get(close + 1) != Some(&b':')
        {
            return None;
        }
        let from = close + 2;
        let (end, rest) = match (self.line.get(from)?, rest) {
            (b'"', [_, close, rest @ ..]) => (usize::from(*close) + 1, rest),
            _ => self.end_of_other(from, rest)?,
        };
        if !matches!(self.line.get(end), Some(b',' | b'}')) {
            return None;
        }
        (self.quotes, self.end) = (rest, end);
        let (name, value) = (&self.line[open..close + 1], &self.line[from..end]);
        Some(Member { name, value, may_have_escapes: self.has_escapes })
    }

    /// Whatever [`next`](Self::next) did not find: nothing, more members, or an error.
    #[inline]
    pub fn rest(self) -> Scanner<'a> {
        let Self { line, end, .. } = self;
        // An object that ends where the line does is whole.
        let state = match end {
            0 => State::Start,
            _ if end + 1 == line.len() && line[end] == b'}' => State::Done,
            _ => State::Inside,
        };
        Scanner { line, at: end, state }
    }

    /// Where a value ends that is no text, and the quotes behind it.
    #[inline]
    fn end_of_other(&self, from: usize, quotes: &'q [u16]) -> Option<(usize, &'q [u16])> {
        if matches!(self.line[from], b'0'..=b'9' | b'-') {
            return Some((from + number::length(&self.line[from..]).ok()?, quotes));
        }
        let mut scanner = Scanner { line: self.line, at: from, state: State::Inside };
        scanner.value().ok()?;
        let within = quotes.partition_point(|quote| usize::from(*quote) < scanner.at);
        Some((scanner.at, &quotes[within..]))
    }
}

impl<'a> Member<'a> {
    /// The name as it stands there, without its quotes.
    #[inline(always)]
    pub fn name(&self) -> &'a [u8] {
        &self.name[1..self.name.len() - 1]
    }

    /// The name.
    #[inline(always)]
    pub fn key(&self) -> Text<'a> {
        Text::new(self.name, self.has_escaped_name())
    }

    /// Whether there is a backslash in the name, so that it is not yet what it says.
    #[inline(always)]
    pub fn has_escaped_name(&self) -> bool {
        self.may_have_escapes && memchr::memchr(b'\\', self.name).is_some()
    }

    /// The value.
    #[inline]
    pub fn value(&self) -> Value<'a> {
        let json = self.value;
        match json.first() {
            Some(b'"') => Value::Str(Text::new(json, self.may_have_escapes && memchr::memchr(b'\\', json).is_some())),
            Some(b'{') => Value::Object(json),
            Some(b'[') => Value::Array(json),
            Some(b't') => Value::Bool(true),
            Some(b'f') => Value::Bool(false),
            Some(b'n') => Value::Null,
            _ => Value::Number(json),
        }
    }
}

/// Finds the quotes from `from` on that no backslash escapes, and tells how many there are, and whether there are backslashes.
#[inline(always)]
fn find(line: &[u8], from: usize, places: &mut [u16; MAX_QUOTES]) -> (usize, bool) {
    let (mut found, mut has_escapes, mut is_escaped, mut at) = (0, false, false, from);
    while at < line.len() && at < usize::from(u16::MAX) - 64 && found <= MAX_QUOTES - 64 {
        let (mut quotes, backslashes) = masks(&line[at..]);
        if backslashes != 0 || is_escaped {
            has_escapes = true;
            quotes &= !escaped(backslashes, &mut is_escaped);
        }
        while quotes != 0 {
            places[found % MAX_QUOTES] = (at + quotes.trailing_zeros() as usize) as u16;
            quotes &= quotes - 1;
            found += 1;
        }
        at += 64;
    }
    (found, has_escapes)
}

/// The bytes that are escaped by backslashes among 64, and by the last one before them.
fn escaped(mut backslashes: u64, is_escaped: &mut bool) -> u64 {
    let mut escaped = u64::from(*is_escaped);
    backslashes &= !escaped;
    *is_escaped = false;
    while backslashes != 0 {
        let at = backslashes.trailing_zeros();
        *is_escaped = at == 63;
        let behind = if at == 63 { 0 } else { 1 << (at + 1) };
        escaped |= behind;
        backslashes &= (backslashes - 1) & !behind;
    }
    escaped
}

/// A bit for each of the first 64 bytes that is a quote, and for each that is a backslash.
#[inline(always)]
fn masks(bytes: &[u8]) -> (u64, u64) {
    match bytes.first_chunk::<64>() {
        Some(chunk) => masks_of_chunk(chunk),
        None => {
            let mut chunk = [0; 64];
            chunk[..bytes.len()].copy_from_slice(bytes);
            masks_of_chunk(&chunk)
        }
    }
}

#[inline(always)]
fn masks_of_chunk(chunk: &[u8; 64]) -> (u64, u64) {
    let (quote, backslash) = (i8x16::splat(b'"' as i8), i8x16::splat(b'\\' as i8));
    let (mut quotes, mut backslashes) = (0, 0);
    for (number, block) in chunk.chunks_exact(16).enumerate() {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(block).for_each(|(byte, other)| *byte = *other as i8);
        let block = i8x16::from(bytes);
        quotes |= u64::from(block.cmp_eq(quote).move_mask() as u16) << (16 * number);
        backslashes |= u64::from(block.cmp_eq(backslash).move_mask() as u16) << (16 * number);
    }
    (quotes, backslashes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    /// Both ways find the same, the one behind the other, whatever is in the line.
    fn check(line: &[u8]) {
        let plain: Vec<_> = scan(line).map(|member| member.map(|(key, value)| (key.raw().to_vec(), value))).collect();
        let mut quotes = Quotes::default();
        let mut members = Members::of(line, &mut quotes);
        let mut found = Vec::new();
        while let Some(member) = members.next() {
            assert_eq!(member.has_escaped_name(), member.name().contains(&b'\\'));
            found.push(Ok((member.name().to_vec(), member.value())));
        }
        found.extend(members.rest().map(|member| member.map(|(key, value)| (key.raw().to_vec(), value))));
        assert_eq!(found, plain, "{}", String::from_utf8_lossy(line));
    }

    const LINE: &str = r#"{"timestamp":"2026","n":-1.5e3,"a\"b":"\\","o":{"x":["}\""]},"b":true,"z":null,"e":"","long":"a text that goes on for more than sixteen and even more than sixty-four bytes","last":[1,2]}"#;

    #[test]
    fn every_beginning_of_a_line_and_every_change_in_it() {
        for end in 0..=LINE.len() {
            check(&LINE.as_bytes()[..end]);
        }
        for at in 0..LINE.len() {
            for byte in *b"\"\\{}[],:x 0\n\xff" {
                let mut changed = LINE.as_bytes().to_vec();
                changed[at] = byte;
                check(&changed);
            }
        }
    }

    #[test]
    fn backslashes_at_every_place_escape_what_follows() {
        for before in 0..130 {
            for backslashes in 0..5 {
                let text = format!("{}{}", "x".repeat(before), "\\".repeat(backslashes));
                check(format!("{{\"a\":\"{text}\",\"b\":\"\"}}").as_bytes());
                check(format!("{{\"a\":\"{text}\"\",\"b\":\"\"}}").as_bytes());
            }
        }
    }

    #[test]
    fn many_members_and_long_texts() {
        let members: Vec<_> = (0..500).map(|number| format!("\"k{number}\":\"v\"")).collect();
        check(format!("{{{}}}", members.join(",")).as_bytes());
        check(format!("{{\"a\":1,\"b\":\"{}\",\"c\":2}}", "x".repeat(100_000)).as_bytes());
        for line in ["", "{}", "{ \"a\" : 1 }", "{\"a\":1}}", "{\"a\":1} ", "{\"a\":1 ,\"b\":2}", "[\"a\":1]"] {
            check(line.as_bytes());
        }
    }

    #[test]
    fn members_behind_one() {
        let mut quotes = Quotes::default();
        let line = br#"{"a":"1","b":"2","c":3}"#;
        let mut members = Members::behind(line, 8, &mut quotes);
        assert_eq!([members.next(), members.next()].map(|member| member.unwrap().name()), [b"b", b"c"]);
        assert!(members.next().is_none() && members.rest().next().is_none());
    }
}
