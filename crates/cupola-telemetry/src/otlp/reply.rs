//! What a collector says to a message, and what went wrong where it says nothing.

use std::fmt;
use std::time::Duration;

use prost::Message as _;

/// The collector has taken a message, perhaps not all of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// How many items it has not taken.
    pub(crate) rejected: u64,
}

/// The response to an export of any signal: they are alike.
#[derive(Clone, PartialEq, prost::Message)]
struct ExportResponse {
    #[prost(message, optional, tag = "1")]
    partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PartialSuccess {
    #[prost(int64, tag = "1")]
    rejected: i64,
}

impl Reply {
    /// A success whose text nobody understands is a success.
    pub(crate) fn decode(body: &[u8]) -> Self {
        let partial = ExportResponse::decode(body).ok().and_then(|response| response.partial_success);
        Self { rejected: partial.map_or(0, |partial| u64::try_from(partial.rejected).unwrap_or(0)) }
    }
}

/// A message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) what: What,
    /// Whether the same message may be taken another time.
    pub(crate) again: bool,
    /// How long the collector wants to be left alone.
    pub(crate) after: Option<Duration>,
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// There is nobody, or nobody who speaks the protocol.
    Connection,
    /// No answer within the time for one attempt.
    Timeout,
    /// An HTTP status.
    Status(u16),
    /// A gRPC status.
    Grpc(u32),
    /// Something else than an answer.
    Protocol,
    /// Who takes messages within the process has no room, or failed.
    NotTaken,
}

impl Failure {
    pub(crate) const fn again(what: What) -> Self {
        Self { what, again: true, after: None }
    }

    pub(crate) const fn status(status: u16, after: Option<Duration>) -> Self {
        Self { what: What::Status(status), again: matches!(status, 429 | 502..=504), after }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection => f.write_str("no connection"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::Grpc(status) => write!(f, "grpc status {status}"),
            Self::Protocol => f.write_str("no answer that could be read"),
            Self::NotTaken => f.write_str("not taken"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_success_says_how_much_was_not_taken() {
        let check = |body: &[u8], rejected| assert_eq!(Reply::decode(body), Reply { rejected }, "{body:?}");
        check(b"", 0);
        check(&[10, 2, 8, 5], 5);
        check(&[10, 6, 8, 5, 18, 2, b'n', b'o'], 5);
        check(&[10, 11, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 0);
        check(b"{}", 0);
    }

    #[test]
    fn the_statuses_that_the_specification_names_are_tried_again() {
        let again = |status| Failure::status(status, None).again;
        assert!([429, 502, 503, 504].into_iter().all(again));
        assert!(![301, 400, 401, 404, 413, 500, 501].into_iter().any(again));
    }
}
