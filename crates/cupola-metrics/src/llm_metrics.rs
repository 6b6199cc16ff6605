//! Metrics of calls of language models: tokens, times, cost, and what is left of the providers' limits.

use std::time::Duration;

use cupola_record::{GenAiNames, LlmCall, LlmEnded, LlmErrorKind, LlmOutcome, RateLimits, Record, Sink, Usage};

use crate::by::By;
use crate::counter::{Counter, FloatCounter};
use crate::error::RegisterError;
use crate::gauge::Gauge;
use crate::histogram::{DurationHistogram, Histogram};
use crate::labels::OTHER;
use crate::ready::llm::{DURATIONS, TOKENS};
use crate::registry::Registry;

mod label {
    use crate::labels::Values;

    crate::ready::labels! {
        Operation "gen_ai.operation.name" Values::AtMost(16);
        Provider "gen_ai.provider.name" Values::AtMost(64);
        Model "gen_ai.request.model" Values::AtMost(64);
        Answered "gen_ai.response.model" Values::AtMost(64);
        Token "gen_ai.token.type" Values::Only(&["input", "cache_read", "cache_write", "output", "reasoning"]);
        Error "error.type" Values::AtMost(64);
        Kind "cupola.llm.limit" Values::Only(&["requests", "tokens", "input_tokens", "output_tokens"]);
    }
}

/// Operation, provider, the model that was asked for, and the one that has answered.
type Who = (label::Operation, label::Provider, label::Model, label::Answered);
type WhoAndError = (label::Operation, label::Provider, label::Model, label::Answered, label::Error);
type WhoAndToken = (label::Operation, label::Provider, label::Model, label::Answered, label::Token);
type Limit = (label::Provider, label::Model, label::Kind);

/// The bounds that OpenTelemetry advises for the time to the first piece, and between two.
const FIRST: [f64; 16] = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
const BETWEEN: [f64; 13] = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];

/// Counts the calls that a service makes of language models.
///
/// | metric | labels | names |
/// |---|---|---|
/// | `gen_ai_client_operation_duration_seconds` | who, `error_type` | version 1.41 |
/// | `gen_ai_client_token_usage` | who, `gen_ai_token_type`: `input` or `output`, which have all others in them | version 1.41 |
/// | `gen_ai_client_operation_time_to_first_chunk_seconds`, `…_time_per_output_chunk_seconds` | who | version 1.41 |
/// | `gen_ai_client_inference_duration_seconds` | who, `error_type` | next |
/// | `gen_ai_client_inference_time_to_first_chunk_seconds` | who | next |
/// | `gen_ai_client_inference_operation_input_tokens`, `…_output_tokens` | who | next |
/// | `gen_ai_client_inference_usage_…_total`: `input_tokens output_tokens cache_read_input_tokens cache_write_input_tokens reasoning_output_tokens` | who | next |
/// | `cupola_llm_tokens_total` | who, `gen_ai_token_type`: also `cache_read cache_write reasoning`, which are parts of the two | always |
/// | `gen_ai_client_cost_USD_total` | who | always |
/// | `cupola_llm_rate_limit`, `cupola_llm_rate_limit_remaining` | `gen_ai_provider_name` `gen_ai_request_model` `cupola_llm_limit` | always |
///
/// Who: `gen_ai_operation_name` `gen_ai_provider_name` `gen_ai_request_model` `gen_ai_response_model`. Clients often choose the
/// model: of its names the first 64 are told apart, and one that no provider knows is `_OTHER`. Which generation of
/// OpenTelemetry's names is used, [`GenAiNames`] says. A call that the caller left has the error type `abandoned`.
///
/// ```
/// use cupola_metrics::{LlmMetrics, Registry};
/// use cupola_record::{GenAiNames, LlmLog, Sink};
///
/// let registry = Registry::new();
/// let sink = LlmLog::new().and(LlmMetrics::new(&registry, GenAiNames::Both)?);
/// # let _ = sink;
/// # Ok::<(), cupola_metrics::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LlmMetrics {
    current: Option<Current>,
    next: Option<Next>,
    tokens: By<WhoAndToken, Counter>,
    cost: By<Who, FloatCounter>,
    limits: By<Limit, Gauge>,
    remaining: By<Limit, Gauge>,
}

/// Under the names of version 1.41.
#[derive(Clone, Debug)]
struct Current {
    durations: By<WhoAndError, DurationHistogram>,
    tokens: By<WhoAndToken, Histogram>,
    first: By<Who, DurationHistogram>,
    between: By<Who, DurationHistogram>,
}

/// Under the names that are to come.
#[derive(Clone, Debug)]
struct Next {
    durations: By<WhoAndError, DurationHistogram>,
    first: By<Who, DurationHistogram>,
    /// Of each call, the prompt's and the answer's.
    sizes: [By<Who, Histogram>; 2],
    /// As [`counts`] has them.
    sums: [By<Who, Counter>; 5],
}

impl LlmMetrics {
    /// Registers them.
    ///
    /// # Errors
    /// Where they are registered already, by this type or by [`crate::ready::Llm`].
    pub fn new(registry: &Registry, names: GenAiNames) -> Result<Self, RegisterError> {
        let limits = "How much a provider allows until it is there anew.";
        Ok(Self {
            current: names.has_current().then(|| Current::new(registry)).transpose()?,
            next: names.has_next().then(|| Next::new(registry)).transpose()?,
            tokens: registry.counter_by(
                "cupola.llm.tokens",
                "Tokens, by type; some are parts of others.",
                "{token}",
            )?,
            cost: registry.float_counter_by("gen_ai.client.cost", "What calls have cost.", "USD")?,
            limits: registry.gauge_by("cupola.llm.rate_limit", limits, "{allowance}")?,
            remaining: registry.gauge_by(
                "cupola.llm.rate_limit.remaining",
                "How much of it is left.",
                "{allowance}",
            )?,
        })
    }

    fn limits(&self, provider: &str, model: &str, limits: &RateLimits) {
        for (kind, allowance) in limits.each() {
            for (gauge, value) in [(&self.limits, allowance.limit), (&self.remaining, allowance.remaining)] {
                if let Some(value) = value {
                    let labels = (provider.into(), model.into(), kind.into());
                    gauge.with(&labels).set(i64::try_from(value).unwrap_or(i64::MAX));
                }
            }
        }
    }
}

impl Current {
    fn new(registry: &Registry) -> Result<Self, RegisterError> {
        let duration = "How long calls took, to the end of the answer.";
        let first = "How long calls took to the first piece of the answer.";
        let between = "How long it took from one piece of an answer to the next, on average of a call.";
        Ok(Self {
            durations: registry.duration_histogram_by("gen_ai.client.operation.duration", duration, &DURATIONS)?,
            tokens: registry.histogram_by(
                "gen_ai.client.token.usage",
                "Tokens of a call, by type.",
                "{token}",
                &TOKENS,
            )?,
            first: registry.duration_histogram_by("gen_ai.client.operation.time_to_first_chunk", first, &FIRST)?,
            between: registry.duration_histogram_by(
                "gen_ai.client.operation.time_per_output_chunk",
                between,
                &BETWEEN,
            )?,
        })
    }

    fn record(&self, who: &Labels<'_>, ended: &LlmEnded) {
        self.durations.with(&who.with_error()).observe(ended.total);
        for (kind, count) in [("input", ended.usage.input), ("output", ended.usage.output)] {
            if let Some(count) = count {
                self.tokens.with(&who.with_token(kind)).observe(count as f64);
            }
        }
        if let Some(first) = ended.first_chunk {
            self.first.with(&who.plain()).observe(first);
        }
        if let Some(between) = between(ended) {
            self.between.with(&who.plain()).observe(between);
        }
    }
}

impl Next {
    fn new(registry: &Registry) -> Result<Self, RegisterError> {
        let duration = "How long inferences took, to the end of the answer.";
        let first = "How long inferences took to the first piece of the answer.";
        let size = |name, help| registry.histogram_by(name, help, "{token}", &TOKENS);
        let sum = |name| registry.counter_by(name, "Tokens of inferences.", "{token}");
        Ok(Self {
            durations: registry.duration_histogram_by("gen_ai.client.inference.duration", duration, &DURATIONS)?,
            first: registry.duration_histogram_by("gen_ai.client.inference.time_to_first_chunk", first, &FIRST)?,
            sizes: [
                size("gen_ai.client.inference.operation.input_tokens", "Tokens of an inference's prompt.")?,
                size("gen_ai.client.inference.operation.output_tokens", "Tokens of an inference's answer.")?,
            ],
            sums: [
                sum("gen_ai.client.inference.usage.input_tokens")?,
                sum("gen_ai.client.inference.usage.cache_read.input_tokens")?,
                sum("gen_ai.client.inference.usage.cache_write.input_tokens")?,
                sum("gen_ai.client.inference.usage.output_tokens")?,
                sum("gen_ai.client.inference.usage.reasoning.output_tokens")?,
            ],
        })
    }

    fn record(&self, who: &Labels<'_>, ended: &LlmEnded) {
        self.durations.with(&who.with_error()).observe(ended.total);
        if let Some(first) = ended.first_chunk {
            self.first.with(&who.plain()).observe(first);
        }
        for (size, count) in self.sizes.iter().zip([ended.usage.input, ended.usage.output]) {
            if let Some(count) = count {
                size.with(&who.plain()).observe(count as f64);
            }
        }
        for (sum, (_, count)) in self.sums.iter().zip(counts(&ended.usage)) {
            if let Some(count) = count {
                sum.with(&who.plain()).add(count);
            }
        }
    }
}

impl Sink for LlmMetrics {
    fn record(&self, record: Record<'_>) {
        let Record::Llm(call, ended) = record else { return };
        let who = Labels::of(call, ended);
        if let Some(current) = &self.current {
            current.record(&who, ended);
        }
        if let Some(next) = &self.next {
            next.record(&who, ended);
        }
        for (kind, count) in counts(&ended.usage) {
            if let Some(count) = count {
                self.tokens.with(&who.with_token(kind)).add(count);
            }
        }
        if let Some(cost) = ended.cost {
            self.cost.with(&who.plain()).add(cost.micros as f64 / 1e6);
        }
        self.limits(who.provider, who.model, &ended.rate_limits);
    }
}

/// What a call is counted by.
struct Labels<'a> {
    operation: &'a str,
    provider: &'a str,
    model: &'a str,
    answered: &'a str,
    error: &'a str,
}

impl<'a> Labels<'a> {
    fn of(call: &'a LlmCall, ended: &'a LlmEnded) -> Self {
        let is_abandoned = ended.outcome == LlmOutcome::Abandoned;
        // Whoever asks for models that do not exist would use up the names.
        let is_unknown = ended.outcome == LlmOutcome::Failed(LlmErrorKind::ModelNotFound);
        Self {
            operation: call.operation.as_str(),
            provider: call.provider.as_str(),
            model: if is_unknown { OTHER } else { call.model().unwrap_or_default() },
            answered: ended.model().unwrap_or_default(),
            error: ended.error_type().or(is_abandoned.then_some(ended.outcome.as_str())).unwrap_or_default(),
        }
    }

    fn plain(&self) -> Who {
        (self.operation.into(), self.provider.into(), self.model.into(), self.answered.into())
    }

    fn with_error(&self) -> WhoAndError {
        let (operation, provider, model, answered) = self.plain();
        (operation, provider, model, answered, self.error.into())
    }

    fn with_token(&self, kind: &str) -> WhoAndToken {
        let (operation, provider, model, answered) = self.plain();
        (operation, provider, model, answered, kind.into())
    }
}

fn counts(usage: &Usage) -> [(&'static str, Option<u64>); 5] {
    [
        ("input", usage.input),
        ("cache_read", usage.cache_read),
        ("cache_write", usage.cache_write),
        ("output", usage.output),
        ("reasoning", usage.reasoning),
    ]
}

/// The average time between two pieces, where there are two.
fn between(ended: &LlmEnded) -> Option<Duration> {
    let gaps = u32::try_from(ended.chunks.checked_sub(1)?).ok().filter(|gaps| *gaps > 0)?;
    Some(ended.total.checked_sub(ended.first_chunk?)? / gaps)
}

#[cfg(all(test, not(cupola_model)))]
mod tests {
    use super::*;
    use cupola_record::{LlmOperation, OpenLlmCall, Provider, RawLlmAnswer, RawLlmCall};
    use cupola_redact::KeyPolicy;
    use std::sync::Arc;
    use std::time::{Instant, SystemTime};

    fn begun(metrics: &LlmMetrics, model: &str) -> OpenLlmCall {
        let (policy, texts) = (KeyPolicy::default(), RawLlmCall { model, ..RawLlmCall::default() });
        let call = LlmCall::new(SystemTime::UNIX_EPOCH, LlmOperation::Chat, Provider::OPENAI, &policy, &texts);
        #[allow(clippy::disallowed_methods)]
        OpenLlmCall::new(call, policy, Arc::new(metrics.clone()), Instant::now)
    }

    fn counted(names: GenAiNames) -> String {
        let registry = Registry::new();
        let metrics = LlmMetrics::new(&registry, names).expect("names are free in a registry that is new");
        let mut call = begun(&metrics, "small-1");
        let mut limits = RateLimits::default();
        (limits.requests.limit, limits.requests.remaining) = (Some(100), Some(99));
        call.head(http::StatusCode::OK, limits);
        call.chunks(1);
        call.chunks(2);
        call.usage(Usage {
            input: Some(1000),
            cache_read: Some(900),
            cache_write: None,
            output: Some(50),
            reasoning: Some(20),
            complete: true,
        });
        call.cost_by_provider(2500);
        call.answer(&RawLlmAnswer { model: "small-1-a", ..RawLlmAnswer::default() });
        call.finish();
        drop(begun(&metrics, "small-1"));
        for number in 0..100 {
            begun(&metrics, &format!("none-{number}")).end(LlmOutcome::Failed(LlmErrorKind::ModelNotFound));
        }
        begun(&metrics, "small-2").end(LlmOutcome::Failed(LlmErrorKind::RateLimited));
        registry.render()
    }

    const WHO: &str = r#"gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="small-1",gen_ai_response_model="small-1-a""#;
    const ASKED: &str = r#"gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="#;

    fn check(text: &str, name: &str, labels: &str, value: &str) {
        let line = format!("{name}{{{labels}}} {value}\n");
        assert!(text.contains(&line), "no {line} in {text}");
    }

    #[test]
    fn the_names_of_today() {
        let text = counted(GenAiNames::Current);
        check(&text, "gen_ai_client_operation_duration_seconds_count", WHO, "1");
        check(&text, "gen_ai_client_token_usage_sum", &format!(r#"{WHO},gen_ai_token_type="input""#), "1000");
        check(&text, "gen_ai_client_token_usage_sum", &format!(r#"{WHO},gen_ai_token_type="output""#), "50");
        check(&text, "gen_ai_client_operation_time_to_first_chunk_seconds_count", WHO, "1");
        check(&text, "gen_ai_client_operation_time_per_output_chunk_seconds_count", WHO, "1");
        check(&text, "cupola_llm_tokens_total", &format!(r#"{WHO},gen_ai_token_type="cache_read""#), "900");
        check(&text, "gen_ai_client_cost_USD_total", WHO, "0.0025");
        let limit = r#"gen_ai_provider_name="openai",gen_ai_request_model="small-1",cupola_llm_limit="requests""#;
        check(&text, "cupola_llm_rate_limit", limit, "100");
        check(&text, "cupola_llm_rate_limit_remaining", limit, "99");
        let duration = "gen_ai_client_operation_duration_seconds_count";
        check(&text, duration, &format!(r#"{ASKED}"small-1",error_type="abandoned""#), "1");
        check(&text, duration, &format!(r#"{ASKED}"small-2",error_type="rate_limited""#), "1");
        check(&text, duration, &format!(r#"{ASKED}"_OTHER",error_type="model_not_found""#), "100");
        assert!(!text.contains("inference") && !text.contains("none-"), "{text}");
    }

    #[test]
    fn the_names_to_come_and_both() {
        let text = counted(GenAiNames::Next);
        check(&text, "gen_ai_client_inference_duration_seconds_count", WHO, "1");
        check(&text, "gen_ai_client_inference_operation_input_tokens_sum", WHO, "1000");
        check(&text, "gen_ai_client_inference_usage_cache_read_input_tokens_total", WHO, "900");
        check(&text, "gen_ai_client_inference_usage_reasoning_output_tokens_total", WHO, "20");
        assert!(!text.contains("gen_ai_client_operation_duration"), "{text}");
        let text = counted(GenAiNames::Both);
        check(&text, "gen_ai_client_inference_duration_seconds_count", WHO, "1");
        check(&text, "gen_ai_client_operation_duration_seconds_count", WHO, "1");
    }

    #[test]
    fn names_are_taken_once() {
        let registry = Registry::new();
        LlmMetrics::new(&registry, GenAiNames::Both).unwrap();
        assert!(LlmMetrics::new(&registry, GenAiNames::Current).unwrap_err().is_duplicate());
    }
}
