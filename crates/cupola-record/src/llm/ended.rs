//! What the end of a model's call adds to what its beginning knew.

use std::time::Duration;

use cupola_redact::{KeyPolicy, Masked, MaskedParts};
use http::StatusCode;
use tracing::Level;

use super::answer::RawLlmAnswer;
use super::error_kind::LlmErrorKind;
use super::rate_limits::RateLimits;
use super::usage::{Cost, Usage};

/// How a call of a model ended; exactly one of these is recorded for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LlmOutcome {
    /// The answer came whole.
    Complete,
    /// No answer came, or it broke off.
    Failed(LlmErrorKind),
    /// The caller left before the answer was whole.
    Abandoned,
}

impl LlmOutcome {
    /// The outcome as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed(_) => "failed",
            Self::Abandoned => "abandoned",
        }
    }

    /// The line's message.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Complete => "LLM call completed",
            Self::Failed(_) => "LLM call failed",
            Self::Abandoned => "LLM call abandoned",
        }
    }
}

/// How a call of a model ended, and what was measured of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LlmEnded {
    /// How.
    pub outcome: LlmOutcome,
    /// The response's status, where a head came.
    pub status: Option<StatusCode>,
    /// What it has used, as far as the provider has said.
    pub usage: Usage,
    /// What that cost, where the price is known.
    pub cost: Option<Cost>,
    /// The model, or the provider's filter, has refused to answer.
    pub refused: bool,
    /// From the beginning to the first piece of the answer.
    pub first_chunk: Option<Duration>,
    /// The longest time between two pieces.
    pub longest_gap: Option<Duration>,
    /// How many pieces came, of an answer that comes piece by piece.
    pub chunks: u64,
    /// From the beginning to the end of the answer.
    pub total: Duration,
    /// Bytes of the answer that were read.
    pub response_bytes: u64,
    /// What the provider said of its limits.
    pub rate_limits: RateLimits,
    /// What it has answered, by choice: masked, up to a cap.
    pub completion: Option<Masked>,
    texts: MaskedParts,
}

const MODEL: usize = 0;
const ID: usize = 1;
const REQUEST_ID: usize = 2;
const FINISH_REASONS: usize = 3;
const ERROR_CODE: usize = 4;

/// The longest of these texts that is kept, in bytes.
const CAP: usize = 128;

impl LlmEnded {
    pub(super) fn begun() -> Self {
        Self {
            outcome: LlmOutcome::Abandoned,
            status: None,
            usage: Usage::default(),
            cost: None,
            refused: false,
            first_chunk: None,
            longest_gap: None,
            chunks: 0,
            total: Duration::ZERO,
            response_bytes: 0,
            rate_limits: RateLimits::default(),
            completion: None,
            texts: MaskedParts::default(),
        }
    }

    pub(super) fn mask(&mut self, policy: &KeyPolicy, raw: &RawLlmAnswer<'_>) {
        let mut texts = MaskedParts::builder();
        for text in [raw.model, raw.id, raw.request_id, raw.finish_reasons, raw.error_code] {
            texts.push_text(policy, text.as_bytes(), CAP);
        }
        texts.build_into(&mut self.texts);
    }

    /// Which model has answered, masked. As a label it needs a bound.
    pub fn model(&self) -> Option<&str> {
        self.text(MODEL)
    }

    /// The answer's id.
    pub fn id(&self) -> Option<&str> {
        self.text(ID)
    }

    /// The provider's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.text(REQUEST_ID)
    }

    /// Why it ended, in the provider's words; of several answers separated by commas.
    pub fn finish_reasons(&self) -> Option<&str> {
        self.text(FINISH_REASONS)
    }

    /// The provider's word for what went wrong. Never a label.
    pub fn error_code(&self) -> Option<&str> {
        self.text(ERROR_CODE)
    }

    /// Why it counts as failed, from a closed set; `None` on success, and where the caller left.
    pub const fn error_type(&self) -> Option<&'static str> {
        match self.outcome {
            LlmOutcome::Failed(kind) => Some(kind.as_str()),
            _ => None,
        }
    }

    /// Tokens of the answer a second, from its first piece to its end.
    pub fn output_tokens_per_second(&self) -> Option<f64> {
        let writing = self.total.checked_sub(self.first_chunk?).filter(|time| !time.is_zero())?;
        Some(self.usage.output? as f64 / writing.as_secs_f64())
    }

    /// The level of its line: that of its error, else INFO.
    pub const fn level(&self) -> Level {
        match self.outcome {
            LlmOutcome::Failed(kind) => kind.level(),
            _ => Level::INFO,
        }
    }

    fn text(&self, part: usize) -> Option<&str> {
        Some(self.texts.get(part)).filter(|text| !text.is_empty())
    }
}
