//! Calls of language models.

use std::sync::{Arc, OnceLock};

use cupola_client::llm::{Config, LlmTap};
use cupola_metrics::LlmMetrics;
use cupola_record::{And, GenAiNames, LlmLog, Sink, VarError};
use cupola_redact::KeyPolicy;

use crate::cupola::Cupola;
use crate::own;

/// The tap of all calls, as it is made when somebody asks for it: services that call no models have no metrics of such calls.
#[derive(Debug)]
pub(crate) struct Llm {
    bare: LlmTap,
    log: LlmLog,
    names: GenAiNames,
    spans: Arc<dyn Sink>,
    tap: OnceLock<LlmTap>,
}

impl Llm {
    pub(crate) fn new(
        vars: &dyn Fn(&str) -> Option<String>,
        policy: &KeyPolicy,
        log: LlmLog,
        spans: impl Sink,
    ) -> Result<Self, VarError> {
        let names = GenAiNames::from_vars(vars);
        let bare = Config::from_vars(vars)?.apply(LlmTap::new().policy(policy.clone()).names(names));
        Ok(Self { bare, log, names, spans: Arc::new(spans), tap: OnceLock::new() })
    }
}

impl Cupola {
    /// What records calls of language models: each is a line, metrics and a span under OpenTelemetry's names, and its tokens and cost are on
    /// the line of the request that is being served. See [`cupola_client::llm`]; what models cost is given with
    /// [`LlmTap::prices`].
    ///
    /// ```
    /// use cupola::client::llm::{Price, Prices};
    ///
    /// # let cupola = cupola::Cupola::builder("hello").vars(|_| None).output(std::io::sink()).build()?;
    /// let small = Price { input: 150_000, output: 600_000, ..Price::default() };
    /// let llm = cupola.llm().prices(Prices::new().model("small-1", small));
    /// let uri = "https://api.openai.com/v1/chat/completions".parse()?;
    /// let call = llm.request(&uri, br#"{"model":"small-1"}"#).begin();
    /// # drop(call);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn llm(&self) -> LlmTap {
        let llm = &self.0.llm;
        let tap = llm.tap.get_or_init(|| {
            let metrics = own::counted("calls of language models", LlmMetrics::new(self.registry(), llm.names));
            llm.bare.clone().sink(And::new(llm.log, And::new(metrics, Arc::clone(&llm.spans))))
        });
        tap.clone()
    }
}
