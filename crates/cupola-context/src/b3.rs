//! B3, the trace headers of Zipkin: one header, or several.

use arrayvec::{ArrayString, ArrayVec};

use crate::carrier::{Extract, Inject};
use crate::hex;
use crate::propagators::Caller;
use crate::trace_context::{TraceContext, Traceparent};
use crate::trace_flags::TraceFlags;
use crate::trace_id::{SpanId, TraceId};

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

/// `{trace}-{span}`, `{trace}-{span}-{sampled}`, `{trace}-{span}-{sampled}-{parent}`, or `{sampled}` alone.
pub(crate) fn single(carrier: &(impl Extract + ?Sized)) -> Option<Caller> {
    let value = only(carrier, SINGLE)?;
    let parts: ArrayVec<&[u8], 5> = value.splitn(5, |byte| *byte == b'-').collect();
    match parts[..] {
        [state] => sampled(state).map(|sampled| Caller { trace: None, sampled: Some(sampled) }),
        [trace, span] => caller(trace, span, None),
        [trace, span, state] => caller(trace, span, Some(sampled(state)?)),
        [trace, span, state, parent] => {
            SpanId::from_hex(parent)?;
            caller(trace, span, Some(sampled(state)?))
        }
        _ => None,
    }
}

/// The headers that each hold a part.
pub(crate) fn multi(carrier: &(impl Extract + ?Sized)) -> Option<Caller> {
    // Debug is a decision to record, whatever else is said.
    let debug = only(carrier, FLAGS).filter(|flags| *flags == b"1").map(|_| true);
    let decision = debug.or_else(|| only(carrier, SAMPLED).and_then(sampled));
    match (only(carrier, TRACE_ID), only(carrier, SPAN_ID)) {
        (Some(trace), Some(span)) => caller(trace, span, decision),
        (None, None) => decision.map(|sampled| Caller { trace: None, sampled: Some(sampled) }),
        _ => None,
    }
}

/// Writes the one header.
pub(crate) fn inject_single(trace: &Traceparent, flags: TraceFlags, carrier: &mut impl Inject) {
    let mut value = ArrayString::<{ 32 + 1 + 16 + 2 }>::new();
    for part in [&*trace.trace_id(), "-", &*trace.span_id(), "-", state(flags)] {
        value.push_str(part);
    }
    carrier.put(SINGLE, &value);
}

/// Writes the several.
pub(crate) fn inject_multi(trace: &Traceparent, flags: TraceFlags, carrier: &mut impl Inject) {
    carrier.put(TRACE_ID, &trace.trace_id());
    carrier.put(SPAN_ID, &trace.span_id());
    carrier.put(SAMPLED, state(flags));
}

const fn state(flags: TraceFlags) -> &'static str {
    if flags.is_sampled() { "1" } else { "0" }
}

/// The value of a header that stands once; one that stands twice is none.
fn only<'a>(carrier: &'a (impl Extract + ?Sized), name: &'static str) -> Option<&'a [u8]> {
    let (mut count, mut value) = (0, None);
    carrier.each(name, &mut |line| {
        count += 1;
        value = Some(line);
    });
    value.filter(|_| count == 1)
}

fn caller(trace: &[u8], span: &[u8], sampled: Option<bool>) -> Option<Caller> {
    // Whether the id is random is not said, so that flag stays unset.
    let flags = TraceFlags::NONE.with_sampled(sampled == Some(true));
    let trace = TraceContext::new(trace_id(trace)?, SpanId::from_hex(span)?, flags);
    Some(Caller { trace: Some(trace), sampled })
}

/// 16 bytes, or 8 of the older kind: zeros stand before those.
fn trace_id(digits: &[u8]) -> Option<TraceId> {
    if digits.len() == 32 {
        return TraceId::from_hex(digits);
    }
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&hex::decode::<8>(digits)?);
    TraceId::from_bytes(bytes)
}

/// Yes, no, or debug, which is a yes. `true` and `false` are what older senders write.
fn sampled(state: &[u8]) -> Option<bool> {
    match state {
        b"1" | b"d" | b"true" => Some(true),
        b"0" | b"false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    const TRACE: &str = "80f198ee56343ba864fe8b2a57d3eff7";
    const SPAN: &str = "e457b5a2e4d86bd1";

    fn carrier(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn read(caller: Option<Caller>) -> Option<(Option<String>, Option<bool>)> {
        let text = |trace: TraceContext| format!("{}-{}", trace.trace_id, trace.span_id);
        caller.map(|caller| (caller.trace.map(text), caller.sampled))
    }

    #[test]
    fn the_single_header_in_all_its_forms() {
        let check = |value: &str, expected: Option<(Option<&str>, Option<bool>)>| {
            let expected = expected.map(|(ids, sampled)| (ids.map(str::to_owned), sampled));
            assert_eq!(read(single(&carrier(&[("b3", value)]))), expected, "{value}");
        };
        let ids = format!("{TRACE}-{SPAN}");
        check(&ids, Some((Some(&ids), None)));
        check(&format!("{ids}-1"), Some((Some(&ids), Some(true))));
        check(&format!("{ids}-0"), Some((Some(&ids), Some(false))));
        check(&format!("{ids}-d"), Some((Some(&ids), Some(true))));
        check(&format!("{ids}-1-05e3ac9a4f6e3b90"), Some((Some(&ids), Some(true))));
        let short = format!("64fe8b2a57d3eff7-{SPAN}-1");
        check(&short, Some((Some(&format!("000000000000000064fe8b2a57d3eff7-{SPAN}")), Some(true))));
        check("0", Some((None, Some(false))));
        check("1", Some((None, Some(true))));
        check("d", Some((None, Some(true))));
        let none = [
            "",
            "x",
            "-",
            TRACE,
            "80f1-e457-1",
            "00000000000000000000000000000000-e457b5a2e4d86bd1-1",
            "80F198EE56343BA864FE8B2A57D3EFF7-e457b5a2e4d86bd1-1",
            "80f198ee56343ba864fe8b2a57d3eff7-0000000000000000-1",
        ];
        none.iter().for_each(|value| check(value, None));
        check(&format!("{ids}-x"), None);
        check(&format!("{ids}-"), None);
        check(&format!("{ids}-1-05e3"), None);
        check(&format!("{ids}-1-05e3ac9a4f6e3b90-1"), None);
    }

    #[test]
    fn several_headers_in_all_their_forms() {
        let check = |pairs: &[(&str, &str)], expected: Option<(bool, Option<bool>)>| {
            let found = read(multi(&carrier(pairs))).map(|(ids, sampled)| (ids.is_some(), sampled));
            assert_eq!(found, expected, "{pairs:?}");
        };
        let ids = [(TRACE_ID, TRACE), (SPAN_ID, SPAN)];
        let with = |more: &[(&'static str, &'static str)]| [&ids[..], more].concat();
        check(&ids, Some((true, None)));
        check(&with(&[(SAMPLED, "1")]), Some((true, Some(true))));
        check(&with(&[(SAMPLED, "0")]), Some((true, Some(false))));
        check(&with(&[(SAMPLED, "true")]), Some((true, Some(true))));
        check(&with(&[(SAMPLED, "maybe")]), Some((true, None)));
        check(&with(&[(FLAGS, "1"), (SAMPLED, "0")]), Some((true, Some(true))));
        check(&with(&[(FLAGS, "0")]), Some((true, None)));
        check(&[(SAMPLED, "0")], Some((false, Some(false))));
        check(&[(FLAGS, "1")], Some((false, Some(true))));
        check(&ids[..1], None);
        check(&ids[1..], None);
        check(&[(TRACE_ID, "x"), (SPAN_ID, SPAN)], None);
        check(&[], None);
    }

    #[test]
    fn a_header_that_stands_twice_is_none() {
        let mut headers = http::HeaderMap::new();
        headers.append("b3", format!("{TRACE}-{SPAN}-1").parse().unwrap());
        assert!(single(&headers).is_some());
        headers.append("b3", format!("{TRACE}-{SPAN}-1").parse().unwrap());
        assert!(single(&headers).is_none());
    }

    #[test]
    fn what_goes_out_comes_in() {
        let trace = caller(TRACE.as_bytes(), SPAN.as_bytes(), Some(true)).and_then(|caller| caller.trace).unwrap();
        let mut out = BTreeMap::new();
        inject_single(&trace.traceparent(), trace.flags, &mut out);
        assert_eq!(out["b3"], format!("{TRACE}-{SPAN}-1"));
        assert_eq!(single(&out), Some(Caller::of(trace.clone())));
        inject_multi(&trace.traceparent(), trace.flags, &mut out);
        assert_eq!(multi(&out), Some(Caller::of(trace)));
    }
}
