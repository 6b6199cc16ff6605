//! The places in an answer's JSON that matter.

use super::format::Format;

/// A place in an answer's JSON. What is of no interest is [`Node::Nothing`], and so is all below it: what a model puts into
/// the arguments of a tool is never taken for the provider's own word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Nothing,
    /// One answer, or one event of it.
    Root,
    /// What kind of thing the root is: with some providers `object`, with others `type`.
    Object,
    Type,
    Id,
    Model,
    /// How the answer stands, and why it is not whole.
    Status,
    Incomplete,
    /// Why the answer ended.
    Finish,
    /// The answer's text, or its parts.
    Text,
    Part,
    /// A text or a delta, as the event's type says.
    Delta,
    Refusal,
    BlockReason,
    Choices,
    Choice,
    /// The answer within an event.
    Response,
    /// The answer as far as it is known when it begins.
    Message,
    Output,
    Contents,
    Candidates,
    Candidate,
    PromptFeedback,
    Usage,
    Input,
    InputDetails,
    OutputDetails,
    OutputTokens,
    Cached,
    Reasoning,
    /// Counted beside the input, or beside the output.
    CacheReadApart,
    CacheWriteApart,
    ToolsApart,
    ThoughtsApart,
    Cost,
    Error,
    ErrorCode,
    ErrorType,
}

impl Node {
    /// What stands behind this name.
    pub(super) fn child(self, key: &[u8], format: Option<Format>) -> Self {
        match self {
            Self::Root if format == Some(Format::Chat) => chat(key),
            Self::Root => root(key),
            Self::Response | Self::Message => answer(key),
            Self::Choice => match key {
                b"finish_reason" => Self::Finish,
                b"delta" | b"message" => Self::Part,
                b"text" => Self::Text,
                _ => Self::Nothing,
            },
            Self::Part => match key {
                b"content" | b"text" => Self::Text,
                b"refusal" => Self::Refusal,
                _ => Self::Nothing,
            },
            Self::Delta => match key {
                b"text" => Self::Text,
                b"stop_reason" => Self::Finish,
                _ => Self::Nothing,
            },
            Self::Incomplete if key == b"reason" => Self::Finish,
            Self::Candidate => match key {
                b"finishReason" => Self::Finish,
                b"content" => Self::Contents,
                _ => Self::Nothing,
            },
            Self::Contents if key == b"parts" => Self::Text,
            Self::PromptFeedback if key == b"blockReason" => Self::BlockReason,
            Self::Usage => usage(key),
            Self::InputDetails if key == b"cached_tokens" => Self::Cached,
            Self::OutputDetails if key == b"reasoning_tokens" => Self::Reasoning,
            Self::Error => match key {
                b"code" => Self::ErrorCode,
                b"type" | b"status" => Self::ErrorType,
                _ => Self::Nothing,
            },
            _ => Self::Nothing,
        }
    }

    /// What the items of an array are.
    pub(super) const fn item(self) -> Self {
        match self {
            Self::Root => Self::Root,
            Self::Choices => Self::Choice,
            Self::Candidates => Self::Candidate,
            Self::Output | Self::Text => Self::Part,
            _ => Self::Nothing,
        }
    }
}

/// Only what [`super::quiet`] looks for: lines that it passes over would say nothing here.
fn chat(key: &[u8]) -> Node {
    match key {
        b"id" => Node::Id,
        b"model" => Node::Model,
        b"choices" => Node::Choices,
        b"usage" => Node::Usage,
        b"error" => Node::Error,
        _ => Node::Nothing,
    }
}

fn root(key: &[u8]) -> Node {
    match key {
        b"object" => Node::Object,
        b"type" => Node::Type,
        b"choices" => Node::Choices,
        b"response" => Node::Response,
        b"message" => Node::Message,
        b"delta" => Node::Delta,
        b"output" => Node::Output,
        b"content" => Node::Text,
        b"stop_reason" => Node::Finish,
        b"candidates" => Node::Candidates,
        b"promptFeedback" => Node::PromptFeedback,
        b"usageMetadata" => Node::Usage,
        b"modelVersion" => Node::Model,
        b"responseId" => Node::Id,
        b"code" => Node::ErrorCode,
        _ => answer(key),
    }
}

fn answer(key: &[u8]) -> Node {
    match key {
        b"id" => Node::Id,
        b"model" => Node::Model,
        b"status" => Node::Status,
        b"incomplete_details" => Node::Incomplete,
        b"usage" => Node::Usage,
        b"error" => Node::Error,
        _ => Node::Nothing,
    }
}

fn usage(key: &[u8]) -> Node {
    match key {
        b"prompt_tokens" | b"input_tokens" | b"promptTokenCount" => Node::Input,
        b"completion_tokens" | b"output_tokens" | b"candidatesTokenCount" => Node::OutputTokens,
        b"prompt_tokens_details" | b"input_tokens_details" => Node::InputDetails,
        b"completion_tokens_details" | b"output_tokens_details" => Node::OutputDetails,
        b"prompt_cache_hit_tokens" | b"cachedContentTokenCount" => Node::Cached,
        b"cache_read_input_tokens" => Node::CacheReadApart,
        b"cache_creation_input_tokens" => Node::CacheWriteApart,
        b"toolUsePromptTokenCount" => Node::ToolsApart,
        b"thoughtsTokenCount" => Node::ThoughtsApart,
        b"cost" => Node::Cost,
        _ => Node::Nothing,
    }
}
