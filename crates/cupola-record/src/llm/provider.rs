//! Who runs a model.

use std::borrow::Cow;
use std::fmt;

/// Who runs a model, by the names that OpenTelemetry gives (`gen_ai.provider.name`): a label, so from a closed set.
///
/// ```
/// use cupola_record::Provider;
///
/// assert_eq!(Provider::AZURE_OPENAI.as_str(), "azure.ai.openai");
/// assert_eq!(Provider::named("our-own").as_str(), "our-own");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Provider(Cow<'static, str>);

impl Provider {
    /// OpenAI, and whatever speaks as OpenAI does and is not known by another name.
    pub const OPENAI: Self = Self::fixed("openai");
    /// OpenAI's models on Azure.
    pub const AZURE_OPENAI: Self = Self::fixed("azure.ai.openai");
    /// Other models on Azure.
    pub const AZURE_INFERENCE: Self = Self::fixed("azure.ai.inference");
    /// Anthropic.
    pub const ANTHROPIC: Self = Self::fixed("anthropic");
    /// Google's Gemini API.
    pub const GEMINI: Self = Self::fixed("gcp.gemini");
    /// Google's Vertex AI.
    pub const VERTEX_AI: Self = Self::fixed("gcp.vertex_ai");
    /// Amazon Bedrock.
    pub const BEDROCK: Self = Self::fixed("aws.bedrock");
    /// Cohere.
    pub const COHERE: Self = Self::fixed("cohere");
    /// DeepSeek.
    pub const DEEPSEEK: Self = Self::fixed("deepseek");
    /// Groq.
    pub const GROQ: Self = Self::fixed("groq");
    /// Mistral AI.
    pub const MISTRAL: Self = Self::fixed("mistral_ai");
    /// Perplexity.
    pub const PERPLEXITY: Self = Self::fixed("perplexity");
    /// xAI.
    pub const X_AI: Self = Self::fixed("x_ai");

    const fn fixed(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// One of another name, which the operator gives, never a client.
    pub fn named(name: impl Into<Cow<'static, str>>) -> Self {
        Self(name.into())
    }

    /// The name as fields and labels have it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
