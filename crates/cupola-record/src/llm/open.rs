//! The open call of a model: it ends once, in one place.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cupola_redact::{KeyPolicy, Masked};
use http::StatusCode;

use super::answer::RawLlmAnswer;
use super::call::LlmCall;
use super::ended::{LlmEnded, LlmOutcome};
use super::rate_limits::RateLimits;
use super::usage::{Cost, CostSource, Usage};
use crate::open::Clock;
use crate::sink::{Record, Sink};

/// Whoever knows what models cost.
pub trait Pricing: Send + Sync + 'static {
    /// What this usage costs, in millionths of a currency; `None` where the price is not known.
    fn cost(&self, provider: &str, model: &str, usage: &Usage) -> Option<u64>;
}

/// A call of a model that has begun and not ended. Dropped without [`OpenLlmCall::end`], it ends as abandoned by the caller,
/// with what is known.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Instant, SystemTime};
/// use cupola_record::{Capture, LlmCall, LlmLog, LlmOperation, OpenLlmCall, Provider, RawLlmAnswer, RawLlmCall, Sink, Usage};
/// use cupola_redact::KeyPolicy;
///
/// let (policy, capture) = (KeyPolicy::default(), Capture::new());
/// let texts = RawLlmCall { model: "small-1", ..RawLlmCall::default() };
/// let call = LlmCall::new(SystemTime::UNIX_EPOCH, LlmOperation::Chat, Provider::named("our-own"), &policy, &texts);
/// # #[allow(clippy::disallowed_methods)]
/// let mut open = OpenLlmCall::new(call, policy, Arc::new(LlmLog::new().and(capture.clone())), Instant::now);
/// open.chunks(1);
/// open.usage(Usage { input: Some(900), output: Some(12), complete: true, ..Usage::default() });
/// open.answer(&RawLlmAnswer { finish_reasons: "stop", ..RawLlmAnswer::default() });
/// open.finish();
/// let (call, ended) = &capture.llm_calls()[0];
/// assert_eq!((call.model(), ended.usage.output, ended.chunks), (Some("small-1"), Some(12), 1));
/// ```
#[derive(Debug)]
pub struct OpenLlmCall(Option<Box<Open>>);

struct Open {
    call: LlmCall,
    ended: LlmEnded,
    policy: KeyPolicy,
    pricing: Option<Arc<dyn Pricing>>,
    sink: Arc<dyn Sink>,
    clock: Clock,
    began: Instant,
    /// When the last piece came.
    last_chunk: Option<Instant>,
}

impl Open {
    /// What the provider says, the table does not overrule; what is no whole usage has no price.
    fn price(&mut self) {
        let Some(pricing) = self.pricing.as_ref().filter(|_| self.ended.cost.is_none() && self.ended.usage.complete)
        else {
            return;
        };
        let provider = self.call.provider.as_str();
        let models = [self.ended.model(), self.call.model()];
        let cost = |model| pricing.cost(provider, model, &self.ended.usage);
        let micros = models.into_iter().flatten().find_map(cost);
        self.ended.cost = micros.map(|micros| Cost { micros, source: CostSource::Table });
    }

    /// The sums that the request's own line has, and those of the work of which it is a part.
    fn add_to_totals(&self) {
        let (usage, cost) = (&self.ended.usage, self.ended.cost.map(|cost| cost.micros));
        let sums = [
            ("llm_calls", Some(1)),
            ("llm_input_tokens", usage.input),
            ("llm_output_tokens", usage.output),
            ("llm_cost_micros", cost),
        ];
        for (name, amount) in sums {
            let Some(amount) = amount else { continue };
            self.call.context.as_ref().map(|context| context.add(name, amount));
            self.call.scope.as_ref().map(|scope| scope.add(&name.into(), amount.into()));
        }
    }
}

impl OpenLlmCall {
    /// Begins a call.
    pub fn new(call: LlmCall, policy: KeyPolicy, sink: Arc<dyn Sink>, clock: Clock) -> Self {
        let (began, ended) = (clock(), LlmEnded::begun());
        let open = Open { call, ended, policy, pricing: None, sink, clock, began, last_chunk: None };
        Self(Some(Box::new(open)))
    }

    /// Who knows what it costs.
    #[must_use]
    pub fn priced_by(mut self, pricing: Arc<dyn Pricing>) -> Self {
        self.change(|open| open.pricing = Some(pricing));
        self
    }

    /// The head of the response is there, with what it says of limits.
    pub fn head(&mut self, status: StatusCode, limits: RateLimits) {
        self.change(|open| (open.ended.status, open.ended.rate_limits) = (Some(status), limits));
    }

    /// More of the response was read.
    pub fn received(&mut self, bytes: u64) {
        self.change(|open| open.ended.response_bytes = open.ended.response_bytes.saturating_add(bytes));
    }

    /// So many pieces of the answer are there, now and together.
    pub fn chunks(&mut self, count: u64) {
        self.change(|open| {
            let now = (open.clock)();
            let since = |earlier| now.saturating_duration_since(earlier);
            match open.last_chunk {
                Some(last) => open.ended.longest_gap = open.ended.longest_gap.max(Some(since(last))),
                None => open.ended.first_chunk = Some(since(open.began)),
            }
            open.last_chunk = Some(now);
            open.ended.chunks = open.ended.chunks.saturating_add(count);
        });
    }

    /// What it has used, as far as it is known by now; the last word counts.
    pub fn usage(&mut self, usage: Usage) {
        self.change(|open| open.ended.usage = usage);
    }

    /// What it cost, by the provider's own account.
    pub fn cost_by_provider(&mut self, micros: u64) {
        self.change(|open| open.ended.cost = Some(Cost { micros, source: CostSource::Provider }));
    }

    /// The model, or the provider's filter, has refused to answer.
    pub fn refused(&mut self) {
        self.change(|open| open.ended.refused = true);
    }

    /// The texts of the answer; the last word counts.
    pub fn answer(&mut self, raw: &RawLlmAnswer<'_>) {
        self.change(|open| open.ended.mask(&open.policy, raw));
    }

    /// What it has answered, where that may be kept.
    pub fn completion(&mut self, completion: Masked) {
        self.change(|open| open.ended.completion = Some(completion));
    }

    /// How long it has run by now.
    pub fn elapsed(&self) -> Duration {
        self.0.as_ref().map_or(Duration::ZERO, |open| (open.clock)().saturating_duration_since(open.began))
    }

    /// What is known since the beginning; `None` once it has ended.
    pub fn call(&self) -> Option<&LlmCall> {
        self.0.as_ref().map(|open| &open.call)
    }

    /// What masks the texts of this call; `None` once it has ended.
    pub fn policy(&self) -> Option<&KeyPolicy> {
        self.0.as_ref().map(|open| &open.policy)
    }

    /// Ends the call as complete.
    pub fn finish(&mut self) {
        self.end(LlmOutcome::Complete);
    }

    /// Ends the call; only the first time counts.
    pub fn end(&mut self, outcome: LlmOutcome) {
        let Some(mut open) = self.0.take() else { return };
        open.ended.total = (open.clock)().saturating_duration_since(open.began);
        open.ended.outcome = outcome;
        open.price();
        open.add_to_totals();
        open.sink.record(Record::Llm(&open.call, &open.ended));
    }

    fn change(&mut self, change: impl FnOnce(&mut Open)) {
        if let Some(open) = &mut self.0 {
            change(open);
        }
    }
}

impl Drop for OpenLlmCall {
    fn drop(&mut self) {
        self.end(LlmOutcome::Abandoned);
    }
}

impl fmt::Debug for Open {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Open").field("call", &self.call).field("ended", &self.ended).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;
    use crate::llm::{LlmErrorKind, LlmOperation, Provider, RawLlmCall};
    use cupola_context::{Amount, Context, Fresh, RequestIdFormat};
    use std::cell::Cell;
    use std::time::SystemTime;

    thread_local! {
        #[allow(clippy::disallowed_methods)]
        static NOW: Cell<Instant> = Cell::new(Instant::now());
    }

    fn pass(milliseconds: u64) {
        NOW.set(NOW.get() + Duration::from_millis(milliseconds));
    }

    /// A micro for each token.
    struct Flat;

    impl Pricing for Flat {
        fn cost(&self, _: &str, model: &str, usage: &Usage) -> Option<u64> {
            (model == "small-1").then(|| usage.input.unwrap_or(0) + usage.output.unwrap_or(0))
        }
    }

    fn open(capture: &Capture, model: &str) -> OpenLlmCall {
        let (policy, texts) = (KeyPolicy::default(), RawLlmCall { model, ..RawLlmCall::default() });
        let call = LlmCall::new(SystemTime::UNIX_EPOCH, LlmOperation::Chat, Provider::OPENAI, &policy, &texts);
        OpenLlmCall::new(call, policy, Arc::new(capture.clone()), || NOW.get()).priced_by(Arc::new(Flat))
    }

    fn only(capture: &Capture) -> LlmEnded {
        let calls = capture.llm_calls();
        assert_eq!(calls.len(), 1);
        calls[0].1.clone()
    }

    const USED: Usage = Usage {
        input: Some(90),
        output: Some(10),
        complete: true,
        cache_read: None,
        cache_write: None,
        reasoning: None,
    };

    #[test]
    fn pieces_are_timed_and_the_whole_is_priced() {
        let capture = Capture::new();
        let mut call = open(&capture, "small-1");
        for (wait, count) in [(300, 1), (20, 2), (70, 1), (10, 1)] {
            pass(wait);
            call.chunks(count);
        }
        call.usage(USED);
        pass(100);
        call.finish();
        call.end(LlmOutcome::Abandoned);
        drop(call);
        let ended = only(&capture);
        let millis = Duration::from_millis;
        assert_eq!((ended.first_chunk, ended.longest_gap), (Some(millis(300)), Some(millis(70))));
        assert_eq!((ended.chunks, ended.total), (5, millis(500)));
        assert_eq!(ended.cost, Some(Cost { micros: 100, source: CostSource::Table }));
        assert_eq!(ended.output_tokens_per_second(), Some(50.0));
    }

    #[test]
    fn what_is_not_whole_or_not_known_has_no_price() {
        let check = |model: &str, complete: bool, outcome, expected: Option<u64>| {
            let capture = Capture::new();
            let mut call = open(&capture, model);
            call.usage(Usage { complete, ..USED });
            call.end(outcome);
            assert_eq!(only(&capture).cost.map(|cost| cost.micros), expected, "{model} {complete} {outcome:?}");
        };
        check("small-1", true, LlmOutcome::Complete, Some(100));
        check("small-1", false, LlmOutcome::Abandoned, None);
        check("unheard-of", true, LlmOutcome::Complete, None);
        check("", true, LlmOutcome::Failed(LlmErrorKind::Server), None);
    }

    #[test]
    fn a_dropped_call_is_abandoned_with_what_is_known() {
        let capture = Capture::new();
        let mut call = open(&capture, "small-1");
        call.usage(Usage { input: Some(90), ..Usage::default() });
        drop(call);
        let ended = only(&capture);
        assert_eq!((ended.outcome, ended.usage.input, ended.usage.output), (LlmOutcome::Abandoned, Some(90), None));
        assert!(!ended.usage.complete);
    }

    #[test]
    fn the_sums_are_the_requests() {
        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
        context.enter(|| {
            for model in ["small-1", "unheard-of"] {
                let mut call = open(&Capture::new(), model);
                call.usage(USED);
                call.finish();
            }
        });
        let mut totals = Vec::new();
        context.each_total(|name, amount| totals.push((name.to_string(), amount)));
        let expected =
            [("llm_calls", 2), ("llm_input_tokens", 180), ("llm_output_tokens", 20), ("llm_cost_micros", 100)];
        assert_eq!(totals, expected.map(|(name, sum)| (name.to_owned(), Amount::Whole(sum))));
    }
}
