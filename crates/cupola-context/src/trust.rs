//! Trust: whose ids are believed, and whose word on the client.

mod parse;
mod peers;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::cidr::Cidr;

pub use parse::InvalidTrust;
pub use peers::Peers;

/// Whose request ids, traces, baggage and forwarded headers are believed; everybody else's are kept apart.
///
/// As text, the way `CUPOLA_TRUST` takes it: `never`, `private`, `always`, or `peers:` with networks. Where proxies
/// stand in front, all but the first take `;hops=1` (how many proxies), and `;header=forwarded` or
/// `;header=x-forwarded` (which headers they write; unless it is said, both are read, and believed where they agree).
///
/// ```
/// use cupola_context::{Trust, TrustPolicy};
///
/// let policy: TrustPolicy = "peers:10.0.0.0/8,fd00::/8;hops=2".parse()?;
/// assert_eq!(policy.of(Some([10, 0, 0, 9].into())), Trust::PEER.hops(2));
/// assert_eq!(policy.of(Some([8, 8, 8, 8].into())), Trust::NONE);
/// # Ok::<(), cupola_context::InvalidTrust>(())
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum TrustPolicy {
    /// Nobody's: each request starts a new trace that links the caller's. For a public edge.
    Never,
    /// Those of loopback and private-network peers: id and trace, no baggage. The default.
    #[default]
    Private,
    /// Everybody's, baggage too. For a mesh that lets no stranger in.
    Always,
    /// Those of chosen peers, with the proxies that stand in front.
    Peers(Peers),
    /// What a function says of the peer's address.
    Custom(Arc<dyn Fn(IpAddr) -> Trust + Send + Sync>),
}

/// What is believed of one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trust {
    /// Its request id and trace context.
    pub ids: bool,
    /// Its baggage.
    pub baggage: bool,
    /// Its sampled flag, however often: else it raises sampling only up to a limit.
    pub sampling: bool,
    /// How many proxies stand in front, the peer being the last of them: so many forwarded entries are believed.
    pub hops: u8,
    /// Which headers the proxies write.
    pub headers: ProxyHeaders,
}

/// Which forwarded headers the proxies in front write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyHeaders {
    /// Either family; where both are there and differ, neither is believed, since one is a stranger's.
    #[default]
    Either,
    /// `Forwarded` (RFC 7239). The others are a stranger's.
    Forwarded,
    /// `X-Forwarded-For`, `-Proto` and `-Host`. The other is a stranger's.
    XForwarded,
}

impl Trust {
    /// Nothing.
    pub const NONE: Self = Self { ids: false, baggage: false, sampling: false, hops: 0, headers: ProxyHeaders::Either };
    /// Request id and trace context.
    pub const IDS: Self = Self { ids: true, ..Self::NONE };
    /// Request id, trace context and baggage.
    pub const PEER: Self = Self { baggage: true, ..Self::IDS };
    /// All, and the sampled flag without limit.
    pub const ALL: Self = Self { sampling: true, ..Self::PEER };

    /// The same of a peer that is the last of so many proxies, at most [`Peers::MAX_HOPS`].
    #[must_use]
    pub const fn hops(self, hops: u8) -> Self {
        let hops = if hops > Peers::MAX_HOPS { Peers::MAX_HOPS } else { hops };
        Self { hops, ..self }
    }

    /// The same of a peer that writes these headers.
    #[must_use]
    pub const fn headers(self, headers: ProxyHeaders) -> Self {
        Self { headers, ..self }
    }
}

impl TrustPolicy {
    /// For a service that strangers reach directly: nothing that a request says of itself is believed.
    pub const fn public_edge() -> Self {
        Self::Never
    }

    /// For a service that only a mesh of one's own can reach: all is believed.
    pub const fn internal() -> Self {
        Self::Always
    }

    /// Peers of these networks, of which `hops` proxies stand in front, one behind the other; none where it is zero.
    pub fn peers(networks: impl IntoIterator<Item = Cidr>, hops: u8) -> Self {
        Self::Peers(Peers::of(networks).hops(hops))
    }

    /// What is believed of a peer; of one that is not known, nothing, unless everybody is trusted.
    pub fn of(&self, peer: Option<IpAddr>) -> Trust {
        match (self, peer) {
            (Self::Always, _) => Trust::ALL,
            (Self::Private, Some(peer)) if peers::is_private(peer) => Trust::IDS,
            (Self::Peers(peers), peer) => peers.trust(peer),
            (Self::Custom(decide), Some(peer)) => decide(peer),
            _ => Trust::NONE,
        }
    }

    /// Whether the answer depends on who the peer is.
    pub fn needs_peer(&self) -> bool {
        match self {
            Self::Never | Self::Always => false,
            Self::Private | Self::Custom(_) => true,
            Self::Peers(peers) => peers.needs_peer(),
        }
    }
}

/// The policy's text, as a configuration says it.
impl fmt::Display for TrustPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.pad("never"),
            Self::Private => f.pad("private"),
            Self::Always => f.pad("always"),
            Self::Peers(peers) => peers.fmt(f),
            Self::Custom(_) => f.pad("custom"),
        }
    }
}

impl fmt::Debug for TrustPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_means_loopback_and_private_networks() {
        let check = |peer: &str, trust: Trust| {
            assert_eq!(TrustPolicy::Private.of(Some(peer.parse().unwrap())), trust, "{peer}");
        };
        check("127.0.0.1", Trust::IDS);
        check("::1", Trust::IDS);
        check("::ffff:10.1.2.3", Trust::IDS);
        check("192.168.7.7", Trust::IDS);
        check("fd00::1", Trust::IDS);
        check("8.8.8.8", Trust::NONE);
        check("2001:db8::1", Trust::NONE);
        assert_eq!(TrustPolicy::Private.of(None), Trust::NONE);
        assert_eq!(TrustPolicy::internal().of(None), Trust::ALL);
        assert_eq!(TrustPolicy::public_edge().of(Some("127.0.0.1".parse().unwrap())), Trust::NONE);
    }

    #[test]
    fn a_function_has_the_whole_say() {
        let policy = TrustPolicy::Custom(Arc::new(|ip| if ip.is_loopback() { Trust::ALL.hops(1) } else { Trust::IDS }));
        assert_eq!(policy.of(Some([127, 0, 0, 1].into())), Trust::ALL.hops(1));
        assert_eq!(policy.of(Some([8, 8, 8, 8].into())), Trust::IDS);
        assert_eq!((policy.of(None), policy.needs_peer()), (Trust::NONE, true));
        assert_eq!(Trust::ALL.hops(200).hops, Peers::MAX_HOPS);
    }
}
