//! Text that a formatter wrote, held before it goes into a line, so that somebody can look at it in between.

use std::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::MAX_VALUE_BYTES;
use crate::out::Out;
use crate::value::{self, push_cut_mark};

/// No more of a text is held, in bytes; a formatter that goes on is stopped there.
pub const MAX_FORMATTED_BYTES: usize = 4 * MAX_VALUE_BYTES;

/// The text of one formatter after the other, in memory that is used again.
///
/// ```
/// use cupola_line::{Ending, Formatted};
///
/// let mut formatted = Formatted::new();
/// let (text, ending) = formatted.write(format_args!("{:?}", Some(7)));
/// assert_eq!((text, ending), ("Some(7)", Ending::WHOLE));
/// ```
#[derive(Debug, Default)]
pub struct Formatted(String);

/// How a text came to its end, which its mark in the line says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    left_out: usize,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fault {
    #[default]
    None,
    /// There would have been more than what was left out.
    Stopped,
    Failed,
    Panicked,
}

impl Formatted {
    /// Makes one without memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `args` write. Whatever the formatter does, what it wrote so far is given, up to [`MAX_FORMATTED_BYTES`].
    pub fn write(&mut self, args: fmt::Arguments<'_>) -> (&str, Ending) {
        self.0.clear();
        let mut writer = Bounded { text: &mut self.0, left_out: 0 };
        // A formatter that panics must not take the line with it; a text is sound between two pieces.
        let result = catch_unwind(AssertUnwindSafe(|| writer.write_fmt(args)));
        let left_out = writer.left_out;
        let fault = match result {
            Ok(Ok(())) => Fault::None,
            _ if left_out > 0 => Fault::Stopped,
            Ok(Err(_)) => Fault::Failed,
            Err(_) => Fault::Panicked,
        };
        (&self.0, Ending { left_out, fault })
    }
}

impl Ending {
    /// It was written to its end.
    pub const WHOLE: Self = Self { left_out: 0, fault: Fault::None };

    /// So many bytes are missing.
    pub const fn cut(left_out: usize) -> Self {
        Self { left_out, fault: Fault::None }
    }

    /// Whether nothing is missing.
    pub fn is_whole(&self) -> bool {
        *self == Self::WHOLE
    }

    /// Appends the text without the quotes, and says of what is missing; `false` where nothing is.
    pub(crate) fn push(self, out: &mut Out<'_>, text: &str) -> bool {
        let shown = value::floor_char_boundary(text, MAX_VALUE_BYTES);
        let left_out = self.left_out + text.len() - shown;
        _ = value::push_text(out, &text[..shown]);
        match self.fault {
            Fault::Stopped => push_cut_mark(out, left_out, " and more"),
            _ if left_out > 0 => push_cut_mark(out, left_out, ""),
            Fault::Failed => out.extend("…[formatter failed]".as_bytes()),
            Fault::Panicked => out.extend("…[formatter panicked]".as_bytes()),
            Fault::None => return false,
        }
        true
    }
}

/// Takes pieces up to the limit; the first that is beyond it stops the formatter.
struct Bounded<'a> {
    text: &'a mut String,
    left_out: usize,
}

impl fmt::Write for Bounded<'_> {
    #[inline]
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = MAX_FORMATTED_BYTES - self.text.len();
        if piece.len() <= room && self.left_out == 0 {
            self.text.push_str(piece);
            return Ok(());
        }
        self.overflow(piece, room)
    }
}

impl Bounded<'_> {
    #[cold]
    fn overflow(&mut self, piece: &str, room: usize) -> fmt::Result {
        let end = if self.left_out == 0 { value::floor_char_boundary(piece, room) } else { 0 };
        self.text.push_str(&piece[..end]);
        self.left_out += piece.len() - end;
        Err(fmt::Error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EncodedFields, FieldValue, Key};

    fn shown(args: fmt::Arguments<'_>) -> String {
        let (mut formatted, mut fields) = (Formatted::new(), EncodedFields::new());
        let (text, ending) = formatted.write(args);
        fields.set(Key::new("a"), FieldValue::Text(text, ending));
        String::from_utf8(fields.as_bytes().to_vec()).unwrap()
    }

    struct Endless(usize);

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..self.0).try_for_each(|_| f.write_str("é12345678"))
        }
    }

    struct Bad(bool);

    impl fmt::Display for Bad {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("so far \"")?;
            if self.0 { Err(fmt::Error) } else { panic!("in a formatter, for the test") }
        }
    }

    #[test]
    fn texts_are_bounded_and_say_how_they_ended() {
        assert_eq!(shown(format_args!("a\n{}", 7)), r#","a":"a\n7""#);
        assert!(shown(format_args!("{}", Endless(2000))).ends_with("…[+3616 bytes]\""));
        assert!(shown(format_args!("{}", Endless(usize::MAX))).ends_with(" bytes and more]\""));
        assert_eq!(shown(format_args!("{}", Bad(true))), r#","a":"so far \"…[formatter failed]""#);
        assert_eq!(shown(format_args!("{}", Bad(false))), r#","a":"so far \"…[formatter panicked]""#);
    }

    #[test]
    fn a_formatter_that_ignores_its_stop_adds_nothing() {
        let mut text = String::new();
        let mut writer = Bounded { text: &mut text, left_out: 0 };
        for _ in 0..3 {
            _ = writer.write_str(&"é".repeat(MAX_FORMATTED_BYTES / 2 + 1));
        }
        assert_eq!((writer.left_out, writer.text.len()), (2 * MAX_FORMATTED_BYTES + 6, MAX_FORMATTED_BYTES));
    }
}
