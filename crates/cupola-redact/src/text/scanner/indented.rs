//! Masked values on the lines below their name, as YAML has them: they end where a line is indented no further.

use super::{Scanner, State};
use crate::body::Out;
use crate::tally::Rule;

/// More blanks than this are as good as this many.
const DEEPEST: usize = 64;

/// Where in such a value the reader is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Indented {
    /// How far the line of the name is indented.
    name: usize,
    /// The blanks of the line that has just begun; `None` inside of a line.
    blanks: Option<([u8; DEEPEST], usize)>,
    /// The line before ended in a carriage return too.
    returned: bool,
}

impl Indented {
    /// Behind a name; the line that has begun belongs to the value.
    pub(super) fn behind_name(out: &Out) -> Self {
        let line = out.tail().rsplit(|&byte| byte == b'\n').find(|line| !line.trim_ascii().is_empty());
        let name = line.unwrap_or_default().iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        Self { name, blanks: None, returned: false }
    }
}

impl Scanner {
    /// Masks the value that has begun, and the lines that belong to it.
    pub(super) fn mask_indented(&mut self, out: &mut Out) {
        let indented = Indented::behind_name(out);
        out.mask_unseen(Rule::Name);
        self.state = State::Indented(indented);
    }

    pub(super) fn indented(&mut self, out: &mut Out, indented: Indented, byte: u8) {
        let Indented { name, blanks, returned } = indented;
        let next = |blanks, returned| State::Indented(Indented { name, blanks, returned });
        self.state = match (blanks, byte) {
            (None, b'\n') => next(Some(([0; DEEPEST], 0)), returned),
            (None, byte) => next(None, byte == b'\r'),
            (Some((held, length)), b' ' | b'\t') if length < DEEPEST => {
                let mut held = held;
                held[length] = byte;
                next(Some((held, length + 1)), returned)
            }
            // An empty line may stand in the value.
            (Some(_), b'\n') => next(Some(([0; DEEPEST], 0)), false),
            (Some((_, length)), _) if length > name || byte == b'-' && length == name || byte == b'\r' => {
                next(None, byte == b'\r')
            }
            (Some((held, length)), _) => {
                out.push(if returned { b"\r\n" } else { b"\n" });
                out.push(&held[..length]);
                return self.value_end(out, byte);
            }
        };
    }
}
