//! The peer: the address at the other end of the connection.

use std::net::IpAddr;

use http::Extensions;

/// The address at the other end, as a request extension, for servers that are not axum's.
///
/// Whoever accepts the connection inserts it; without it no peer is known, and so none is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

pub(crate) fn of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|peer| peer.0).or_else(|| from_axum(extensions))
}

#[cfg(feature = "axum")]
fn from_axum(extensions: &Extensions) -> Option<IpAddr> {
    use axum::extract::ConnectInfo;
    extensions.get::<ConnectInfo<std::net::SocketAddr>>().map(|info| info.0.ip())
}

#[cfg(not(feature = "axum"))]
fn from_axum(_: &Extensions) -> Option<IpAddr> {
    None
}
