//! One call of a model, as it is known when it begins.

use std::time::SystemTime;

use cupola_context::{Context, Scope, SpanId};
use cupola_redact::{KeyPolicy, Masked, MaskedParts};

use super::names::GenAiNames;
use super::provider::Provider;
use crate::call_trace::CallTrace;

/// What a model is asked to do, by the names that OpenTelemetry gives (`gen_ai.operation.name`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LlmOperation {
    /// To answer messages.
    #[default]
    Chat,
    /// To go on with a text.
    TextCompletion,
    /// To answer contents of several kinds.
    GenerateContent,
    /// To place texts in a space.
    Embeddings,
}

impl LlmOperation {
    /// The operation as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::TextCompletion => "text_completion",
            Self::GenerateContent => "generate_content",
            Self::Embeddings => "embeddings",
        }
    }
}

/// How a model is asked to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[allow(clippy::exhaustive_structs, reason = "it is written out by those who record calls by hand")]
pub struct LlmParameters {
    /// How freely it chooses.
    pub temperature: Option<f64>,
    /// Among how likely words it chooses.
    pub top_p: Option<f64>,
    /// How long the answer may become.
    pub max_tokens: Option<u64>,
    /// Whether the answer comes piece by piece.
    pub stream: Option<bool>,
}

/// The texts of a call as they are sent; they are masked before anybody is told.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs, reason = "it is written out by those who record calls by hand")]
pub struct RawLlmCall<'a> {
    /// The endpoint's authority.
    pub host: &'a str,
    /// The version of the provider's API.
    pub api_version: &'a str,
    /// The model that is asked for; with Azure the deployment.
    pub model: &'a str,
    /// Why this model or provider was chosen, in the caller's words.
    pub selection_reason: &'a str,
}

/// One call of a model, as it is known when it begins; [`crate::LlmEnded`] is what its end adds.
///
/// ```
/// use std::time::SystemTime;
/// use cupola_record::{LlmCall, LlmOperation, Provider, RawLlmCall};
/// use cupola_redact::KeyPolicy;
///
/// let texts = RawLlmCall { host: "api.example.com", model: "small-1", ..RawLlmCall::default() };
/// let call = LlmCall::new(SystemTime::UNIX_EPOCH, LlmOperation::Chat, Provider::OPENAI, &KeyPolicy::default(), &texts);
/// assert_eq!((call.model(), call.api_version()), (Some("small-1"), None));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LlmCall {
    /// The request on whose behalf it is made, where there is one.
    pub context: Option<Context>,
    /// The work of which it is a part: its fields are on the line, and what counts gets the tokens.
    pub scope: Option<Scope>,
    /// When it began, by the wall clock.
    pub started: SystemTime,
    /// What is asked.
    pub operation: LlmOperation,
    /// Who runs the model.
    pub provider: Provider,
    /// How it is asked to answer.
    pub parameters: LlmParameters,
    /// The trace in which it is a span, and the span's id; `None` where nobody makes spans of calls, or the trace is not sampled.
    pub span: Option<(CallTrace, SpanId)>,
    /// Which names the span has.
    pub names: GenAiNames,
    /// What it is asked, by choice: masked, up to a cap.
    pub prompt: Option<Masked>,
    texts: MaskedParts,
}

const HOST: usize = 0;
const API_VERSION: usize = 1;
const MODEL: usize = 2;
const SELECTION_REASON: usize = 3;

/// The longest of these texts that is kept, in bytes; of the reason it is [`REASON_CAP`].
const NAME_CAP: usize = 128;
const REASON_CAP: usize = 256;

impl LlmCall {
    /// A call that begins, on behalf of the request that is ambient here.
    pub fn new(
        started: SystemTime,
        operation: LlmOperation,
        provider: Provider,
        policy: &KeyPolicy,
        raw: &RawLlmCall<'_>,
    ) -> Self {
        let mut texts = MaskedParts::builder();
        texts.push_authority(policy, raw.host.as_bytes(), NAME_CAP);
        texts.push_text(policy, raw.api_version.as_bytes(), NAME_CAP);
        texts.push_text(policy, raw.model.as_bytes(), NAME_CAP);
        // A sentence of somebody's: what follows a denied name is masked too.
        let reason = policy.text(raw.selection_reason);
        texts.push_text(policy, reason.as_str().as_bytes(), REASON_CAP);
        Self {
            context: cupola_context::current(),
            scope: Scope::current(),
            started,
            operation,
            provider,
            parameters: LlmParameters::default(),
            span: None,
            names: GenAiNames::default(),
            prompt: None,
            texts: texts.build(),
        }
    }

    /// The endpoint, masked. Never a label.
    pub fn host(&self) -> Option<&str> {
        self.text(HOST)
    }

    /// The version of the provider's API.
    pub fn api_version(&self) -> Option<&str> {
        self.text(API_VERSION)
    }

    /// The model that is asked for, masked. Clients often choose it: as a label it needs a bound.
    pub fn model(&self) -> Option<&str> {
        self.text(MODEL)
    }

    /// Why this model was chosen, masked.
    pub fn selection_reason(&self) -> Option<&str> {
        self.text(SELECTION_REASON)
    }

    fn text(&self, part: usize) -> Option<&str> {
        Some(self.texts.get(part)).filter(|text| !text.is_empty())
    }
}
