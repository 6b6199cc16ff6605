//! A text that is looked for.

use memchr::memmem::Finder;

/// A text anywhere in an entry.
#[derive(Clone, Debug)]
pub struct Text {
    text: String,
    is_word: bool,
    plain: Finder<'static>,
    escaped: Finder<'static>,
}

impl Text {
    pub(crate) fn new(text: &str, is_word: bool) -> Box<Self> {
        let mut escaped = Vec::new();
        cupola_line::escape_str(&mut escaped, text);
        Box::new(Self {
            text: text.to_owned(),
            is_word,
            plain: Finder::new(text).into_owned(),
            escaped: Finder::new(&escaped).into_owned(),
        })
    }

    /// As it was typed, without its quotes.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it was typed as a bare word of letters, digits and underscores only: the store finds it as a whole word, in small letters
    /// and capitals.
    pub fn is_word(&self) -> bool {
        self.is_word
    }

    /// Whether it is in these bytes as it was typed.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.plain.find(bytes).is_some()
    }

    /// Where it stands first in these bytes, as it was typed.
    pub(crate) fn find(&self, bytes: &[u8]) -> Option<usize> {
        self.plain.find(bytes)
    }

    /// As JSON has it inside its quotes.
    pub(crate) fn escaped(&self) -> &[u8] {
        self.escaped.needle()
    }

    /// Whether it is in JSON: as it was typed, or as it is spelled there.
    pub fn is_in_json(&self, json: &[u8]) -> bool {
        self.is_in(json) || self.escaped.find(json).is_some()
    }
}
