//! How providers write their answers.

/// How a provider writes its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// OpenAI's chat completions, and what is like them.
    Chat,
    /// OpenAI's responses.
    Responses,
    /// Anthropic's messages.
    Messages,
    /// Gemini's contents.
    Gemini,
}

impl Format {
    /// What a name at the root tells.
    pub(super) fn of_key(key: &[u8]) -> Option<Self> {
        match key {
            b"choices" => Some(Self::Chat),
            b"candidates" | b"usageMetadata" | b"promptFeedback" => Some(Self::Gemini),
            _ => None,
        }
    }

    /// What the root's own word for itself tells.
    pub(super) fn of_word(word: &[u8]) -> Option<Self> {
        match word {
            b"chat.completion" | b"chat.completion.chunk" | b"text_completion" | b"list" => Some(Self::Chat),
            b"response" => Some(Self::Responses),
            b"message" | b"message_start" | b"ping" => Some(Self::Messages),
            _ if word.starts_with(b"response.") => Some(Self::Responses),
            _ => None,
        }
    }
}
