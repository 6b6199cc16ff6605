//! Identification: from a request's headers to its context, under the trust policy.

use std::fmt;
use std::net::IpAddr;

use http::{HeaderMap, HeaderValue, header};

use crate::baggage::Baggage;
use crate::carrier::{extract_baggage, state};
use crate::context::{Context, Identity, Origin};
use crate::request_id::{RequestId, RequestIdFormat};
use crate::sampler::Sampler;
use crate::trace_context::TraceContext;
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
        client_ip: Option<IpAddr>,
        fresh: &Fresh,
    ) -> Identified<'h> {
        // `::ffff:10.0.0.5` is 10.0.0.5, to the policy and to whoever reads the line.
        let client_ip = client_ip.map(|ip| ip.to_canonical());
        let trust = self.trust.of(client_ip);
        let seen = Seen::of(headers);
        let (trace, origin) = self.trace(seen.trace(headers), trust, fresh);
        let made = |id: &RequestId| trust != Trust::None || seen.request_id.is_none_or(|sent| sent != id.as_str());
        let (request_id, client_request_id) = match given.filter(made) {
            Some(id) => (id, None),
            None => self.request_id(seen.request_id, trust, fresh, trace.trace_id),
        };
        let believed = seen.has_baggage && trust == Trust::All;
        let baggage = if believed { extract_baggage(headers) } else { Baggage::EMPTY };
        let context = Context::of(Identity { request_id, trace, origin, baggage, client_ip });
        Identified { context, client_request_id, user_agent: seen.user_agent, host: seen.host }
    }

    fn trace(&self, caller: Option<TraceContext>, trust: Trust, fresh: &Fresh) -> (TraceContext, Origin) {
        match caller {
            Some(mut trace) if trust != Trust::None => {
                let origin = Origin::Continued(trace.span_id);
                trace.span_id = fresh.span_id();
                trace.flags = self.sampler.flags(Some(trace.flags), trace.trace_id);
                (trace, origin)
            }
            caller => {
                let trace_id = fresh.trace_id();
                let trace = TraceContext::new(trace_id, fresh.span_id(), self.sampler.flags(None, trace_id));
                (trace, caller.map_or(Origin::Root, Origin::Linked))
            }
        }
    }

    fn request_id<'h>(
        &self,
        sent: Option<&'h HeaderValue>,
        trust: Trust,
        fresh: &Fresh,
        trace: TraceId,
    ) -> (RequestId, Option<&'h HeaderValue>) {
        let adopted = sent.filter(|_| trust != Trust::None).and_then(|id| RequestId::parse(id.as_bytes()).ok());
        match adopted {
            Some(id) => (id, None),
            None => (fresh.request_id(self.format, trace), sent),
        }
    }
}

#[cfg(test)]
mod tests {
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
}
