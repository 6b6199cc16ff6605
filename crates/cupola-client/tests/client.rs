//! The client on reqwest against real sockets: what is sent again, what is not, and how each call ends.

#![cfg(feature = "reqwest")]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod client {
    pub(crate) mod server;

    mod ends;
    mod errors;
    mod existing;
    #[cfg(feature = "http2")]
    mod http2;
    mod limits;
    mod operations;
    mod redirects;
    mod retries;
    #[cfg(feature = "rustls")]
    mod tls;
}
