//! Carriers: identity into and out of headers and string maps.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::b3;
use crate::baggage::Baggage;
use crate::context::Context;
use crate::hex;
use crate::identify::REQUEST_ID_HEADER;
use crate::propagators::Propagators;
use crate::request_id::RequestId;
use crate::trace_context::{TraceContext, Traceparent};
use crate::trace_id::SpanId;
use crate::trace_state::TraceState;

const TRACEPARENT: &str = "traceparent";

/// What identity is written into.
pub trait Inject {
    /// Replaces the value of a name, which is lower case.
    fn put(&mut self, name: &'static str, value: &str);

    /// The same for a value that is known to be ASCII: most need not look at it once more.
    fn put_ascii(&mut self, name: &'static str, value: &[u8]) {
        self.put(name, hex::ascii(value));
    }

    /// Writes what stays the same from call to call of a request: its id, and by choice its trace.
    #[doc(hidden)]
    fn put_own(&mut self, context: &Context, with_trace: bool) {
        self.put_ascii(REQUEST_ID_HEADER, context.request_id().as_bytes());
        if with_trace {
            self.put_ascii(TRACEPARENT, context.traceparent().as_bytes());
        }
    }
}

/// What identity is read from.
pub trait Extract {
    /// Shows every value of a name, which is lower case, in order.
    fn each<'a>(&'a self, name: &'static str, visit: &mut dyn FnMut(&'a [u8]));
}

/// Writes request id, trace and baggage of a context, in the formats of its [`Propagators`]. The innermost span, where
/// somebody makes spans within the request, is the parent of what is reached.
///
/// ```
/// use std::collections::BTreeMap;
/// use cupola_context::{Context, Fresh, RequestIdFormat, extract_baggage, extract_request_id, extract_trace, inject};
///
/// let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
/// let mut message: BTreeMap<String, String> = BTreeMap::new();
/// inject(&context, &mut message);
/// assert_eq!(extract_trace(&message).as_ref(), Some(context.trace()));
/// assert_eq!(extract_request_id(&message).as_ref(), Some(context.request_id()));
/// assert_eq!(&extract_baggage(&message), context.baggage());
/// ```
pub fn inject(context: &Context, carrier: &mut impl Inject) {
    match context.innermost_span() {
        Some(span) => inject_span(context, span, carrier),
        None => {
            let formats = context.propagators();
            carrier.put_own(context, formats.contain(Propagators::TRACE_CONTEXT));
            put_trace(context.trace(), context.traceparent(), formats, carrier);
            put_baggage(context, carrier);
        }
    }
}

/// The same for one call of a request: its own span, and not the request's, is the parent of what it reaches.
pub fn inject_span(context: &Context, span: SpanId, carrier: &mut impl Inject) {
    let trace = TraceContext::new(context.trace().trace_id, span, context.trace().flags);
    carrier.put_ascii(REQUEST_ID_HEADER, context.request_id().as_bytes());
    put_parent(context.trace(), &trace.traceparent(), context.propagators(), carrier);
    put_baggage(context, carrier);
}

/// The same for what is done on nobody's behalf: a trace alone.
pub fn inject_trace(trace: &TraceContext, formats: Propagators, carrier: &mut impl Inject) {
    put_parent(trace, &trace.traceparent(), formats, carrier);
}

fn put_baggage(context: &Context, carrier: &mut impl Inject) {
    if !context.baggage().is_empty() {
        carrier.put("baggage", &context.baggage().to_string());
    }
}

/// The ids are those of `traceparent`, flags and state those of the trace.
fn put_parent(trace: &TraceContext, traceparent: &Traceparent, formats: Propagators, carrier: &mut impl Inject) {
    if formats.contain(Propagators::TRACE_CONTEXT) {
        carrier.put_ascii(TRACEPARENT, traceparent.as_bytes());
    }
    put_trace(trace, traceparent, formats, carrier);
}

/// The same without `traceparent` itself.
fn put_trace(trace: &TraceContext, traceparent: &Traceparent, formats: Propagators, carrier: &mut impl Inject) {
    if formats.contain(Propagators::TRACE_CONTEXT) && !trace.state.is_empty() {
        carrier.put("tracestate", trace.state.as_str());
    }
    if formats.contain(Propagators::B3) {
        b3::inject_single(traceparent, trace.flags, carrier);
    }
    if formats.contain(Propagators::B3_MULTI) {
        b3::inject_multi(traceparent, trace.flags, carrier);
    }
}

/// Reads the trace context: `None` without exactly one valid `traceparent`; a malformed `tracestate` is dropped.
pub fn extract_trace(carrier: &(impl Extract + ?Sized)) -> Option<TraceContext> {
    let (mut count, mut parent) = (0, None);
    carrier.each(TRACEPARENT, &mut |value| {
        count += 1;
        parent = Some(value);
    });
    let mut trace = TraceContext::from_traceparent(parent.filter(|_| count == 1)?).ok()?;
    trace.state = state(carrier);
    Some(trace)
}

/// The trace state; a malformed one is dropped.
pub(crate) fn state(carrier: &(impl Extract + ?Sized)) -> TraceState {
    TraceState::from_lines(lines(carrier, "tracestate").into_iter()).unwrap_or_default()
}

/// Reads the request id, if there is a valid one.
pub fn extract_request_id(carrier: &(impl Extract + ?Sized)) -> Option<RequestId> {
    lines(carrier, REQUEST_ID_HEADER).first().and_then(|id| RequestId::parse(id).ok())
}

/// Reads the baggage; malformed it is none.
pub fn extract_baggage(carrier: &(impl Extract + ?Sized)) -> Baggage {
    Baggage::from_lines(lines(carrier, "baggage").into_iter()).unwrap_or_default()
}

/// All values of a name; no allocation where there are none.
pub(crate) fn lines<'a>(carrier: &'a (impl Extract + ?Sized), name: &'static str) -> Vec<&'a [u8]> {
    let mut lines = Vec::new();
    carrier.each(name, &mut |value| lines.push(value));
    lines
}

impl Inject for HeaderMap {
    fn put(&mut self, name: &'static str, value: &str) {
        self.put_ascii(name, value.as_bytes());
    }

    fn put_ascii(&mut self, name: &'static str, value: &[u8]) {
        // What the codecs write is always a valid header value; anything else is left out, never sent torn.
        if let Ok(value) = HeaderValue::from_bytes(value) {
            self.insert(header_name(name), value);
        }
    }

    fn put_own(&mut self, context: &Context, with_trace: bool) {
        let OwnValues { request_id, traceparent } = context.own_values();
        self.insert(REQUEST_ID_NAME, request_id.clone());
        if with_trace {
            self.insert(TRACEPARENT_NAME, traceparent.clone());
        }
    }
}

const REQUEST_ID_NAME: HeaderName = HeaderName::from_static(REQUEST_ID_HEADER);
const TRACEPARENT_NAME: HeaderName = HeaderName::from_static(TRACEPARENT);

/// The names that every call has are made by the compiler.
fn header_name(name: &'static str) -> HeaderName {
    match name {
        REQUEST_ID_HEADER => REQUEST_ID_NAME,
        TRACEPARENT => TRACEPARENT_NAME,
        other => HeaderName::from_static(other),
    }
}

/// The values that every call of a request has, made for the first one. They share one allocation, so that a copy is none.
#[derive(Debug)]
pub(crate) struct OwnValues {
    request_id: HeaderValue,
    traceparent: HeaderValue,
}

impl OwnValues {
    pub(crate) fn new(request_id: &RequestId, traceparent: &Traceparent) -> Self {
        let (id, trace) = (request_id.as_bytes(), traceparent.as_bytes());
        let mut bytes = BytesMut::with_capacity(id.len() + trace.len());
        let mut value = |text: &[u8]| {
            bytes.extend_from_slice(text);
            HeaderValue::from_maybe_shared(bytes.split().freeze()).expect("ids are letters, digits and `-._`")
        };
        Self { request_id: value(id), traceparent: value(trace) }
    }
}

impl Extract for HeaderMap {
    fn each<'a>(&'a self, name: &'static str, visit: &mut dyn FnMut(&'a [u8])) {
        self.get_all(name).iter().for_each(|value| visit(value.as_bytes()));
    }
}

impl<S: BuildHasher> Inject for HashMap<String, String, S> {
    fn put(&mut self, name: &'static str, value: &str) {
        self.insert(name.to_owned(), value.to_owned());
    }
}

impl<S: BuildHasher> Extract for HashMap<String, String, S> {
    fn each<'a>(&'a self, name: &'static str, visit: &mut dyn FnMut(&'a [u8])) {
        self.get(name).into_iter().for_each(|value| visit(value.as_bytes()));
    }
}

impl Inject for BTreeMap<String, String> {
    fn put(&mut self, name: &'static str, value: &str) {
        self.insert(name.to_owned(), value.to_owned());
    }
}

impl Extract for BTreeMap<String, String> {
    fn each<'a>(&'a self, name: &'static str, visit: &mut dyn FnMut(&'a [u8])) {
        self.get(name).into_iter().for_each(|value| visit(value.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03";

    #[test]
    fn two_traceparents_are_none_and_a_bad_tracestate_costs_only_itself() {
        let mut headers = HeaderMap::new();
        headers.append("traceparent", HeaderValue::from_static(PARENT));
        headers.append("tracestate", HeaderValue::from_static("a=1"));
        headers.append("tracestate", HeaderValue::from_static("b=2"));
        assert_eq!(extract_trace(&headers).unwrap().state.as_str(), "a=1,b=2");
        headers.append("tracestate", HeaderValue::from_static("B=2"));
        assert!(extract_trace(&headers).unwrap().state.is_empty());
        headers.append("traceparent", HeaderValue::from_static(PARENT));
        assert!(extract_trace(&headers).is_none());
    }

    #[test]
    fn a_trace_alone_goes_out_in_the_formats_of_choice() {
        let mut trace = TraceContext::from_traceparent(PARENT.as_bytes()).unwrap();
        trace.state = TraceState::from_lines([&b"a=1"[..]].into_iter()).unwrap();
        let check = |formats: &str, names: &[&str]| {
            let mut out = BTreeMap::new();
            inject_trace(&trace, formats.parse().unwrap(), &mut out);
            assert_eq!(out.keys().map(String::as_str).collect::<Vec<_>>(), names, "{formats}");
            assert_eq!(formats.parse::<Propagators>().unwrap().extract_trace(&out).is_some(), !names.is_empty());
        };
        check("tracecontext,baggage", &["traceparent", "tracestate"]);
        check("b3", &["b3"]);
        check("b3multi", &["x-b3-sampled", "x-b3-spanid", "x-b3-traceid"]);
        check("none", &[]);
    }
}
