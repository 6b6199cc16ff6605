//! The line of a model's call: one event at its end.

use cupola_context::{enter_scope, enter_slot};
use tracing::Level;

use super::call::LlmCall;
use super::ended::LlmEnded;
use super::rate_limits::Allowance;
use super::usage::CostSource;
use crate::category::Category;
use crate::line_fields::Milliseconds;
use crate::sink::{Record, Sink};

/// The target of every event of this sink.
pub const LLM_TARGET: &str = "cupola::llm";

/// Writes calls of models as `tracing` events, inside the context of the request on whose behalf they were made. WARN where the
/// request was at fault or one too many, ERROR where the call failed otherwise, else INFO. A field without a value is absent;
/// the fields stand in `docs/log-schema.md`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LlmLog {
    errors_only: bool,
}

impl LlmLog {
    /// A line at the end of each call.
    pub const fn new() -> Self {
        Self { errors_only: false }
    }

    /// Only the lines of calls that failed.
    #[must_use]
    pub const fn errors_only(mut self) -> Self {
        self.errors_only = true;
        self
    }

    /// The line that says how models are asked, at INFO: for the first call that is made in this way.
    pub fn configured(call: &LlmCall) {
        tracing::info!(
            target: LLM_TARGET,
            category = Category::Api.as_str(),
            operation = call.operation.as_str(),
            provider = call.provider.as_str(),
            host = call.host(),
            api_version = call.api_version(),
            model = call.model(),
            selection_reason = call.selection_reason(),
            temperature = call.parameters.temperature,
            top_p = call.parameters.top_p,
            max_tokens = call.parameters.max_tokens,
            stream = call.parameters.stream,
            "LLM client configured"
        );
    }
}

impl Sink for LlmLog {
    fn record(&self, record: Record<'_>) {
        let Record::Llm(call, ended) = record else { return };
        if self.errors_only && ended.error_type().is_none() {
            return;
        }
        let (mut context, mut scope) = (call.context.clone(), call.scope.clone());
        let _here = (enter_slot(&mut context), enter_scope(&mut scope));
        write(call, ended);
    }
}

/// A level is part of a callsite: one event for each level that an end can have.
fn write(call: &LlmCall, ended: &LlmEnded) {
    let (usage, limits) = (&ended.usage, &ended.rate_limits);
    macro_rules! event {
        ($level:ident) => {
            tracing::event!(
                target: LLM_TARGET,
                Level::$level,
                message = ended.outcome.message(),
                category = Category::Api.as_str(),
                operation = call.operation.as_str(),
                provider = call.provider.as_str(),
                host = call.host(),
                api_version = call.api_version(),
                model = call.model(),
                response_model = ended.model(),
                selection_reason = call.selection_reason(),
                temperature = call.parameters.temperature,
                top_p = call.parameters.top_p,
                max_tokens = call.parameters.max_tokens,
                stream = call.parameters.stream,
                status = ended.status.map(|status| status.as_u16()),
                outcome = ended.outcome.as_str(),
                error_type = ended.error_type(),
                error_code = ended.error_code(),
                finish_reasons = ended.finish_reasons(),
                refused = ended.refused.then_some(true),
                input_tokens = usage.input,
                cache_read_tokens = usage.cache_read,
                cache_write_tokens = usage.cache_write,
                output_tokens = usage.output,
                reasoning_tokens = usage.reasoning,
                usage_complete = usage.complete,
                cost_micros = ended.cost.map(|cost| cost.micros),
                cost_source = ended.cost.map(|cost| CostSource::as_str(cost.source)),
                first_chunk_ms = ended.first_chunk.milliseconds(),
                longest_gap_ms = ended.longest_gap.milliseconds(),
                chunks = (ended.chunks > 0).then_some(ended.chunks),
                output_tokens_per_second = ended.output_tokens_per_second().map(tenths),
                duration_ms = ended.total.milliseconds(),
                response_bytes = ended.status.map(|_| ended.response_bytes),
                response_id = ended.id(),
                provider_request_id = ended.request_id(),
                rate_limits = rate_limits(&limits.each()).as_deref(),
                retry_after_ms = limits.retry_after.milliseconds(),
                prompt = call.prompt.as_ref().map(|text| text.as_str()),
                completion = ended.completion.as_ref().map(|text| text.as_str()),
            )
        };
    }
    match ended.level() {
        Level::ERROR => event!(ERROR),
        Level::WARN => event!(WARN),
        _ => event!(INFO),
    }
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

/// As a line shows it: `requests=99/100 reset=1000ms`, one a line; what is not known is `?`.
fn rate_limits(each: &[(&str, Allowance)]) -> Option<String> {
    let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let show = |(name, of): &(&str, Allowance)| {
        let reset = of.reset.map(|reset| format!(" reset={}ms", reset.as_millis())).unwrap_or_default();
        format!("{name}={}/{}{reset}", number(of.remaining), number(of.limit))
    };
    let lines: Vec<_> = each.iter().filter(|(_, of)| !of.is_unknown()).map(show).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::{
        LlmErrorKind, LlmOperation, LlmOutcome, OpenLlmCall, Provider, RateLimits, RawLlmAnswer, RawLlmCall, Usage,
    };
    use crate::test_lines::{Line, lines_of};
    use cupola_redact::KeyPolicy;
    use std::sync::Arc;
    use std::time::{Duration, Instant, SystemTime};

    #[allow(clippy::disallowed_methods)]
    fn line(work: impl FnOnce(&mut OpenLlmCall)) -> Line {
        let policy = KeyPolicy::default();
        let raw = RawLlmCall {
            host: "ana:hunter2@api.example.com",
            api_version: "2024-06-01",
            model: "small-1",
            selection_reason: "cheapest with password=hunter2",
        };
        let call = LlmCall::new(SystemTime::UNIX_EPOCH, LlmOperation::Chat, Provider::AZURE_OPENAI, &policy, &raw);
        let mut lines = lines_of(|| {
            let mut open = OpenLlmCall::new(call, policy, Arc::new(LlmLog::new()), Instant::now);
            work(&mut open);
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }

    #[test]
    fn a_call_has_one_line_without_secrets() {
        let line = line(|call| {
            let mut limits = RateLimits::default();
            (limits.requests.remaining, limits.requests.limit) = (Some(99), Some(100));
            limits.requests.reset = Some(Duration::from_secs(1));
            limits.tokens.remaining = Some(7);
            call.head(http::StatusCode::OK, limits);
            call.usage(Usage { input: Some(9), output: Some(2), complete: true, ..Usage::default() });
            call.answer(&RawLlmAnswer { model: "small-1-2024", finish_reasons: "stop", ..RawLlmAnswer::default() });
            call.finish();
        });
        let check =
            |name: &str, expected: &str| assert_eq!(line.get(name).map(String::as_str), Some(expected), "{line:?}");
        check("level", "INFO");
        check("message", "LLM call completed");
        check("host", "api.example.com");
        check("provider", "azure.ai.openai");
        check("api_version", "2024-06-01");
        check("response_model", "small-1-2024");
        check("input_tokens", "9");
        check("usage_complete", "true");
        check("rate_limits", "requests=99/100 reset=1000ms\ntokens=7/?");
        assert!(!format!("{line:?}").contains("hunter2"), "{line:?}");
    }

    #[test]
    fn what_is_not_known_is_absent_and_failures_have_their_level() {
        let abandoned = line(|_| {});
        assert_eq!((abandoned["outcome"].as_str(), abandoned["level"].as_str()), ("abandoned", "INFO"));
        for name in ["status", "input_tokens", "cost_micros", "chunks", "rate_limits", "prompt", "refused", "stream"] {
            assert!(!abandoned.contains_key(name), "{name}: {abandoned:?}");
        }
        let failed = |kind| line(|call| call.end(LlmOutcome::Failed(kind)));
        let (limited, server) = (failed(LlmErrorKind::RateLimited), failed(LlmErrorKind::Server));
        assert_eq!((limited["level"].as_str(), limited["error_type"].as_str()), ("WARN", "rate_limited"));
        assert_eq!((server["level"].as_str(), server["error_type"].as_str()), ("ERROR", "server"));
    }
}
