//! Envelopes go both ways, keep their bounds, and believe no stranger.

use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::identify::{Fresh, Identify};
use crate::relation::Relation;
use crate::request_id::RequestIdFormat;
use crate::trace_state::TraceState;

fn request() -> Context {
    Context::root(RequestIdFormat::UuidV7, &Fresh::new(1_795_000_000_000, [1; 40]))
}

fn full() -> Envelope {
    let mut envelope = Envelope::of(&request());
    envelope.trace.as_mut().unwrap().state = TraceState::from_lines([&b"a=1,b=2;3"[..]].into_iter()).unwrap();
    envelope.baggage = Baggage::from_lines([&b"tenant=acme%20inc;public"[..]].into_iter()).unwrap();
    envelope.origin = Some("billing".into());
    envelope.queued = Some(UNIX_EPOCH + Duration::from_micros(1_795_000_000_000_001));
    envelope.deadline = Some(UNIX_EPOCH + Duration::from_secs(1_795_000_060));
    envelope.attempt = 3;
    for (name, value) in [
        ("text", FieldValue::from("a \"b\"; c=d\\ 100% é\n")),
        ("minus", (-7).into()),
        ("plus", u64::MAX.into()),
        ("real", 1.5e300.into()),
        ("yes", true.into()),
        ("odd=name;", "".into()),
    ] {
        assert!(envelope.set(name, value));
    }
    envelope
}

fn same(left: &Envelope, right: &Envelope) {
    assert_eq!(format!("{left:?}"), format!("{right:?}"));
}

#[test]
fn an_envelope_goes_both_ways_as_printable_text() {
    let text = full().encode();
    assert!(text.starts_with("cupola/1 attempt=3;request="), "{text}");
    assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\'), "{text}");
    same(&Envelope::decode(&text).unwrap(), &full());
    same(&Envelope::decode(&Envelope::new().encode()).unwrap(), &Envelope::new());
}

#[test]
fn what_is_over_the_bounds_is_dropped_and_counted() {
    let mut envelope = full();
    // Each byte is three in the text.
    assert!(envelope.set("large", " ".repeat(3000)) && envelope.set("small", "fits"));
    let text = envelope.encode();
    let read = Envelope::decode(&text).unwrap();
    assert!(text.len() <= MAX_ENVELOPE_BYTES);
    assert_eq!((read.field("large"), read.field("small"), read.dropped()), (None, Some(&"fits".into()), 1));
    assert_eq!(Envelope::decode(&read.encode()).unwrap().dropped(), 1);
}

#[test]
fn only_what_is_chosen_goes_along() {
    let request = request();
    request.set("vm_id", "vm-7");
    request.set("token", "hunter2");
    let choose = |name: &str, value: &FieldValue| (name != "token").then(|| value.clone());
    let text = Envelope::of(&request).with_fields(&request, choose).encode();
    assert!(text.contains(";s.vm_id=vm-7") && !text.contains("hunter2"), "{text}");
}

#[test]
fn a_stranger_is_told_apart_and_a_successor_is_read() {
    let check = |text: &str, expected| assert_eq!(Envelope::decode(text).err(), expected, "{text}");
    let good = "cupola/1 attempt=1";
    check(good, None);
    check("cupola/1.7 attempt=1;later=x;x.later=y", None);
    check("", Some(InvalidEnvelope::Foreign));
    check("cupola/", Some(InvalidEnvelope::Foreign));
    check("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Some(InvalidEnvelope::Foreign));
    check("cupola/2 \u{1f980}", Some(InvalidEnvelope::UnknownVersion));
    check("cupola/10", Some(InvalidEnvelope::UnknownVersion));
    check(&format!("{good};later={}", "x".repeat(MAX_ENVELOPE_BYTES)), Some(InvalidEnvelope::TooLong));
    for malformed in [
        "cupola/1",
        "cupola/1 ",
        "cupola/1x attempt=1",
        "cupola/1 attempt=1;",
        "cupola/1 attempt=1;attempt=1",
        "cupola/1 attempt=-1",
        "cupola/1 attempt=4294967296",
        "cupola/1 request=a b",
        "cupola/1 request=",
        "cupola/1 trace=00-1-1-1",
        "cupola/1 state=A=1",
        "cupola/1 queued=+1",
        "cupola/1 queued=18446744073709551616",
        "cupola/1 origin=%4",
        "cupola/1 origin=%zz",
        "cupola/1 origin=%ff",
        "cupola/1 origin=\u{e9}",
        "cupola/1 baggage=a",
        "cupola/1 s.a=1;s.a=2",
        "cupola/1 u.a=-1",
        "cupola/1 b.a=yes",
        "cupola/1 f.a=",
    ] {
        check(malformed, Some(InvalidEnvelope::Malformed));
    }
    let many: String = (0..=crate::fields::MAX_FIELDS).map(|n| format!(";u.k{n}=1")).collect();
    check(&format!("{good}{many}"), Some(InvalidEnvelope::Malformed));
}

/// A generator of numbers that look random, the same at each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

#[test]
fn whatever_a_stranger_makes_of_it_nothing_panics_and_what_is_read_goes_both_ways() {
    let pieces = ["%", ";", "=", "s.", "trace=", "cupola/", "9", "\u{1f980}", "\0", " ", "%ff", ";dropped=9", "."];
    let (good, mut dice, mut read) = (full().encode(), Dice(7), 0);
    for round in 0..20_000 {
        let mut text: Vec<char> = good.chars().collect();
        for _ in 0..1 + dice.below(4) {
            let at = dice.below(text.len());
            match dice.below(4) {
                0 => _ = text.remove(at),
                1 => text[at] = char::from_u32(dice.below(256) as u32).unwrap(),
                2 => _ = text.splice(at..at, pieces[dice.below(pieces.len())].chars()),
                _ => text.truncate(at.max(8)),
            }
        }
        let text: String = text.into_iter().collect();
        if let Ok(envelope) = Envelope::decode(&text) {
            read += 1;
            let again = envelope.encode();
            same(&Envelope::decode(&again).unwrap_or_else(|error| panic!("{round}: {error}: {again}")), &envelope);
            Identify::default().resume(&envelope, Relation::Child, &Fresh::new(0, [2; 40]));
        }
    }
    assert!((1000..19_000).contains(&read), "{read} of 20000 were read: the mutations are too mild or too wild");
}

#[test]
fn relations_say_what_a_job_shares() {
    let (request, fresh) = (request(), Fresh::new(0, [2; 40]));
    request.set("vm_id", "vm-7");
    let mut envelope = Envelope::of(&request).with_fields(&request, |_, value| Some(value.clone()));
    envelope.baggage.insert("tenant", "acme").unwrap();
    let of = |relation| Identify::default().resume(&envelope, relation, &fresh);
    let asked = request.trace();

    let linked = of(Relation::Link);
    assert_eq!((linked.request_id(), linked.linked()), (request.request_id(), Some(asked)));
    assert!(linked.trace().trace_id != asked.trace_id && linked.parent_span().is_none());
    assert_eq!((linked.field("vm_id"), linked.baggage().get("tenant")), (Some("vm-7".into()), Some("acme")));

    let child = of(Relation::Child);
    assert_eq!((child.request_id(), child.trace().trace_id), (request.request_id(), asked.trace_id));
    assert_eq!((child.parent_span(), child.linked()), (Some(asked.span_id), None));
    assert!(child.trace().span_id != asked.span_id && child.field("vm_id").is_some());

    let alone = of(Relation::None);
    assert_ne!(alone.request_id(), request.request_id());
    assert!(alone.linked().is_none() && alone.parent_span().is_none() && !alone.has_notes());
    assert!(alone.trace().trace_id != asked.trace_id && alone.baggage().is_empty());
}

#[test]
fn what_was_dropped_on_the_way_shows_with_the_jobs_fields() {
    let envelope = Envelope::decode("cupola/1 attempt=1;request=r-1;dropped=2").unwrap();
    let job = Identify::default().resume(&envelope, Relation::Link, &Fresh::new(0, [2; 40]));
    assert!(job.has_notes());
    assert_eq!(job.dropped_fields(), 2);
}

#[cfg(feature = "seal")]
#[test]
fn a_seal_is_of_this_text_and_this_key() {
    let (seal, other) = (Seal::new(b"one"), Seal::new(b"two"));
    let text = seal.encode(&full());
    same(&seal.decode(&text).unwrap(), &full());
    // Who knows no key reads it all the same.
    same(&Envelope::decode(&text).unwrap(), &full());
    let check = |text: &str, expected| assert_eq!(seal.decode(text).unwrap_err(), expected, "{text}");
    assert_eq!(other.decode(&text).unwrap_err(), InvalidEnvelope::BadSeal);
    check(&full().encode(), InvalidEnvelope::Unsealed);
    check(&text.replace("vm", "wm").replace("billing", "other"), InvalidEnvelope::BadSeal);
    check(&text[..text.len() - 1], InvalidEnvelope::BadSeal);
    check(&text.to_uppercase(), InvalidEnvelope::Unsealed);
    check(&"x".repeat(MAX_ENVELOPE_BYTES + 1), InvalidEnvelope::TooLong);
    let mut large = full();
    large.set("large", "x".repeat(7900));
    assert!(seal.encode(&large).len() <= MAX_ENVELOPE_BYTES);
    assert!(!format!("{seal:?}").contains("one"));
}
