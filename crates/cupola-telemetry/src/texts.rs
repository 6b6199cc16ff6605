//! Texts as the code has written them, masked before they go into a line.

use std::borrow::Cow;
use std::fmt;

use cupola_line::{Ending, Formatted, MAX_FORMATTED_BYTES};
use cupola_redact::{End, KeyPolicy};

/// Masks one text after the other; formatted ones in memory that is lent.
pub(crate) struct Texts<'a> {
    /// `None` where all texts were masked before.
    policy: Option<&'a KeyPolicy>,
    formatted: &'a mut Formatted,
}

impl<'a> Texts<'a> {
    pub(crate) const fn new(policy: Option<&'a KeyPolicy>, formatted: &'a mut Formatted) -> Self {
        Self { policy, formatted }
    }

    /// A text as it is. Of a very long one only the beginning is looked at, for no more of it is shown.
    pub(crate) fn str<'t>(&self, text: &'t str) -> (Cow<'t, str>, Ending) {
        let shown = &text[..text.floor_char_boundary(MAX_FORMATTED_BYTES)];
        let ending = Ending::cut(text.len() - shown.len());
        (mask(self.policy, shown, ending), ending)
    }

    /// What a formatter writes, whatever it does.
    pub(crate) fn debug(&mut self, value: &dyn fmt::Debug) -> (Cow<'_, str>, Ending) {
        let (text, ending) = self.formatted.write(format_args!("{value:?}"));
        (mask(self.policy, text, ending), ending)
    }
}

/// A text that was cut may end in the beginning of a token.
fn mask<'t>(policy: Option<&KeyPolicy>, text: &'t str, ending: Ending) -> Cow<'t, str> {
    let end = if ending.is_whole() { End::Complete } else { End::Truncated };
    policy.map_or(Cow::Borrowed(text), |policy| policy.free_text(text, end))
}
