//! What all calls of models have in common, and where one begins.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use cupola_record::{
    CallTrace, Duties, GenAiNames, LlmCall, LlmLog, LlmOperation, OpenLlmCall, Pricing, Provider, RawLlmCall, Sink,
};
use cupola_redact::{End, KeyPolicy, Media, Redactor};
use http::Uri;

use super::endpoint::Endpoint;
use super::parameters::Asked;
use super::pending::PendingAnswer;
use crate::settings::span_id;

/// So many ways in which models are asked are told of, each once.
const MAX_TOLD: usize = 32;

/// Records calls of language models, whatever client makes them: it reads what is asked, and the answer while it passes.
///
/// Bytes are never changed, and what cannot be read fails nobody. Calls are lines ([`LlmLog`]) unless a sink is set; what is
/// asked and answered is kept by choice only.
///
/// ```
/// use cupola_client::llm::LlmTap;
/// use http::{Request, Response, Uri};
/// use http_body_util::{BodyExt, Full};
/// use bytes::Bytes;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # async fn send(_: Request<Bytes>) -> Result<Response<Full<Bytes>>, std::io::Error> {
/// #     let answer = r#"{"object":"chat.completion","model":"small-1","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":9}}"#;
/// #     Ok(Response::new(Full::from(answer)))
/// # }
/// let llm = LlmTap::new();
///
/// let uri: Uri = "https://api.openai.com/v1/chat/completions".parse()?;
/// let body = Bytes::from(r#"{"model":"small-1","messages":[{"role":"user","content":"Hi"}]}"#);
/// let call = llm.request(&uri, &body).selection_reason("the cheapest that speaks German").begin();
/// let response = call.watch(send(Request::post(uri).body(body)?)).await?;
/// let answer = response.into_body().collect().await?.to_bytes();
/// // The log has a line now: provider, model, tokens, times, why it ended, request id.
/// # assert!(answer.starts_with(b"{"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct LlmTap {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) policy: KeyPolicy,
    pricing: Option<Arc<dyn Pricing>>,
    provider: Option<Provider>,
    content_cap: Option<usize>,
    names: GenAiNames,
    told: Arc<Mutex<HashSet<u64>>>,
}

impl LlmTap {
    /// One whose calls are lines.
    pub fn new() -> Self {
        Self {
            sink: Arc::new(LlmLog::new()),
            policy: KeyPolicy::default(),
            pricing: None,
            provider: None,
            content_cap: None,
            names: GenAiNames::default(),
            told: Arc::default(),
        }
    }

    /// Who is told of calls, in place of the log.
    #[must_use]
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.sink = Arc::new(sink);
        self
    }

    /// What is masked of texts.
    #[must_use]
    pub fn policy(mut self, policy: KeyPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Who knows what models cost: [`Prices`](super::Prices), as a rule.
    #[must_use]
    pub fn prices(mut self, pricing: impl Pricing) -> Self {
        self.pricing = Some(Arc::new(pricing));
        self
    }

    /// Who runs the models, where the URL would tell wrongly.
    #[must_use]
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Which generation of OpenTelemetry's names spans have.
    #[must_use]
    pub const fn names(mut self, names: GenAiNames) -> Self {
        self.names = names;
        self
    }

    /// Keeps what is asked and answered, masked, so many bytes of each; 0 keeps nothing. Off unless set: it is what people have written, and a
    /// mask knows secrets, not stories.
    #[must_use]
    pub fn content(mut self, cap: usize) -> Self {
        self.content_cap = Some(cap).filter(|cap| *cap > 0);
        self
    }

    /// What a request asks, by its URL and its body.
    pub fn request<'a>(&'a self, uri: &'a Uri, body: &'a [u8]) -> LlmRequest<'a> {
        let endpoint = Endpoint::of(uri);
        let asked = Asked::of(body);
        let provider = self.provider.clone().unwrap_or_else(|| endpoint.provider.clone());
        LlmRequest { tap: self, uri, body, endpoint, asked, provider, api_version: None, model: None, reason: "" }
    }

    /// Begins a call that is recorded by hand: of what is no HTTP, or of a format that is not known.
    pub fn open(&self, mut call: LlmCall) -> OpenLlmCall {
        self.tell(&call);
        call.names = self.names;
        // Where nobody makes spans, nothing is paid for one.
        let makes_spans = self.sink.duties().contains(Duties::SPAN);
        let trace = call.context.as_ref().filter(|_| makes_spans).and_then(CallTrace::recorded);
        call.span = trace.map(|trace| (trace, span_id()));
        let open = OpenLlmCall::new(call, self.policy.clone(), Arc::clone(&self.sink), now);
        match &self.pricing {
            Some(pricing) => open.priced_by(Arc::clone(pricing)),
            None => open,
        }
    }

    /// Says once how models are asked.
    fn tell(&self, call: &LlmCall) {
        let mut hasher = DefaultHasher::new();
        (call.provider.as_str(), call.host(), call.api_version(), call.model()).hash(&mut hasher);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = told.len() < MAX_TOLD && told.insert(hasher.finish());
        drop(told);
        if is_new {
            LlmLog::configured(call);
        }
    }
}

impl Default for LlmTap {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LlmTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmTap")
            .field("sink", &self.sink)
            .field("content_cap", &self.content_cap)
            .finish_non_exhaustive()
    }
}

/// What a request asks; what the call site knows better is put over it.
#[derive(Clone, Debug)]
pub struct LlmRequest<'a> {
    tap: &'a LlmTap,
    uri: &'a Uri,
    body: &'a [u8],
    endpoint: Endpoint<'a>,
    asked: Asked,
    provider: Provider,
    api_version: Option<&'a str>,
    model: Option<&'a str>,
    reason: &'a str,
}

impl<'a> LlmRequest<'a> {
    /// Why this model was chosen.
    #[must_use]
    pub const fn selection_reason(mut self, reason: &'a str) -> Self {
        self.reason = reason;
        self
    }

    /// Who runs the model.
    #[must_use]
    pub fn provider(mut self, provider: Provider) -> Self {
        self.provider = provider;
        self
    }

    /// The version of the provider's API, as the header `anthropic-version` has it.
    #[must_use]
    pub const fn api_version(mut self, version: &'a str) -> Self {
        self.api_version = Some(version);
        self
    }

    /// The model.
    #[must_use]
    pub const fn model(mut self, model: &'a str) -> Self {
        self.model = Some(model);
        self
    }

    /// What is asked.
    #[must_use]
    pub const fn operation(mut self, operation: LlmOperation) -> Self {
        self.endpoint.operation = operation;
        self
    }

    /// Begins the call, on behalf of the request that is ambient here. Dropped without an answer, it is abandoned.
    pub fn begin(self) -> PendingAnswer {
        let tap = self.tap;
        let model = self.model.or(self.asked.model.as_deref()).or(self.endpoint.model);
        let raw = RawLlmCall {
            host: self.uri.authority().map_or("", |authority| authority.as_str()),
            api_version: self.api_version.or(self.endpoint.api_version).unwrap_or_default(),
            model: model.unwrap_or_default(),
            selection_reason: self.reason,
        };
        let mut call = LlmCall::new(SystemTime::now(), self.endpoint.operation, self.provider, &tap.policy, &raw);
        call.parameters = self.asked.parameters;
        call.parameters.stream = call.parameters.stream.or(self.endpoint.streams.then_some(true));
        call.prompt = tap.content_cap.map(|cap| {
            let mut redactor = Redactor::new(&tap.policy, Media::Json, cap);
            redactor.feed(self.body);
            redactor.finish(End::Complete).text
        });
        PendingAnswer::new(tap.open(call), tap.content_cap)
    }
}

/// Tokio's clock, so that tests can pause it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
