//! The shape of a line: what stays the same in the next one, where only texts and numbers differ.
//!
//! Some providers say with each piece of text how many tokens it has come to. Reading such a line whole finds once more what the
//! one before it has said, but for its numbers. What is told here must be what [`super::walk`] would find.

use super::node::Node;

/// The longest line that is remembered, and how many texts and numbers it may have.
const LONGEST: usize = 2048;
const MAX_GAPS: usize = 32;

/// No number that counts is longer.
const LONGEST_NUMBER: usize = 20;

/// The last line that was read whole, with gaps where the next one may differ.
#[derive(Debug, Default)]
pub(super) struct Shape {
    line: Vec<u8>,
    gaps: Vec<Gap>,
    /// Of a line that fits: what they count, and where they are.
    numbers: Vec<(Node, usize, usize)>,
}

/// Where a value is, in a line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gap {
    /// A text that nobody reads, behind its first quote.
    Text(usize),
    /// Digits, and what they count.
    Number(usize, Node),
}

impl Shape {
    /// Whether a line is short enough to be remembered: of a longer one nobody is to note where its values are.
    pub(super) const fn has_room(line: &[u8]) -> bool {
        line.len() <= LONGEST
    }

    /// Remembers a line, if it is none of those that are too long.
    pub(super) fn remember(&mut self, line: &[u8], gaps: &[Gap]) {
        self.line.clear();
        self.gaps.clear();
        if Self::has_room(line) && gaps.len() <= MAX_GAPS && gaps.iter().all(|gap| gap.is_whole(line)) {
            self.line.extend_from_slice(line);
            self.gaps.extend_from_slice(gaps);
        }
    }

    /// The numbers of a line that differs from the one that is remembered in them and in texts only.
    pub(super) fn read<'l>(&mut self, line: &'l [u8]) -> Option<impl Iterator<Item = (Node, &'l [u8])>> {
        self.numbers.clear();
        let (mut known, mut rest) = (0, line);
        for gap in &self.gaps {
            rest = rest.strip_prefix(&self.line[known..gap.start()])?;
            known = gap.start() + gap.length(&self.line[gap.start()..])?;
            let length = gap.length(rest)?;
            if let Gap::Number(_, node) = gap {
                let start = line.len() - rest.len();
                self.numbers.push((*node, start, start + length));
            }
            rest = &rest[length..];
        }
        let fits = !self.line.is_empty() && rest == &self.line[known..];
        fits.then(|| self.numbers.iter().map(|(node, start, end)| (*node, &line[*start..*end])))
    }
}

impl Gap {
    const fn start(self) -> usize {
        match self {
            Self::Text(start) | Self::Number(start, _) => start,
        }
    }

    /// How long the value is that begins here; `None` where there is none.
    fn length(self, rest: &[u8]) -> Option<usize> {
        match self {
            Self::Text(_) => text_length(rest),
            Self::Number(..) => rest.iter().position(|byte| !byte.is_ascii_digit()).filter(|length| *length > 0),
        }
        .filter(|length| matches!(self, Self::Text(_)) || *length <= LONGEST_NUMBER)
    }

    /// Whether the digits are all of the number: it may have a fraction.
    fn is_whole(self, line: &[u8]) -> bool {
        let end = self.length(&line[self.start()..]).and_then(|length| line.get(self.start() + length));
        end.is_some_and(|byte| matches!(byte, b'"' | b',' | b'}' | b']' | b' '))
    }
}

fn text_length(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', rest.get(at..)?)?;
        if rest[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"text":"a\"b","count":12}"#;

    #[test]
    fn a_line_fits_that_differs_in_texts_and_numbers() {
        let mut shape = Shape::default();
        assert!(shape.read(b"").is_none());
        shape.remember(LINE.as_bytes(), &[Gap::Text(9), Gap::Number(23, Node::Input)]);
        let mut check = |line: &str, expected: Option<&str>| {
            let found = shape.read(line.as_bytes()).map(|numbers| numbers.collect::<Vec<_>>());
            let expected = expected.map(|digits| vec![(Node::Input, digits.as_bytes())]);
            assert_eq!(found, expected, "{line}");
        };
        check(LINE, Some("12"));
        check(r#"{"text":"","count":1}"#, Some("1"));
        check(r#"{"text":"\\","count":123}"#, Some("123"));
        for other in ["1.5", "", "-1", "1e3", "\"1\"", "null", "1, \"b\": 2", "1}", "123456789012345678901"] {
            check(&format!(r#"{{"text":"a","count":{other}}}"#), None);
        }
        check(r#"{"text":"a","counts":1}"#, None);
        check(r#"{"text":"a","count":1"#, None);
        check(r#"{"text":"a\"#, None);
        check(r#"{"text":"a\""#, None);
    }

    #[test]
    fn what_is_too_long_or_no_whole_number_is_not_remembered() {
        let is_remembered = |line: &str, gaps: &[Gap]| {
            let mut shape = Shape::default();
            shape.remember(line.as_bytes(), gaps);
            shape.read(line.as_bytes()).is_some()
        };
        assert!(is_remembered("[12]", &[Gap::Number(1, Node::Cost)]));
        assert!(!is_remembered("[1.5]", &[Gap::Number(1, Node::Cost)]));
        assert!(!is_remembered("[1e5]", &[Gap::Number(1, Node::Cost)]));
        assert!(!is_remembered(&"x".repeat(LONGEST + 1), &[]));
    }
}
