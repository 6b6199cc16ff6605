//! One attempt of a finished call as one finished span of kind client.

use std::borrow::Cow;

use cupola_context::SpanId;
use cupola_record::{Attempt, Call, CallTrace, KnownMethods, Target, protocol_name};
use opentelemetry::trace::{self, SpanKind, Status};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::attributes::{Attributes, of_method};
use super::authority;
use super::span_context::span_context;

/// As many as there can be, so that the list is allocated once.
const MOST: usize = 10;

/// The span of an attempt that has this id.
pub(super) fn of(
    call: &Call,
    attempt: &Attempt,
    within: &CallTrace,
    id: SpanId,
    scope: &InstrumentationScope,
) -> SpanData {
    let mut place = within.context(id);
    if let Some(context) = &call.context {
        place.state = context.trace().state.clone();
    }
    let parent = within.parent.map_or(trace::SpanId::INVALID, |span| trace::SpanId::from_bytes(span.to_bytes()));
    let start_time = call.started.checked_add(attempt.began).unwrap_or(call.started);
    SpanData {
        span_context: span_context(&place, false),
        parent_span_id: parent,
        parent_span_is_remote: false,
        span_kind: SpanKind::Client,
        name: name(call, attempt.target(call)),
        start_time,
        end_time: start_time.checked_add(attempt.total).unwrap_or(start_time),
        attributes: attributes(call, attempt),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: status(call, attempt),
        instrumentation_scope: scope.clone(),
    }
}

/// Never the path: what has no template is named for its method alone. The template is of where the call was to go, and says
/// nothing of where a redirect has led.
fn name(call: &Call, target: &Target) -> Cow<'static, str> {
    let method = match target.method_label() {
        KnownMethods::OTHER => "HTTP",
        known => known,
    };
    match template(call, target) {
        Some(template) => [method, " ", template].concat().into(),
        None => of_method(method),
    }
}

fn template<'c>(call: &'c Call, target: &Target) -> Option<&'c str> {
    call.template.as_deref().filter(|_| std::ptr::eq(target, call.target()))
}

fn attributes(call: &Call, attempt: &Attempt) -> Vec<KeyValue> {
    let (target, mut list) = (attempt.target(call), Attributes::with_capacity(MOST));
    list.add("http.request.method", of_method(target.method_label()));
    if target.method_label() == KnownMethods::OTHER {
        list.add_text("http.request.method_original", Some(target.method().as_str()));
    }
    if let Some((address, port)) = target.host().map(authority::split) {
        list.add_text("server.address", Some(address));
        list.add_number("server.port", port.or_else(|| default_port(target)));
    }
    list.add_text("url.full", target.url().as_deref());
    list.add_text("url.template", template(call, target));
    list.add_number("http.response.status_code", attempt.status.map(|status| status.as_u16()));
    list.add_text("error.type", attempt.error_type(call));
    if attempt.resend_count > 0 {
        list.add("http.request.resend_count", i64::from(attempt.resend_count));
    }
    if let Some(version) = attempt.version {
        list.add("network.protocol.version", protocol_name(version));
    }
    list.add_text("cupola.dependency", call.dependency.as_deref());
    list.into_list()
}

fn default_port(target: &Target) -> Option<u16> {
    match target.scheme()? {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// An error wherever the attempt failed, a 4xx that the call does not expect included: for a client that is one. That the
/// caller left is none.
fn status(call: &Call, attempt: &Attempt) -> Status {
    match attempt.error_type(call) {
        Some(_) => Status::error(""),
        None => Status::Unset,
    }
}
