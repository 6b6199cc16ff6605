//! What variables say about calls of models.

use cupola_record::{VarError, Vars};

use super::tap::LlmTap;

/// What variables say about calls of models.
///
/// | variable | accepted | unset |
/// |---|---|---|
/// | `CUPOLA_LLM_CONTENT` | bytes | what the code says, else off: what is asked and answered is not kept |
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// The most that is kept of what is asked, and of what is answered; 0 keeps nothing.
    pub content: Option<usize>,
}

impl Config {
    /// Reads the variables.
    ///
    /// # Errors
    /// Where one has a value that cannot be meant.
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, VarError> {
        Ok(Self { content: Vars::new(vars).parsed("CUPOLA_LLM_CONTENT", "a number of bytes")? })
    }

    /// Puts it over what a tap says.
    #[must_use]
    pub fn apply(&self, tap: LlmTap) -> LlmTap {
        self.content.into_iter().fold(tap, LlmTap::content)
    }
}
