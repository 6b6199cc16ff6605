//! Names that stand as values: `{"name":"password","value":...}`, and `[["password",...]]`.

use super::super::out::Out;
use super::super::stack::Stack;
use super::super::token::masks;
use crate::decode;
use crate::rule::Position;
use crate::tally::Rule;
use crate::verdicts::Known;

/// No name that stands as a value is longer.
pub(super) const LONGEST: usize = 192;

/// A value that came before its name is held back for as many bytes.
const HELD: usize = 2048;

/// What was seen of such a pair in the container that is open.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pairs {
    /// The last name was `name` or `key`, so that its value may be a name itself.
    names: bool,
    /// The depth at which a denied name stood as a value: the member or the element beside it is masked.
    paired: Option<usize>,
    /// The last name was `value`, so that a name may still follow.
    values: bool,
    /// The string under `value`, without its quotes, as long as no name was seen.
    value: Option<(usize, usize)>,
    /// A name was seen.
    is_named: bool,
}

impl Pairs {
    /// Whether the next value, or a later one, may be looked at for its name.
    #[inline]
    pub(super) fn wait(&self) -> bool {
        self.names || self.values || self.paired.is_some()
    }

    /// Whether the string that is being read stands under `value`, and its name may still follow.
    pub(super) fn is_unnamed_value(&self) -> bool {
        self.values && !self.is_named
    }

    /// A container begins or ends.
    #[inline]
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// The value of a name was a name that is not denied.
    #[inline]
    pub(super) fn pass_named(&mut self) {
        *self = Self { is_named: true, ..Self::default() };
    }

    /// A member begins; whether its value belongs to a denied name.
    pub(super) fn member(&mut self, known: Known, depth: usize) -> bool {
        self.names = known.names();
        self.values = known.values();
        self.values && self.paired == Some(depth)
    }

    /// An element begins; whether it stands behind a denied name.
    pub(super) fn element(&mut self, depth: usize) -> bool {
        (self.names, self.values) = (false, false);
        self.paired.take() == Some(depth)
    }

    /// From where on the output has to stay, in case that a value is taken back.
    pub(super) fn held(&self, out: &Out) -> Option<usize> {
        let start = self.value?.0;
        (out.len() - start <= HELD).then_some(start)
    }

    /// A string was kept; it begins at `start` in the output.
    pub(super) fn string(&mut self, out: &mut Out, start: usize, stack: &Stack) {
        let is_element = stack.is_object() == Some(false);
        if !self.names && !self.values && !is_element {
            return;
        }
        let end = out.len();
        if std::mem::take(&mut self.values) {
            self.value = Some((start, end)).filter(|_| end - start <= HELD && !self.is_named);
            return;
        }
        self.is_named |= self.names;
        if end - start > LONGEST {
            self.names = false;
            return;
        }
        let raw = out.written(start..end);
        let denied = if std::mem::take(&mut self.names) {
            masks(out.policy.judge(&decode::json(raw), Position::Body))
        } else {
            is_element && names_element(out, raw, stack)
        };
        if denied {
            self.paired = Some(stack.depth());
            self.take_back_value(out);
        } else if self.is_named {
            self.value = None;
        }
    }

    /// The value stood before its name, or before a cut that may have taken it.
    pub(super) fn take_back_value(&mut self, out: &mut Out) {
        if let Some((start, end)) = self.value.take() {
            let behind = out.written(end..out.len()).to_vec();
            out.take_back(start);
            out.mask_unseen(Rule::Name);
            out.push(&behind);
        }
    }
}

/// A first element may name the second: in a list of such lists whatever is denied, else what is a header's name.
fn names_element(out: &Out, raw: &[u8], stack: &Stack) -> bool {
    if let Some(flag) = raw.strip_prefix(b"-") {
        return masks(out.policy.judge(&decode::json(flag), Position::Body));
    }
    if stack.is_array_in_array() {
        return !raw.contains(&b' ') && masks(out.policy.judge(&decode::json(raw), Position::Body));
    }
    names_header(raw)
}

/// Whether an element may name the next one, whatever array it stands in.
#[inline]
pub(super) fn may_name(raw: &[u8]) -> bool {
    match raw.first() {
        Some(b'-') => true,
        Some(b'a' | b'A' | b'p' | b'P' | b'c' | b'C' | b's' | b'S' | b'x' | b'X') => names_header(raw),
        _ => false,
    }
}

/// As Node lists raw headers.
fn names_header(raw: &[u8]) -> bool {
    const HEADERS: [&[u8]; 6] =
        [b"authorization", b"proxy-authorization", b"cookie", b"set-cookie", b"x-api-key", b"x-auth-token"];
    HEADERS.iter().any(|header| header.eq_ignore_ascii_case(raw))
}
