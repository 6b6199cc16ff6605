//! One finished exchange as one finished span of kind server.

use std::borrow::Cow;

use cupola_context::TraceContext;
use cupola_record::{Ended, Exchange, KnownMethods};
use cupola_redact::KeyPolicy;
use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{Link, SpanId, SpanKind, Status};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::attributes;
use super::span_context::span_context;

pub(super) fn of(exchange: &Exchange, ended: &Ended, scope: &InstrumentationScope, policy: &KeyPolicy) -> SpanData {
    let parent = exchange.context.parent_span();
    SpanData {
        span_context: span_context(exchange.context.trace(), false),
        parent_span_id: parent.map_or(SpanId::INVALID, |span| SpanId::from_bytes(span.to_bytes())),
        parent_span_is_remote: parent.is_some(),
        span_kind: SpanKind::Server,
        name: name(exchange, ended),
        start_time: exchange.started,
        end_time: exchange.started.checked_add(ended.total).unwrap_or(exchange.started),
        attributes: attributes::of(exchange, ended, policy),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: links(exchange.context.linked()),
        status: status(ended),
        instrumentation_scope: scope.clone(),
    }
}

/// Never the path: what has no route is named for its method alone. The text of a route is not kept from one request to
/// the next, since a name can be owned or static and only a leak would make it static.
fn name(exchange: &Exchange, ended: &Ended) -> Cow<'static, str> {
    let method = match exchange.method_label() {
        KnownMethods::OTHER => "HTTP",
        known => known,
    };
    match &ended.route {
        Some(route) => [method, " ", route].concat().into(),
        None => attributes::of_method(method),
    }
}

fn links(linked: Option<&TraceContext>) -> SpanLinks {
    let mut links = SpanLinks::default();
    links.links.extend(linked.map(|trace| Link::with_context(span_context(trace, true))));
    links
}

/// Unset unless the server failed. A status code needs no description, nor does a client that left.
fn status(ended: &Ended) -> Status {
    let code_is_error = ended.status.is_some_and(|status| status.is_server_error());
    let failed = ended.error_type().is_some() && !ended.outcome.is_closed();
    if !code_is_error && !failed {
        return Status::Unset;
    }
    let description = ended.error.as_ref().filter(|_| ended.outcome.is_failure());
    Status::error(description.map(|text| text.as_str().to_owned()).unwrap_or_default())
}
