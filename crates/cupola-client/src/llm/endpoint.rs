//! Who is asked, as far as the URL tells.

use cupola_record::{LlmOperation, Provider};
use http::Uri;

/// Who is asked, as far as the URL tells.
///
/// ```
/// use cupola_client::llm::Endpoint;
///
/// let uri = "https://acme.openai.azure.com/openai/deployments/chat-eu/chat/completions?api-version=2024-06-01".parse()?;
/// let endpoint = Endpoint::of(&uri);
/// assert_eq!((endpoint.provider.as_str(), endpoint.model), ("azure.ai.openai", Some("chat-eu")));
/// assert_eq!(endpoint.api_version, Some("2024-06-01"));
/// # Ok::<(), http::uri::InvalidUri>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint<'u> {
    /// Who runs the model.
    pub provider: Provider,
    /// What is asked.
    pub operation: LlmOperation,
    /// The version of the provider's API: `api-version` of the query, else the first segment of the path such as `v1`.
    pub api_version: Option<&'u str>,
    /// The model or deployment, where the path has it.
    pub model: Option<&'u str>,
    /// The answer comes piece by piece, where the path says so.
    pub streams: bool,
}

/// Providers by their hosts: the whole name, or what it ends with.
const HOSTS: [(&str, Provider); 16] = [
    ("api.openai.com", Provider::OPENAI),
    (".openai.azure.com", Provider::AZURE_OPENAI),
    (".cognitiveservices.azure.com", Provider::AZURE_OPENAI),
    (".services.ai.azure.com", Provider::AZURE_INFERENCE),
    (".models.ai.azure.com", Provider::AZURE_INFERENCE),
    ("api.anthropic.com", Provider::ANTHROPIC),
    ("generativelanguage.googleapis.com", Provider::GEMINI),
    ("aiplatform.googleapis.com", Provider::VERTEX_AI),
    ("-aiplatform.googleapis.com", Provider::VERTEX_AI),
    (".amazonaws.com", Provider::BEDROCK),
    ("api.cohere.com", Provider::COHERE),
    ("api.deepseek.com", Provider::DEEPSEEK),
    ("api.groq.com", Provider::GROQ),
    ("api.mistral.ai", Provider::MISTRAL),
    ("api.perplexity.ai", Provider::PERPLEXITY),
    ("api.x.ai", Provider::X_AI),
];

impl<'u> Endpoint<'u> {
    /// Reads a URL. A host that nobody knows is taken for the provider as whose its path looks: as a rule OpenAI.
    pub fn of(uri: &'u Uri) -> Self {
        let path = uri.path();
        let deployment = behind(path, "/openai/deployments/");
        let is_azure = deployment.is_some() || path.contains("/openai/v1/");
        let by_host = uri.host().and_then(by_host);
        let by_path = || if is_azure { Provider::AZURE_OPENAI } else { by_path(path) };
        let provider = match by_host {
            Some(known) if is_azure && known == Provider::AZURE_INFERENCE => Provider::AZURE_OPENAI,
            known => known.unwrap_or_else(by_path),
        };
        Self {
            provider,
            operation: operation(path),
            api_version: uri.query().and_then(api_version).or_else(|| path.split('/').find(|part| is_version(part))),
            model: deployment.or_else(|| behind(path, "/models/")).or_else(|| behind(path, "/model/")),
            streams: path.contains(":stream") || path.ends_with("-stream"),
        }
    }
}

fn by_host(host: &str) -> Option<Provider> {
    let host = host.to_ascii_lowercase();
    let matches = |name: &str| if name.starts_with(['.', '-']) { host.ends_with(name) } else { host == name };
    HOSTS.iter().find(|(name, _)| matches(name)).map(|(_, provider)| provider.clone())
}

fn by_path(path: &str) -> Provider {
    match path {
        path if path.ends_with("/messages") => Provider::ANTHROPIC,
        path if path.contains(":generateContent") || path.contains(":streamGenerateContent") => Provider::GEMINI,
        _ => Provider::OPENAI,
    }
}

fn operation(path: &str) -> LlmOperation {
    let ends = |end: &str| path.ends_with(end);
    if ends("/embeddings") || ends(":embedContent") || ends(":batchEmbedContents") {
        LlmOperation::Embeddings
    } else if path.contains(":generateContent") || path.contains(":streamGenerateContent") {
        LlmOperation::GenerateContent
    } else if ends("/completions") && !ends("/chat/completions") {
        LlmOperation::TextCompletion
    } else {
        LlmOperation::Chat
    }
}

/// The segment behind a prefix, without what follows a colon.
fn behind<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let (_, rest) = path.split_once(prefix)?;
    let segment = rest.split(['/', ':']).next().unwrap_or_default();
    Some(segment).filter(|segment| !segment.is_empty())
}

fn api_version(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("api-version=")).filter(|version| !version.is_empty())
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_the_providers() {
        let check = |url: &str, provider: &str, operation: LlmOperation, version: &str, model: &str, streams: bool| {
            let uri = url.parse().unwrap();
            let found = Endpoint::of(&uri);
            let seen = (found.provider.as_str(), found.operation, found.api_version.unwrap_or_default());
            assert_eq!(seen, (provider, operation, version), "{url}");
            assert_eq!((found.model.unwrap_or_default(), found.streams), (model, streams), "{url}");
        };
        let chat = LlmOperation::Chat;
        check("https://api.openai.com/v1/chat/completions", "openai", chat, "v1", "", false);
        check("https://api.openai.com/v1/responses", "openai", chat, "v1", "", false);
        check("https://api.openai.com/v1/embeddings", "openai", LlmOperation::Embeddings, "v1", "", false);
        check("https://api.openai.com/v1/completions", "openai", LlmOperation::TextCompletion, "v1", "", false);
        check("https://API.Anthropic.com/v1/messages", "anthropic", chat, "v1", "", false);
        let azure = "/openai/deployments/chat-eu/chat/completions?api-version=2024-06-01";
        check(
            &format!("https://acme.openai.azure.com{azure}"),
            "azure.ai.openai",
            chat,
            "2024-06-01",
            "chat-eu",
            false,
        );
        check(&format!("https://apim.acme.com/x{azure}"), "azure.ai.openai", chat, "2024-06-01", "chat-eu", false);
        check("https://acme.openai.azure.com/openai/v1/responses", "azure.ai.openai", chat, "v1", "", false);
        check("https://acme.services.ai.azure.com/openai/v1/x", "azure.ai.openai", chat, "v1", "", false);
        check(
            "https://acme.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
            "azure.ai.inference",
            chat,
            "2024-05-01-preview",
            "chat",
            false,
        );
        let gemini = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash";
        let generate = LlmOperation::GenerateContent;
        check(&format!("{gemini}:generateContent"), "gcp.gemini", generate, "v1beta", "gemini-2.5-flash", false);
        check(
            &format!("{gemini}:streamGenerateContent?alt=sse"),
            "gcp.gemini",
            generate,
            "v1beta",
            "gemini-2.5-flash",
            true,
        );
        check("http://localhost:11434/v1/chat/completions", "openai", chat, "v1", "", false);
        check("http://proxy.internal/v1/messages", "anthropic", chat, "v1", "", false);
        check("https://notapi.openai.com.evil.org/a", "openai", chat, "", "", false);
        check("https://evil-openai.azure.com/a", "openai", chat, "", "", false);
        check("/", "openai", chat, "", "", false);
    }
}
