//! Why a call, or one attempt of it, failed.

use std::fmt;

/// Why a call, or one attempt of it, failed: a closed set, fit for labels. It says nothing of the URL or the headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The host's name was not resolved.
    Dns,
    /// No connection was made.
    Connect,
    /// No connection was made in time.
    ConnectTimeout,
    /// The handshake of TLS failed, a certificate that is not believed included.
    Tls,
    /// One attempt ran out of its time.
    Timeout,
    /// The other side does not speak HTTP as it should, or broke off before the head.
    Protocol,
    /// The other side has said that it has not looked at the request: a stream that HTTP/2 refuses, or a connection that it ends.
    Refused,
    /// The response's body failed after its head.
    Body,
    /// The body came whole, and is not what it should be.
    Decode,
    /// A redirect that is not followed: a loop, too many, or to where nobody may go.
    Redirect,
    /// The budget of retries is spent.
    Budget,
    /// The whole call ran out of its time.
    Deadline,
    /// A status that the caller does not take.
    Status,
    /// The response is larger than the caller accepts.
    TooLarge,
    /// The host failed too often, and is not asked for now.
    CircuitOpen,
    /// The request cannot be made: its URL, a header or its body is none.
    Request,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// Every kind.
    pub const ALL: [Self; 17] = [
        Self::Dns,
        Self::Connect,
        Self::ConnectTimeout,
        Self::Tls,
        Self::Timeout,
        Self::Protocol,
        Self::Refused,
        Self::Body,
        Self::Decode,
        Self::Redirect,
        Self::Budget,
        Self::Deadline,
        Self::Status,
        Self::TooLarge,
        Self::CircuitOpen,
        Self::Request,
        Self::Other,
    ];

    /// The kind as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::ConnectTimeout => "connect_timeout",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Protocol => "protocol",
            Self::Refused => "refused",
            Self::Body => "body",
            Self::Decode => "decode",
            Self::Redirect => "redirect",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
            Self::Status => "status",
            Self::TooLarge => "too_large",
            Self::CircuitOpen => "circuit_open",
            Self::Request => "request",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
