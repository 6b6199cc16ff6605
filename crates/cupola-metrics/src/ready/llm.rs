//! Language models: tokens, time and cost.

use std::time::Duration;

use super::labels;
use crate::by::By;
use crate::counter::FloatCounter;
use crate::error::RegisterError;
use crate::histogram::{DurationHistogram, Histogram};
use crate::labels::Values;
use crate::registry::Registry;

/// The bounds that OpenTelemetry advises for tokens, and for the duration of calls.
pub(crate) const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];
pub(crate) const DURATIONS: [f64; 14] =
    [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

mod label {
    use super::Values;

    super::labels! {
        Provider "gen_ai.provider.name" Values::AtMost(crate::ready::MOST);
        Model "gen_ai.request.model" Values::AtMost(crate::ready::MOST);
        Token "gen_ai.token.type" Values::Only(&["input", "cached", "output", "reasoning"]);
    }
}

/// What a call has used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens of the prompt.
    pub input: Option<u64>,
    /// Those of them that a cache had.
    pub cached: Option<u64>,
    /// Tokens of the answer.
    pub output: Option<u64>,
    /// Those of them that were thoughts.
    pub reasoning: Option<u64>,
    /// What it cost, in US dollars; `None` where the price is not known.
    pub cost: Option<f64>,
}

/// The calls of a service to language models: `gen_ai.client.token.usage`, `gen_ai.client.operation.duration` and
/// `gen_ai.client.cost`, by `gen_ai.provider.name` and `gen_ai.request.model`.
///
/// ```
/// use std::time::Duration;
/// use cupola_metrics::{Registry, ready::{Llm, Usage}};
///
/// let registry = Registry::new();
/// let llm = Llm::new(&registry)?;
/// let mut usage = Usage::default();
/// (usage.input, usage.output, usage.cost) = (Some(900), Some(120), Some(0.004));
/// llm.record("anthropic", "claude", Duration::from_secs(2), &usage);
/// let text = registry.render();
/// assert!(text.contains("gen_ai_client_cost_USD_total{gen_ai_provider_name=\"anthropic\",gen_ai_request_model=\"claude\"} 0.004\n"));
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Llm {
    tokens: By<(label::Provider, label::Model, label::Token), Histogram>,
    durations: By<(label::Provider, label::Model), DurationHistogram>,
    cost: By<(label::Provider, label::Model), FloatCounter>,
}

impl Llm {
    /// Registers them.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn new(registry: &Registry) -> Result<Self, RegisterError> {
        Ok(Self {
            tokens: registry.histogram_by(
                "gen_ai.client.token.usage",
                "Tokens of a call, by type.",
                "{token}",
                &TOKENS,
            )?,
            durations: registry.duration_histogram_by(
                "gen_ai.client.operation.duration",
                "How long calls took, to the end of the answer.",
                &DURATIONS,
            )?,
            cost: registry.float_counter_by("gen_ai.client.cost", "What calls have cost.", "USD")?,
        })
    }

    /// A call has ended.
    pub fn record(&self, provider: &str, model: &str, duration: Duration, usage: &Usage) {
        self.durations.with(&(provider.into(), model.into())).observe(duration);
        let tokens = [
            ("input", usage.input),
            ("cached", usage.cached),
            ("output", usage.output),
            ("reasoning", usage.reasoning),
        ];
        for (kind, count) in tokens {
            if let Some(count) = count {
                self.tokens.with(&(provider.into(), model.into(), kind.into())).observe(count as f64);
            }
        }
        if let Some(cost) = usage.cost {
            self.cost.with(&(provider.into(), model.into())).add(cost);
        }
    }
}
