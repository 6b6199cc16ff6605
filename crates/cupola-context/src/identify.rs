//! Identification: from a request's headers to its context, under the trust policy.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};

use crate::baggage::Baggage;
use crate::carrier::{extract_baggage, state};
use crate::context::{Context, Identity, Origin};
use crate::forwarded::{Client, Told, is_passed_on};
use crate::propagators::{Caller, Propagators};
use crate::raise_limit::RaiseLimit;
use crate::request_id::{RequestId, RequestIdFormat};
use crate::sampler::Sampler;
use crate::span_lookup::SpanLookup;
use crate::trace_context::TraceContext;
use crate::trace_flags::TraceFlags;
use crate::trace_id::{SpanId, TraceId};
use crate::trust::{Trust, TrustPolicy};

/// The header that request ids come in and go out with.
pub const REQUEST_ID_HEADER: &str = "x-request-id";

/// What new ids are made of: the time and 40 random bytes, from the caller.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Fresh {
    /// Milliseconds since the Unix epoch.
    pub unix_ms: u64,
    /// 16 bytes for the request id, 16 for the trace id, 8 for the span id.
    pub random: [u8; 40],
}

impl Fresh {
    /// New ids will be made of this.
    pub const fn new(unix_ms: u64, random: [u8; 40]) -> Self {
        Self { unix_ms, random }
    }

    pub(crate) fn request_id(&self, format: RequestIdFormat, trace: TraceId) -> RequestId {
        match format {
            RequestIdFormat::UuidV7 => RequestId::uuid_v7(self.unix_ms, self.bytes::<10>(0)),
            RequestIdFormat::UuidV4 => RequestId::uuid_v4(self.bytes::<16>(0)),
            RequestIdFormat::Ulid => RequestId::ulid(self.unix_ms, self.bytes::<10>(0)),
            RequestIdFormat::TraceId => trace.into(),
        }
    }

    pub(crate) fn trace_id(&self) -> TraceId {
        TraceId::from_random(self.bytes::<16>(16))
    }

    pub(crate) fn span_id(&self) -> SpanId {
        SpanId::from_random(self.bytes::<8>(32))
    }

    fn bytes<const N: usize>(&self, from: usize) -> [u8; N] {
        let mut out = [0; N];
        out.copy_from_slice(&self.random[from..from + N]);
        out
    }
}

/// How requests are identified.
///
/// ```
/// use cupola_context::{Fresh, Identify};
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("x-request-id", "order-7".parse()?);
/// let fresh = Fresh::new(1_795_000_000_000, [7; 40]);
///
/// let trusted = Identify::default().open(&headers, Some([10, 0, 0, 9].into()), &fresh);
/// assert_eq!(trusted.context.request_id().as_str(), "order-7");
///
/// let stranger = Identify::default().open(&headers, Some([8, 8, 8, 8].into()), &fresh);
/// assert_ne!(stranger.context.request_id().as_str(), "order-7");
/// assert_eq!(stranger.client_request_id.expect("kept apart"), "order-7");
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Identify {
    /// How new request ids look.
    pub format: RequestIdFormat,
    /// Whose ids are adopted.
    pub trust: TrustPolicy,
    /// Which new traces are sampled.
    pub sampler: Sampler,
    /// How often the sampled flag of a caller may raise what the sampler would do.
    pub raise_limit: RaiseLimit,
    /// In which headers traces and baggage come in and go out.
    pub propagators: Propagators,
    /// Where the innermost span of a request can be asked for.
    pub spans: Option<SpanLookup>,
}

/// A request's context, and what was not believed.
#[non_exhaustive]
pub struct Identified<'h> {
    /// The request's context.
    pub context: Context,
    /// The `x-request-id` that was not adopted: raw, of any length and content.
    pub client_request_id: Option<&'h HeaderValue>,
    /// The `user-agent` header, raw.
    pub user_agent: Option<&'h HeaderValue>,
    /// The `host` header, raw.
    pub host: Option<&'h HeaderValue>,
    /// The authority that the client asked for, raw, where a trusted proxy tells it.
    pub forwarded_host: Option<Cow<'h, [u8]>>,
    /// `http` or `https`, where a trusted proxy tells it.
    pub forwarded_scheme: Option<&'static str>,
    /// There is an `upgrade` header.
    pub upgrade: bool,
    /// A trusted proxy's request has forwarded headers of both families that differ: none was believed.
    pub conflict: bool,
    /// The caller's sampled flag was cleared, since callers have raised sampling too often.
    pub rationed: bool,
}

impl Identified<'_> {
    /// A context that is known, and nothing beside it.
    pub const fn new(context: Context) -> Self {
        Self {
            context,
            client_request_id: None,
            user_agent: None,
            host: None,
            forwarded_host: None,
            forwarded_scheme: None,
            upgrade: false,
            conflict: false,
            rationed: false,
        }
    }
}

/// Without the headers: they are raw.
impl fmt::Debug for Identified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identified").field("context", &self.context).finish_non_exhaustive()
    }
}

/// What one pass over the headers finds.
#[derive(Default)]
struct Seen<'h> {
    request_id: Option<&'h HeaderValue>,
    traceparent: Option<&'h HeaderValue>,
    /// More than one `traceparent` is none.
    ambiguous: bool,
    has_state: bool,
    has_baggage: bool,
    user_agent: Option<&'h HeaderValue>,
    host: Option<&'h HeaderValue>,
    upgrade: bool,
}

impl<'h> Seen<'h> {
    fn of(headers: &'h HeaderMap) -> Self {
        let mut seen = Self::default();
        for (name, value) in headers {
            match name.as_str() {
                "traceparent" => seen.ambiguous |= seen.traceparent.replace(value).is_some(),
                REQUEST_ID_HEADER => seen.request_id = seen.request_id.or(Some(value)),
                "tracestate" => seen.has_state = true,
                "baggage" => seen.has_baggage = true,
                _ if *name == header::USER_AGENT => seen.user_agent = Some(value),
                _ if *name == header::HOST => seen.host = Some(value),
                _ if *name == header::UPGRADE => seen.upgrade = true,
                _ => {}
            }
        }
        seen
    }

    fn trace(&self, headers: &HeaderMap) -> Option<TraceContext> {
        let value = self.traceparent.filter(|_| !self.ambiguous)?;
        let mut trace = TraceContext::from_traceparent(value.as_bytes()).ok()?;
        if self.has_state {
            trace.state = state(headers);
        }
        Some(trace)
    }
}

/// Where in a trace a request stands.
struct Placed {
    trace: TraceContext,
    origin: Origin,
    rationed: bool,
}

impl Identify {
    /// Makes the context of a request: ids are adopted from a trusted peer, or made.
    pub fn open<'h>(&self, headers: &'h HeaderMap, peer: Option<IpAddr>, fresh: &Fresh) -> Identified<'h> {
        self.open_as(None, headers, peer, fresh)
    }

    /// The same for a request that another layer has given an id already. Where that id is only what the client sent,
    /// it is believed as far as the client is.
    pub fn open_as<'h>(
        &self,
        given: Option<RequestId>,
        headers: &'h HeaderMap,
        peer: Option<IpAddr>,
        fresh: &Fresh,
    ) -> Identified<'h> {
        // `::ffff:10.0.0.5` is 10.0.0.5, to the policy and to whoever reads the line.
        let peer = peer.map(|ip| ip.to_canonical());
        let trust = self.trust.of(peer);
        let client = Client::of(headers, &self.trust, peer, trust);
        let seen = Seen::of(headers);
        let Placed { trace, origin, rationed } = self.place(self.caller(&seen, headers), trust, fresh);
        let made = |id: &RequestId| trust.ids || seen.request_id.is_none_or(|sent| sent != id.as_str());
        let (request_id, client_request_id) = match given.filter(made) {
            Some(id) => (id, None),
            None => self.request_id(seen.request_id, trust, fresh, trace.trace_id),
        };
        let believed = seen.has_baggage && trust.baggage && self.propagators.contain(Propagators::BAGGAGE);
        let baggage = if believed { extract_baggage(headers) } else { Baggage::EMPTY };
        let (propagators, spans, client_ip) = (self.propagators, self.spans, client.ip);
        Identified {
            context: Context::of(Identity { request_id, trace, origin, baggage, propagators, spans, client_ip }),
            client_request_id,
            user_agent: seen.user_agent,
            host: seen.host,
            forwarded_host: client.host,
            forwarded_scheme: client.scheme,
            upgrade: seen.upgrade,
            conflict: client.told == Told::Conflict,
            rationed,
        }
    }

    /// Scheme and authority, raw, that trusted proxies tell: for a request that somebody else has identified already.
    pub fn forwarded<'h>(
        &self,
        headers: &'h HeaderMap,
        peer: Option<IpAddr>,
    ) -> (Option<&'static str>, Option<Cow<'h, [u8]>>) {
        let client = Client::of(headers, &self.trust, peer, self.trust.of(peer));
        (client.scheme, client.host)
    }

    /// Whether whoever asks is trusted, and not only the proxy that has passed the request on: for what is shown to
    /// one's own people alone. Where the way to the client is not known to its end, it is nobody who is known.
    pub fn trusts_client(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> bool {
        if let TrustPolicy::Always = self.trust {
            return true;
        }
        let peer = peer.map(|ip| ip.to_canonical());
        let client = Client::of(headers, &self.trust, peer, self.trust.of(peer));
        let known = match client.told {
            Told::Whole => true,
            Told::Direct => !is_passed_on(headers),
            Told::Part | Told::Conflict => false,
        };
        known && self.trust.of(client.ip).ids
    }

    fn caller(&self, seen: &Seen<'_>, headers: &HeaderMap) -> Caller {
        if self.propagators == Propagators::W3C {
            return seen.trace(headers).map(Caller::of).unwrap_or_default();
        }
        self.propagators.caller(headers)
    }

    fn place(&self, caller: Caller, trust: Trust, fresh: &Fresh) -> Placed {
        match caller.trace {
            Some(mut trace) if trust.ids => {
                let origin = Origin::Continued(trace.span_id);
                trace.span_id = fresh.span_id();
                let parent = caller.sampled.map(|_| trace.flags);
                let (flags, rationed) = self.flags(parent, trace.flags, trace.trace_id, trust, fresh);
                trace.flags = flags;
                Placed { trace, origin, rationed }
            }
            theirs => {
                let trace_id = fresh.trace_id();
                // B3 can say how to sample, and name no trace.
                let decision = caller.sampled.filter(|_| trust.ids && theirs.is_none());
                let parent = decision.map(|sampled| TraceFlags::RANDOM.with_sampled(sampled));
                let (flags, rationed) = self.flags(parent, TraceFlags::RANDOM, trace_id, trust, fresh);
                let trace = TraceContext::new(trace_id, fresh.span_id(), flags);
                Placed { trace, origin: theirs.map_or(Origin::Root, Origin::Linked), rationed }
            }
        }
    }

    /// The sampler's flags; where only the caller's word makes them sampled, that word is rationed, and whether it was
    /// refused is told.
    fn flags(
        &self,
        parent: Option<TraceFlags>,
        known: TraceFlags,
        id: TraceId,
        trust: Trust,
        fresh: &Fresh,
    ) -> (TraceFlags, bool) {
        let Some(parent) = parent else {
            return (known.with_sampled(self.sampler.flags(None, id).is_sampled()), false);
        };
        let flags = self.sampler.flags(Some(parent), id);
        let free = !flags.is_sampled() || trust.sampling || self.sampler.flags(None, id).is_sampled();
        let rationed = !free && !self.raise_limit.take(fresh.unix_ms);
        (if rationed { flags.with_sampled(false) } else { flags }, rationed)
    }

    fn request_id<'h>(
        &self,
        sent: Option<&'h HeaderValue>,
        trust: Trust,
        fresh: &Fresh,
        trace: TraceId,
    ) -> (RequestId, Option<&'h HeaderValue>) {
        let adopted = sent.filter(|_| trust.ids).and_then(|id| RequestId::parse(id.as_bytes()).ok());
        match adopted {
            Some(id) => (id, None),
            None => (fresh.request_id(self.format, trace), sent),
        }
    }
}

#[cfg(test)]
mod tests;
