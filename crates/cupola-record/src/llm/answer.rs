//! The texts of an answer, as they came.

/// The texts of a model's answer as they came; they are masked before anybody is told.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "it is written out by those who record calls by hand")]
pub struct RawLlmAnswer<'a> {
    /// Which model has answered.
    pub model: &'a str,
    /// The answer's id.
    pub id: &'a str,
    /// The provider's id of the request, for its support.
    pub request_id: &'a str,
    /// Why it ended, in the provider's words, of several answers separated by commas.
    pub finish_reasons: &'a str,
    /// The provider's word for what went wrong.
    pub error_code: &'a str,
}
