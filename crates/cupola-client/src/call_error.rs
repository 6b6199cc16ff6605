//! A call that failed.

use std::error::Error;
use std::fmt;

use cupola_record::ErrorKind;

use crate::classify::classify;

/// Whatever the client inside fails with.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a call failed: a kind that survives wrapping, and the client's own error as the source. What it says itself has nothing
/// of the URL or the headers in it.
pub struct CallError {
    kind: ErrorKind,
    source: BoxError,
}

impl CallError {
    pub(crate) fn before_head(source: BoxError) -> Self {
        Self { kind: classify(&*source), source }
    }

    pub(crate) fn in_body(source: BoxError) -> Self {
        let kind = match classify(&*source) {
            timeout @ (ErrorKind::Timeout | ErrorKind::Deadline) => timeout,
            _ => ErrorKind::Body,
        };
        Self { kind, source }
    }

    /// What went wrong, from a closed set.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The client's own error.
    pub fn into_source(self) -> BoxError {
        self.source
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Dns => "the name of the host was not resolved",
            ErrorKind::Connect => "no connection was made",
            ErrorKind::ConnectTimeout => "no connection was made in time",
            ErrorKind::Tls => "the handshake of TLS failed",
            ErrorKind::Timeout | ErrorKind::Deadline => "the call took too long",
            ErrorKind::Protocol => "the other side broke off, or does not speak HTTP",
            ErrorKind::Body => "the response broke off after its head",
            _ => "the call failed",
        })
    }
}

/// The source's text is not shown: nobody knows what a client writes into it.
impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallError").field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
