//! Chosen peers, and the proxies that stand in front.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::{ProxyHeaders, Trust};
use crate::cidr::Cidr;

/// Which peers are trusted, and how many proxies a request passes before it comes here.
///
/// ```
/// use cupola_context::{Peers, ProxyHeaders, TrustPolicy};
///
/// // One nginx on this machine or in this network, which sets `X-Forwarded-For`.
/// let peers = Peers::private().hops(1).headers(ProxyHeaders::XForwarded);
/// assert_eq!(TrustPolicy::Peers(peers).to_string(), "private;hops=1;header=x-forwarded");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peers {
    who: Who,
    hops: u8,
    headers: ProxyHeaders,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    Any,
    Private,
    Networks(Arc<[Cidr]>),
}

impl Peers {
    /// The most proxies that can stand in front.
    pub const MAX_HOPS: u8 = 16;

    /// Peers of these networks: ids, traces and baggage.
    pub fn of(networks: impl IntoIterator<Item = Cidr>) -> Self {
        Self::new(Who::Networks(networks.into_iter().collect()))
    }

    /// Loopback and private networks, believed as by [`super::TrustPolicy::Private`]: ids and traces, no baggage.
    pub const fn private() -> Self {
        Self::new(Who::Private)
    }

    /// Everybody, believed as by [`super::TrustPolicy::Always`]: all of it.
    pub const fn any() -> Self {
        Self::new(Who::Any)
    }

    const fn new(who: Who) -> Self {
        Self { who, hops: 0, headers: ProxyHeaders::Either }
    }

    /// How many proxies stand in front, one behind the other, at most [`Self::MAX_HOPS`]; each that is named must be one
    /// of the peers, else what stands before it is a stranger's.
    #[must_use]
    pub fn hops(self, hops: u8) -> Self {
        Self { hops: hops.min(Self::MAX_HOPS), ..self }
    }

    /// Which headers they write.
    #[must_use]
    pub fn headers(self, headers: ProxyHeaders) -> Self {
        Self { headers, ..self }
    }

    pub(super) fn trust(&self, peer: Option<IpAddr>) -> Trust {
        let trust = match (&self.who, peer) {
            (Who::Any, _) => Trust::ALL,
            (Who::Private, Some(peer)) if is_private(peer) => Trust::IDS,
            (Who::Networks(networks), Some(peer)) if networks.iter().any(|net| net.contains(peer)) => Trust::PEER,
            _ => return Trust::NONE,
        };
        Trust { hops: self.hops, headers: self.headers, ..trust }
    }

    pub(super) const fn needs_peer(&self) -> bool {
        !matches!(self.who, Who::Any)
    }
}

/// As a configuration says it.
impl fmt::Display for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.who {
            Who::Any => f.write_str("always")?,
            Who::Private => f.write_str("private")?,
            Who::Networks(networks) => {
                for (index, network) in networks.iter().enumerate() {
                    write!(f, "{}{network}", if index == 0 { "peers:" } else { "," })?;
                }
            }
        }
        if self.hops > 0 {
            write!(f, ";hops={}", self.hops)?;
        }
        match self.headers {
            ProxyHeaders::Either => Ok(()),
            ProxyHeaders::Forwarded => f.write_str(";header=forwarded"),
            ProxyHeaders::XForwarded => f.write_str(";header=x-forwarded"),
        }
    }
}

pub(super) fn is_private(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
