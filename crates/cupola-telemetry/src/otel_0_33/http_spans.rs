//! The sink: finished exchanges and the attempts of finished calls go to a span processor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use cupola_context::Context;
use cupola_record::{
    Call, CallEnded, Choices, Duties, Ended, Enqueue, EnqueueEnded, Exchange, Job, JobEnded, LlmCall, LlmEnded, Query,
    QueryEnded, Record, Side, Sink,
};
use cupola_redact::KeyPolicy;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanProcessor};

use super::{client_span, job_span, llm_span, query_span, server_span};

/// The scope of these spans. What has it is masked already.
pub(super) const SCOPE: &str = "cupola";

/// How long whoever drops the last handle waits for the spans that are still queued.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Records every sampled request that was served as a span, and each attempt of every sampled call to another service as
/// one; clones are handles on the same processor.
///
/// The span of a request has kind server, and is named `{method} {route}`, or `{method}` where no route matched. A trusted caller's
/// span is its parent; the trace of one that is not trusted is a link.
///
/// | attribute | from |
/// |---|---|
/// | `http.request.method` `http.request.method_original` | the method; the original where the first is `_OTHER` |
/// | `url.scheme` `url.path` `url.query` | the target, masked |
/// | `http.route` | the route template |
/// | `network.protocol.version` | the version of HTTP |
/// | `server.address` `server.port` | the authority that was asked for, masked |
/// | `client.address` | the peer, or whom a trusted proxy names |
/// | `user_agent.original` | the user agent, masked |
/// | `http.response.status_code` | the status, where a head was sent |
/// | `error.type` | an outcome, a 5xx status or a gRPC status; absent on success |
///
/// The status is an error for the server's failures: a 5xx, a gRPC server error, a service or body error, a timeout, a
/// panic. A client that left sets `error.type` and nothing else.
///
/// The span of an attempt has kind client, and is named `{method} {template}`, or `{method}` where the call site has told no
/// template. Its parent is the span that was innermost where the call began, else the request's server span; a call
/// outside of requests begins a trace, if the sampler of its layer wants it. It lasts to the end of the response's body.
///
/// | attribute | from |
/// |---|---|
/// | `http.request.method` `http.request.method_original` | the method; the original where the first is `_OTHER` |
/// | `server.address` `server.port` | the authority, masked, without userinfo; the scheme's port where it has none |
/// | `url.full` | the URL, masked, without userinfo |
/// | `url.template` | as the call site has it |
/// | `http.response.status_code` | the status, where a head came |
/// | `error.type` | a kind of failure, or a 4xx or 5xx status that the call does not expect |
/// | `http.request.resend_count` | how often the request had been sent before; absent the first time |
/// | `network.protocol.version` | the version of HTTP of the response |
/// | `cupola.dependency` | what the caller calls the other service |
///
/// The status is an error where there is an `error.type`. A call that its caller has dropped has none.
///
/// A query of a database within a sampled request, or within a span of the application's, is a span of kind client, too. It is named for
/// its verb and its table, `SELECT vms`.
///
/// | attribute | from |
/// |---|---|
/// | `db.system.name` | the kind of database |
/// | `db.operation.name` `db.collection.name` `db.query.summary` | the verb, the table, both |
/// | `db.query.text` | the statement without its values |
/// | `db.operation.batch.size` | of several commands that were sent together, how many |
/// | `db.response.returned_rows` | rows that came |
/// | `db.response.status_code` `error.type` | the database's own code, a kind of failure |
/// | `cupola.dependency` | what the caller calls the database |
///
/// A call of a language model within a sampled request is a span of kind client, named `{operation} {model}`, to the end of the answer.
/// It has `gen_ai.operation.name`, `gen_ai.provider.name`, `gen_ai.request.…` (`model temperature top_p max_tokens`),
/// `gen_ai.response.…` (`model id finish_reasons time_to_first_chunk`), `gen_ai.usage.…` (`input_tokens output_tokens`
/// `cache_read.input_tokens reasoning.output_tokens`, and `cache_creation.input_tokens`, which is `cache_write.input_tokens` in
/// the next generation of names), `server.address`, `server.port` and `error.type`.
///
/// A job that is put into a queue is a span of kind producer, `send {queue}`, and each sampled attempt at it one of kind consumer, `process {queue}`: linked
/// with the first, its child, or a trace of its own, as the job's `Relation` says. They have `messaging.operation.name`,
/// `messaging.operation.type`, `messaging.system`, `messaging.destination.name`, `messaging.message.id`, `cupola.job.…` (`kind`,
/// `attempt`, `outcome`, `queue_latency` in seconds), `error.type`, and what was set on the job's span.
#[derive(Clone, Debug)]
pub struct HttpSpans(Arc<Pipeline>);

#[derive(Debug)]
struct Pipeline {
    processor: Box<dyn SpanProcessor>,
    scope: InstrumentationScope,
    policy: KeyPolicy,
}

impl HttpSpans {
    /// Spans of the service with this name. The processor is called where requests end: take one that never blocks, as
    /// the SDK's `BatchSpanProcessor` does not and its `SimpleSpanProcessor` does.
    pub fn new(service: &str, processor: impl SpanProcessor + 'static) -> Self {
        // The builder that is not empty reads the environment, which is not this crate's to read.
        let resource = Resource::builder_empty().with_service_name(service.to_owned()).build();
        Self::with_resource(&resource, processor)
    }

    /// The same for a resource that says more than a name.
    pub fn with_resource(resource: &Resource, mut processor: impl SpanProcessor + 'static) -> Self {
        processor.set_resource(resource);
        let scope = InstrumentationScope::builder(SCOPE).with_version(env!("CARGO_PKG_VERSION")).build();
        Self(Arc::new(Pipeline { processor: Box::new(processor), scope, policy: KeyPolicy::default() }))
    }

    /// What may be shown of the attributes that handlers set.
    #[must_use]
    pub fn policy(mut self, policy: KeyPolicy) -> Self {
        if let Some(pipeline) = Arc::get_mut(&mut self.0) {
            pipeline.policy = policy;
        }
        self
    }

    /// Exports what is queued. It blocks for as long as the processor does.
    pub fn flush(&self) -> OTelSdkResult {
        self.0.processor.force_flush()
    }

    /// Exports what is queued, and takes no more. It blocks up to the deadline; a second call is an error.
    pub fn shutdown(&self, deadline: Duration) -> OTelSdkResult {
        self.0.processor.shutdown_with_timeout(deadline)
    }
}

impl Sink for HttpSpans {
    fn record(&self, record: Record<'_>) {
        match record {
            Record::Exchange(exchange, ended) if is_ours(exchange) && !ended.muted => self.0.end(exchange, ended),
            Record::Call(call, ended) => self.0.end_call(call, ended),
            Record::Query(query, ended) => self.0.end_query(query, ended),
            Record::Llm(call, ended) => self.0.end_llm(call, ended),
            Record::Enqueue(enqueue, ended) => self.0.end_enqueue(enqueue, ended),
            Record::Job(job, ended) => self.0.end_job(job, ended),
            _ => {}
        }
    }

    fn duties(&self) -> Duties {
        Duties::SPAN
    }
}

/// Whether it is a sampled request that was served, and that no layer further out records.
fn is_ours(exchange: &Exchange) -> bool {
    let sampled = exchange.context.trace().flags.is_sampled() && !is_dropped(&exchange.context);
    sampled && exchange.side == Side::Server && !exchange.served.contains(Duties::SPAN)
}

fn is_dropped(context: &Context) -> bool {
    Choices::of(context).is_sampled() == Some(false)
}

fn is_muted(context: &Context) -> bool {
    is_dropped(context) || Choices::of(context).is_muted()
}

impl Pipeline {
    fn end(&self, exchange: &Exchange, ended: &Ended) {
        self.hand_over(|| server_span::of(exchange, ended, &self.scope, &self.policy));
    }

    /// Each attempt that has an id: whom it asked may have made a span below it.
    fn end_call(&self, call: &Call, ended: &CallEnded) {
        let Some(trace) = call.trace.filter(|trace| trace.flags.is_sampled()) else { return };
        if call.context.as_ref().is_some_and(is_muted) {
            return;
        }
        for attempt in &ended.attempts {
            if let Some(id) = attempt.span {
                self.hand_over(|| client_span::of(call, attempt, &trace, id, &self.scope));
            }
        }
    }

    fn end_query(&self, query: &Query, ended: &QueryEnded) {
        let Some((trace, id)) = query.span.filter(|(trace, _)| trace.flags.is_sampled()) else { return };
        if !query.context.as_ref().is_some_and(is_muted) {
            self.hand_over(|| query_span::of(query, ended, &trace, id, &self.scope));
        }
    }

    fn end_llm(&self, call: &LlmCall, ended: &LlmEnded) {
        let Some((trace, id)) = call.span.filter(|(trace, _)| trace.flags.is_sampled()) else { return };
        if !call.context.as_ref().is_some_and(is_muted) {
            self.hand_over(|| llm_span::of(call, ended, &trace, id, &self.scope));
        }
    }

    fn end_enqueue(&self, enqueue: &Enqueue, ended: &EnqueueEnded) {
        let Some((trace, id)) = enqueue.span.filter(|(trace, _)| trace.flags.is_sampled()) else { return };
        if !enqueue.context.as_ref().is_some_and(is_muted) {
            self.hand_over(|| job_span::of_queueing(enqueue, ended, &trace, id, &self.scope));
        }
    }

    fn end_job(&self, job: &Job, ended: &JobEnded) {
        if job.context.trace().flags.is_sampled() && !is_muted(&job.context) {
            self.hand_over(|| job_span::of_attempt(job, ended, &self.scope, &self.policy));
        }
    }

    /// Some exporters panic where no runtime is current. A request does not fail for that, and the panic hook has told.
    fn hand_over(&self, span: impl FnOnce() -> SpanData) {
        // Built inside, since a span is large and would be moved there.
        let hand_over = || self.processor.on_end(span());
        let _ = catch_unwind(AssertUnwindSafe(hand_over));
    }
}

/// Dropped without its shutdown, the SDK's batch processor would lose what is queued.
impl Drop for Pipeline {
    fn drop(&mut self) {
        // An error says that the shutdown has been, or that the deadline has passed: there is nobody left to tell.
        let _ = self.processor.shutdown_with_timeout(LAST_WAIT);
    }
}
