//! What is believed of whom, and what becomes of the rest.

use super::*;

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn open<'h>(trust: TrustPolicy, headers: &'h HeaderMap) -> Identified<'h> {
    let fresh = Fresh::new(1, [3; 40]);
    Identify { trust, ..Identify::default() }.open(headers, Some([127, 0, 0, 1].into()), &fresh)
}

#[test]
fn a_trusted_trace_is_continued_with_its_flags() {
    let headers = headers(&[("traceparent", PARENT), ("tracestate", "a=1"), ("baggage", "k=v")]);
    let context = open(TrustPolicy::Private, &headers).context;
    assert_eq!(context.trace().trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(context.parent_span().unwrap().to_string(), "b7ad6b7169203331");
    assert_ne!(context.trace().span_id, context.parent_span().unwrap());
    assert!(!context.trace().flags.is_sampled() && context.trace().state.as_str() == "a=1");
    assert!(context.baggage().is_empty(), "private peers bring no baggage");
    assert_eq!(open(TrustPolicy::Always, &headers).context.baggage().get("k"), Some("v"));
}

#[test]
fn a_stranger_gets_a_new_trace_that_links_its_own() {
    let headers = headers(&[("traceparent", PARENT), ("tracestate", "a=1")]);
    let context = open(TrustPolicy::Never, &headers).context;
    assert_ne!(context.trace().trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert!(context.trace().flags.is_sampled() && context.trace().state.is_empty());
    assert_eq!(context.linked().unwrap().traceparent().as_str(), PARENT);
    assert_eq!(context.parent_span(), None);
}

#[test]
fn an_id_that_is_none_is_kept_apart_even_from_a_friend() {
    let headers = headers(&[("x-request-id", "a b")]);
    let identified = open(TrustPolicy::Always, &headers);
    assert_eq!(identified.client_request_id.unwrap(), "a b");
    assert_eq!(identified.context.request_id().as_str().len(), 36);
}

/// The sampled flags of these callers' requests, one after the other, under one limit.
fn sampled(identify: &Identify, parents: &[&'static str]) -> Vec<bool> {
    let fresh = Fresh::new(1_795_000_000_000, [3; 40]);
    let open = |parent: &&'static str| {
        let headers = headers(&[("traceparent", parent)]);
        identify.open(&headers, Some([10, 0, 0, 9].into()), &fresh).context.trace().flags.is_sampled()
    };
    parents.iter().map(open).collect()
}

const SAMPLED: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn a_foreign_flag_raises_sampling_only_so_often() {
    let raise_limit = || RaiseLimit::per_second(2);
    let off =
        Identify { sampler: Sampler::always_off().parent_based(), raise_limit: raise_limit(), ..Identify::default() };
    assert_eq!(sampled(&off, &[PARENT, SAMPLED, SAMPLED, SAMPLED, PARENT]), [false, true, true, false, false]);
    let on = Identify { raise_limit: raise_limit(), ..Identify::default() };
    assert_eq!(sampled(&on, &[SAMPLED; 5]), [true; 5], "our own sampler would record it anyway");
    assert_eq!(sampled(&on, &[PARENT]), [false], "and it may always lower it");
    let mesh = Identify { trust: TrustPolicy::internal(), ..off.clone() };
    assert_eq!(sampled(&mesh, &[SAMPLED; 5]), [true; 5], "nobody strange is in a mesh");
    let edge = Identify { trust: TrustPolicy::public_edge(), ..off };
    assert_eq!(sampled(&edge, &[SAMPLED; 5]), [false; 5]);
}

#[test]
fn b3_comes_in_and_goes_out_by_choice() {
    const IDS: &str = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
    let sent = headers(&[("b3", "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1")]);
    let fresh = Fresh::new(1, [3; 40]);
    let open = |list: &str, headers: &HeaderMap| {
        let identify = Identify { propagators: list.parse().unwrap(), ..Identify::default() };
        identify.open(headers, Some([127, 0, 0, 1].into()), &fresh).context
    };
    assert_ne!(open("tracecontext,baggage", &sent).trace().trace_id.to_string(), IDS[..32]);
    let context = open("b3,b3multi", &sent);
    assert_eq!(context.trace().trace_id.to_string(), IDS[..32]);
    assert_eq!(context.parent_span().unwrap().to_string(), IDS[33..]);
    let mut out = HeaderMap::new();
    crate::inject_span(&context, fresh.span_id(), &mut out);
    assert_eq!(out["b3"], format!("{}-0303030303030303-1", &IDS[..32]));
    assert_eq!(
        (out["x-b3-traceid"].to_str().unwrap(), out["x-b3-spanid"].as_bytes()),
        (&IDS[..32], &b"0303030303030303"[..])
    );
    assert!(!out.contains_key("traceparent") && out["x-b3-sampled"] == "1");
    // Where both formats are read, `traceparent` counts.
    let mut both = sent;
    both.insert("traceparent", "00-11111111111111111111111111111111-2222222222222222-01".parse().unwrap());
    assert_eq!(open("tracecontext,b3", &both).trace().trace_id.to_string(), "1".repeat(32));
    assert_eq!(open("none", &both).parent_span(), None);
}

#[test]
fn b3_may_decide_and_name_no_trace_or_name_one_and_not_decide() {
    let open = |value: &'static str, sampler: Sampler| {
        let identify = Identify { propagators: Propagators::B3, sampler, ..Identify::default() };
        identify.open(&headers(&[("b3", value)]), Some([127, 0, 0, 1].into()), &Fresh::new(1, [3; 40])).context
    };
    let denied = open("0", Sampler::default());
    assert!(!denied.trace().flags.is_sampled() && denied.trace().flags.is_random() && denied.parent_span().is_none());
    assert!(open("d", Sampler::always_off().parent_based()).trace().flags.is_sampled());
    let ours_to_decide = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";
    assert!(!open(ours_to_decide, Sampler::always_off().parent_based()).trace().flags.is_sampled());
    let flags = open(ours_to_decide, Sampler::default()).trace().flags;
    assert!(flags.is_sampled() && !flags.is_random(), "whether the id is random is not known");
}

#[test]
fn baggage_travels_only_where_it_may() {
    let sent = headers(&[("baggage", "k=v"), ("baggage", "l=w")]);
    let baggage = |trust: &str, list: &str| {
        let identify =
            Identify { trust: trust.parse().unwrap(), propagators: list.parse().unwrap(), ..Identify::default() };
        identify.open(&sent, Some([10, 0, 0, 9].into()), &Fresh::new(1, [3; 40])).context.baggage().to_string()
    };
    assert_eq!(baggage("peers:10.0.0.0/8", "tracecontext,baggage"), "k=v,l=w");
    assert_eq!(baggage("always;hops=1", "baggage"), "k=v,l=w");
    for (trust, list) in
        [("private", "baggage"), ("private;hops=1", "baggage"), ("always", "tracecontext"), ("never", "baggage")]
    {
        assert_eq!(baggage(trust, list), "", "{trust} {list}");
    }
}

#[test]
fn a_trusted_client_is_not_whoever_hides_behind_a_trusted_proxy() {
    let check = |trust: &str, peer: &str, lines: &[(&'static str, &'static str)], trusted: bool| {
        let identify = Identify { trust: trust.parse().unwrap(), ..Identify::default() };
        let found = identify.trusts_client(&headers(lines), Some(peer.parse().unwrap()));
        assert_eq!(found, trusted, "{trust} {peer} {lines:?}");
    };
    check("private", "127.0.0.1", &[], true);
    check("private", "::ffff:10.0.0.9", &[], true);
    check("private", "203.0.113.7", &[], false);
    check("never", "127.0.0.1", &[], false);
    check("always", "203.0.113.7", &[("forwarded", "for=_x")], true);
    for name in ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "x-real-ip", "via"] {
        check("private", "127.0.0.1", &[(name, "for=10.0.0.9")], false);
    }
    check("private;hops=1", "127.0.0.1", &[("x-forwarded-for", "203.0.113.7")], false);
    check("private;hops=1", "127.0.0.1", &[("x-forwarded-for", "10.0.0.9")], true);
    check("private;hops=1", "127.0.0.1", &[("x-forwarded-for", "203.0.113.7, 10.0.0.9")], false);
    check("private;hops=1", "127.0.0.1", &[("x-forwarded-for", "unknown")], false);
    check("private;hops=1", "127.0.0.1", &[("x-forwarded-for", "10.0.0.9"), ("forwarded", "for=10.0.0.8")], false);
    check("private;hops=1", "127.0.0.1", &[("via", "1.1 edge")], false);
    assert!(!Identify::default().trusts_client(&HeaderMap::new(), None));
}
