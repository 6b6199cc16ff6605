//! A call that failed.

use std::error::Error;
use std::fmt;

use cupola_record::ErrorKind;
use http::StatusCode;

use crate::classify::classify;
use crate::safe_cause::SafeCause;

/// Whatever the client inside fails with.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// Why a call failed: a kind that survives wrapping, and how many attempts there were. Neither what it says nor what its
/// sources say holds a query, userinfo, or the value of a header: they say the client's own errors masked.
///
/// ```
/// use cupola_client::CallError;
/// use cupola_record::ErrorKind;
///
/// fn is_worth_a_page(error: &CallError) -> bool {
///     !matches!(error.kind(), ErrorKind::Timeout | ErrorKind::Deadline)
/// }
/// # let _ = is_worth_a_page;
/// ```
pub struct CallError {
    kind: ErrorKind,
    attempts: u32,
    cause: Option<SafeCause>,
    original: Option<BoxError>,
    answer: Option<Box<(StatusCode, String)>>,
}

impl CallError {
    pub(crate) fn before_head(original: BoxError) -> Self {
        Self::new(classify(&*original), original)
    }

    pub(crate) fn in_body(original: BoxError) -> Self {
        let kind = match classify(&*original) {
            known @ (ErrorKind::Timeout | ErrorKind::Deadline | ErrorKind::TooLarge) => known,
            _ => ErrorKind::Body,
        };
        Self::new(kind, original)
    }

    pub(crate) fn new(kind: ErrorKind, original: BoxError) -> Self {
        Self { kind, attempts: 1, cause: SafeCause::of(&*original), original: Some(original), answer: None }
    }

    /// Where nothing failed but the call itself: its time ran out, or it was not allowed to begin.
    #[cfg(feature = "reqwest")]
    pub(crate) const fn bare(kind: ErrorKind) -> Self {
        Self { kind, attempts: 1, cause: None, original: None, answer: None }
    }

    /// The response's status is no success; what it said is masked.
    #[cfg(feature = "reqwest")]
    pub(crate) fn status_of(status: StatusCode, said: String) -> Self {
        Self { answer: Some(Box::new((status, said))), ..Self::bare(ErrorKind::Status) }
    }

    /// The request cannot be made.
    #[cfg(feature = "reqwest")]
    pub(crate) fn request(original: impl Into<BoxError>) -> Self {
        Self { attempts: 0, ..Self::new(ErrorKind::Request, original.into()) }
    }

    #[cfg(feature = "reqwest")]
    pub(crate) const fn after(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// What went wrong, from a closed set.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// How many attempts were made.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether time ran out: of making the connection, of the attempt, of silence in the body, or of the call.
    pub const fn is_timeout(&self) -> bool {
        matches!(self.kind, ErrorKind::ConnectTimeout | ErrorKind::Timeout | ErrorKind::Deadline)
    }

    /// Whether nothing was sent, since there was no connection.
    pub const fn is_connect(&self) -> bool {
        matches!(self.kind, ErrorKind::Dns | ErrorKind::Connect | ErrorKind::ConnectTimeout | ErrorKind::Tls)
    }

    /// The status, where it is what failed.
    pub fn status(&self) -> Option<StatusCode> {
        self.answer.as_ref().map(|answer| answer.0)
    }

    /// What a response whose status failed said: the first 2 KiB of it, masked.
    pub fn said(&self) -> Option<&str> {
        self.answer.as_ref().map(|answer| &*answer.1)
    }

    /// The client's own error, where it was one that failed. What it prints may hold the URL with all that is in it.
    pub fn into_original(self) -> Option<BoxError> {
        self.original
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Dns => "the name of the host was not resolved",
            ErrorKind::Connect => "no connection was made",
            ErrorKind::ConnectTimeout => "no connection was made in time",
            ErrorKind::Tls => "the handshake of TLS failed",
            ErrorKind::Timeout => "the other side took too long",
            ErrorKind::Deadline => "the call ran out of time",
            ErrorKind::Protocol => "the other side broke off, or does not speak HTTP",
            ErrorKind::Refused => "the other side has not looked at the request",
            ErrorKind::Body => "the response broke off after its head",
            ErrorKind::TooLarge => "the response is larger than is accepted",
            ErrorKind::Redirect => "a redirect is not followed",
            ErrorKind::CircuitOpen => "the host failed too often, and is not asked for now",
            ErrorKind::Request => "the request cannot be made",
            ErrorKind::Decode => "the response is not what was expected",
            ErrorKind::Status => "the response's status is no success",
            _ => "the call failed",
        })?;
        if let Some(status) = self.status() {
            write!(f, ": {}", status.as_u16())?;
        }
        if self.attempts > 1 { write!(f, " ({} attempts)", self.attempts) } else { Ok(()) }
    }
}

/// The original's text is not shown: nobody knows what a client writes into it.
impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("CallError");
        shown.field("kind", &self.kind).field("attempts", &self.attempts).field("cause", &self.cause).finish()
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as &(dyn Error + 'static))
    }
}
