//! Trust: whose ids are believed.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use crate::invalid::invalid;

/// Whose request ids, traces and baggage are adopted; everybody else's are kept apart.
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
    /// What a function says of the peer's address.
    Custom(Arc<dyn Fn(IpAddr) -> Trust + Send + Sync>),
}

/// What is believed of one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// Nothing.
    #[default]
    None,
    /// Request id and trace context.
    Ids,
    /// Request id, trace context and baggage.
    All,
}

impl TrustPolicy {
    /// What is believed of a peer; of one that is not known, nothing, unless everybody is trusted.
    pub fn of(&self, peer: Option<IpAddr>) -> Trust {
        match (self, peer) {
            (Self::Always, _) => Trust::All,
            (Self::Private, Some(peer)) if is_private(peer) => Trust::Ids,
            (Self::Custom(decide), Some(peer)) => decide(peer),
            _ => Trust::None,
        }
    }

    /// Whether the answer depends on who the peer is.
    pub const fn needs_peer(&self) -> bool {
        matches!(self, Self::Private | Self::Custom(_))
    }

    /// The policy's name, as a configuration says it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Private => "private",
            Self::Always => "always",
            Self::Custom(_) => "custom",
        }
    }
}

impl FromStr for TrustPolicy {
    type Err = UnknownTrust;

    fn from_str(text: &str) -> Result<Self, UnknownTrust> {
        match text.to_ascii_lowercase().as_str() {
            "never" => Ok(Self::Never),
            "private" => Ok(Self::Private),
            "always" => Ok(Self::Always),
            _ => Err(UnknownTrust),
        }
    }
}

impl fmt::Debug for TrustPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn is_private(peer: IpAddr) -> bool {
    match peer.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

invalid! {
    /// The text names no trust policy.
    UnknownTrust, "a trust policy is never, private or always"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_means_loopback_and_private_networks() {
        let check = |peer: &str, trust: Trust| {
            assert_eq!(TrustPolicy::Private.of(Some(peer.parse().unwrap())), trust, "{peer}");
        };
        check("127.0.0.1", Trust::Ids);
        check("::1", Trust::Ids);
        check("::ffff:10.1.2.3", Trust::Ids);
        check("192.168.7.7", Trust::Ids);
        check("fd00::1", Trust::Ids);
        check("8.8.8.8", Trust::None);
        check("2001:db8::1", Trust::None);
        assert_eq!(TrustPolicy::Private.of(None), Trust::None);
        assert_eq!(TrustPolicy::Always.of(None), Trust::All);
        assert_eq!(TrustPolicy::Never.of(Some("127.0.0.1".parse().unwrap())), Trust::None);
    }
}
