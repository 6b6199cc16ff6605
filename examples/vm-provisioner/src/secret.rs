//! A text that must not be printed.

use std::fmt;

/// A text whose `Debug` does not show it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Keeps the text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// Shows the text to whoever asks for it by this name.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}
