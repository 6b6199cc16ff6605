//! A finished call of a language model as one finished span of kind client, under OpenTelemetry's `gen_ai` names.

use cupola_context::SpanId;
use cupola_record::{CallTrace, LlmCall, LlmEnded};
use opentelemetry::trace::{self, SpanKind, Status};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::attributes::Attributes;
use super::authority;
use super::span_context::span_context;

/// As many as there can be, so that the list is allocated once.
const MOST: usize = 20;

/// The span of a call that has this id: all of the call, to the end of the answer.
pub(super) fn of(
    call: &LlmCall,
    ended: &LlmEnded,
    within: &CallTrace,
    id: SpanId,
    scope: &InstrumentationScope,
) -> SpanData {
    let mut place = within.context(id);
    if let Some(context) = &call.context {
        place.state = context.trace().state.clone();
    }
    let parent = within.parent.map_or(trace::SpanId::INVALID, |span| trace::SpanId::from_bytes(span.to_bytes()));
    SpanData {
        span_context: span_context(&place, false),
        parent_span_id: parent,
        parent_span_is_remote: false,
        span_kind: SpanKind::Client,
        name: [Some(call.operation.as_str()), call.model()].into_iter().flatten().collect::<Vec<_>>().join(" ").into(),
        start_time: call.started,
        end_time: call.started.checked_add(ended.total).unwrap_or(call.started),
        attributes: attributes(call, ended),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        // That the caller has left is no error.
        status: ended.error_type().map_or(Status::Unset, |_| Status::error("")),
        instrumentation_scope: scope.clone(),
    }
}

fn attributes(call: &LlmCall, ended: &LlmEnded) -> Vec<KeyValue> {
    let mut list = Attributes::with_capacity(MOST);
    list.add("gen_ai.operation.name", call.operation.as_str());
    list.add_text("gen_ai.provider.name", Some(call.provider.as_str()));
    if let Some((address, port)) = call.host().map(authority::split) {
        list.add_text("server.address", Some(address));
        list.add_number("server.port", port);
    }
    add_asked(&mut list, call);
    list.add_text("gen_ai.response.model", ended.model());
    list.add_text("gen_ai.response.id", ended.id());
    if let Some(reasons) = ended.finish_reasons() {
        let reasons = reasons.split(',').map(|reason| StringValue::from(reason.to_owned())).collect();
        list.add("gen_ai.response.finish_reasons", Value::Array(Array::String(reasons)));
    }
    if let Some(first) = ended.first_chunk {
        list.add("gen_ai.response.time_to_first_chunk", first.as_secs_f64());
    }
    add_usage(&mut list, call, ended);
    list.add_text("error.type", ended.error_type());
    list.into_list()
}

fn add_asked(list: &mut Attributes, call: &LlmCall) {
    list.add_text("gen_ai.request.model", call.model());
    for (key, number) in
        [("gen_ai.request.temperature", call.parameters.temperature), ("gen_ai.request.top_p", call.parameters.top_p)]
    {
        if let Some(number) = number {
            list.add(key, number);
        }
    }
    add_count(list, "gen_ai.request.max_tokens", call.parameters.max_tokens);
}

fn add_usage(list: &mut Attributes, call: &LlmCall, ended: &LlmEnded) {
    let usage = &ended.usage;
    add_count(list, "gen_ai.usage.input_tokens", usage.input);
    add_count(list, "gen_ai.usage.cache_read.input_tokens", usage.cache_read);
    // The one name that differs between the generations.
    if call.names.has_current() {
        add_count(list, "gen_ai.usage.cache_creation.input_tokens", usage.cache_write);
    }
    if call.names.has_next() {
        add_count(list, "gen_ai.usage.cache_write.input_tokens", usage.cache_write);
    }
    add_count(list, "gen_ai.usage.output_tokens", usage.output);
    add_count(list, "gen_ai.usage.reasoning.output_tokens", usage.reasoning);
}

fn add_count(list: &mut Attributes, key: &'static str, count: Option<u64>) {
    if let Some(count) = count {
        list.add(key, i64::try_from(count).unwrap_or(i64::MAX));
    }
}
