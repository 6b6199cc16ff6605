//! Forwarded headers: for whom the trusted proxies in front say that they ask.
//!
//! Each proxy appends whom it serves, so what is written last was written nearest. Entries are counted from the right,
//! one for each trusted proxy: what stands further left is whatever the client likes.

mod node;
mod standard;
mod x_forwarded;

use std::borrow::Cow;
use std::net::IpAddr;

use http::{HeaderMap, HeaderName, header};

use crate::trust::{ProxyHeaders, Trust, TrustPolicy};

const X_REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Who asks, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client<'h> {
    /// The address nearest to the client that is known; the peer's where nothing else is believed.
    pub(crate) ip: Option<IpAddr>,
    /// `http` or `https`, where a believed proxy says so.
    pub(crate) scheme: Option<&'static str>,
    /// The authority that the client asked for, raw.
    pub(crate) host: Option<Cow<'h, [u8]>>,
    pub(crate) told: Told,
}

/// How much of the way to the client is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// Nobody has passed the request on: the peer is the client.
    Direct,
    /// The whole way.
    Whole,
    /// Not the whole: there are more entries than proxies that are trusted, or one is hidden or malformed.
    Part,
    /// Both families of headers are there and differ: one is a stranger's, and neither is believed.
    Conflict,
}

/// What one proxy says of whom it serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Step<'h> {
    /// `None` where it is hidden, or malformed.
    ip: Option<IpAddr>,
    scheme: Option<&'static str>,
    host: Option<Cow<'h, [u8]>>,
}

impl<'h> Client<'h> {
    pub(crate) const fn direct(peer: Option<IpAddr>) -> Self {
        Self { ip: peer, scheme: None, host: None, told: Told::Direct }
    }

    /// The client behind a peer of whom so much is believed.
    pub(crate) fn of(headers: &'h HeaderMap, policy: &TrustPolicy, peer: Option<IpAddr>, trust: Trust) -> Self {
        let way = Way { policy, peer, hops: trust.hops };
        match trust.headers {
            _ if trust.hops == 0 => Self::direct(peer),
            ProxyHeaders::Forwarded => standard::client(headers, &way),
            ProxyHeaders::XForwarded => x_forwarded::client(headers, &way),
            ProxyHeaders::Either => either(standard::client(headers, &way), x_forwarded::client(headers, &way), peer),
        }
    }
}

/// Where both families speak they have to agree: a proxy writes one of them, and passes a stranger's other one on.
fn either<'h>(standard: Client<'h>, other: Client<'h>, peer: Option<IpAddr>) -> Client<'h> {
    match (standard.told, other.told) {
        (Told::Direct, _) => other,
        (_, Told::Direct) => standard,
        _ if agree(&standard, &other) => {
            let told = if standard.told == Told::Whole { other.told } else { standard.told };
            let (scheme, host) = (standard.scheme.or(other.scheme), standard.host.or(other.host));
            Client { ip: other.ip, scheme, host, told }
        }
        _ => Client { told: Told::Conflict, ..Client::direct(peer) },
    }
}

fn agree(one: &Client<'_>, other: &Client<'_>) -> bool {
    let same_scheme = one.scheme.is_none() || other.scheme.is_none() || one.scheme == other.scheme;
    let same_host = one.host.is_none() || other.host.is_none() || one.host == other.host;
    one.ip == other.ip && same_scheme && same_host
}

/// From the peer towards the client, as far as it is trusted.
struct Way<'a> {
    policy: &'a TrustPolicy,
    peer: Option<IpAddr>,
    hops: u8,
}

impl Way<'_> {
    /// Follows the steps, nearest first; gives how many addresses were believed, too.
    fn follow<'h>(&self, mut steps: impl Iterator<Item = Step<'h>>) -> (Client<'h>, usize) {
        let mut client = Client::direct(self.peer);
        for depth in 0..usize::from(self.hops) {
            let Some(step) = steps.next() else { return (client, depth) };
            client.told = Told::Part;
            // Who wrote this step: the peer, whose trust is why we are here, or the one whom the step before has named.
            if depth > 0 && self.policy.of(client.ip).hops == 0 {
                return (client, depth);
            }
            client.scheme = step.scheme.or(client.scheme);
            client.host = step.host.or(client.host);
            let Some(ip) = step.ip else { return (client, depth) };
            (client.ip, client.told) = (Some(ip), Told::Whole);
        }
        if steps.next().is_some() {
            client.told = Told::Part;
        }
        (client, self.hops.into())
    }
}

/// Whether anybody says that the request was passed on, believed or not.
pub(crate) fn is_passed_on(headers: &HeaderMap) -> bool {
    let told = [header::FORWARDED, x_forwarded::FOR, x_forwarded::PROTO, x_forwarded::HOST, X_REAL_IP, header::VIA];
    told.iter().any(|name| headers.contains_key(name))
}

/// A scheme that a proxy names. A WebSocket's is that of the request which opens it.
fn scheme(text: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &'static str); 4] =
        [(b"https", "https"), (b"http", "http"), (b"wss", "https"), (b"ws", "http")];
    known.iter().find(|(name, _)| text.eq_ignore_ascii_case(name)).map(|(_, scheme)| *scheme)
}

#[cfg(test)]
mod tests;
