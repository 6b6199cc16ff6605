//! One attempt of a call: one request on the wire.

use std::fmt;
use std::time::Duration;

use cupola_context::SpanId;
use http::{StatusCode, Version};

use crate::call::Call;
use crate::error_kind::ErrorKind;
use crate::target::Target;

/// Why there was an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// It is the first.
    First,
    /// The one before failed.
    Retry,
    /// The one before failed, and its response said how long to wait.
    RetryAfter,
    /// The one before was told to ask elsewhere.
    Redirect,
}

impl Reason {
    /// The reason as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Retry => "retry",
            Self::RetryAfter => "retry_after",
            Self::Redirect => "redirect",
        }
    }
}

/// Which connection an attempt went over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionUse {
    /// The client does not tell.
    #[default]
    Unknown,
    /// One that was made for it.
    Fresh,
    /// One that had served another request.
    Reused,
}

impl ConnectionUse {
    /// The use as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Fresh => "fresh",
            Self::Reused => "reused",
        }
    }
}

/// One attempt of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Why it was made.
    pub reason: Reason,
    /// How often the request had been sent before: `http.request.resend_count`, which is absent where it is 0.
    pub resend_count: u32,
    /// How long it was waited for before it began.
    pub delay: Duration,
    /// From the beginning of the call to its own.
    pub began: Duration,
    /// From its beginning to the head of its response.
    pub head: Option<Duration>,
    /// From its beginning to its end; of the last one, to the end of the body.
    pub total: Duration,
    /// The status, where a head came.
    pub status: Option<StatusCode>,
    /// Why it failed, where no whole response came.
    pub error: Option<ErrorKind>,
    /// Which connection it went over.
    pub connection: ConnectionUse,
    /// The version of HTTP that was answered in, where it is known.
    pub version: Option<Version>,
    /// Where it went, where that is not where the call was to go: a redirect.
    pub target: Option<Box<Target>>,
    /// The id of its span, where it is one: known before it is sent, since whom it asks has that span as the parent.
    pub span: Option<SpanId>,
    /// How long its host's name took to resolve, where that was done for it and is seen.
    pub dns: Option<Duration>,
    /// How long its connection took to make, the name and the handshake of TLS included, where that was done for it and is seen.
    pub connect: Option<Duration>,
}

impl Attempt {
    pub(crate) const fn begun(reason: Reason, resend_count: u32, delay: Duration, began: Duration) -> Self {
        Self {
            reason,
            resend_count,
            delay,
            began,
            head: None,
            total: Duration::ZERO,
            status: None,
            error: None,
            connection: ConnectionUse::Unknown,
            version: None,
            target: None,
            span: None,
            dns: None,
            connect: None,
        }
    }

    /// Where it went.
    pub fn target<'a>(&'a self, call: &'a Call) -> &'a Target {
        self.target.as_deref().unwrap_or_else(|| call.target())
    }

    /// Why it counts as failed, from a closed set: a kind, or a 4xx or 5xx status that the call does not expect. That the
    /// caller left is no failure, and neither is a redirect.
    pub fn error_type(&self, call: &Call) -> Option<&str> {
        let failed = |status: &&StatusCode| status.is_client_error() || status.is_server_error();
        let status = self.status.as_ref().filter(failed).filter(|status| !call.expected.contains(status));
        self.error.map(ErrorKind::as_str).or(status.map(StatusCode::as_str))
    }
}

/// As a line shows it: `retry delay=250ms status=503 total=12ms connection=reused`. Every word is from a closed set.
impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.as_str())?;
        if !self.delay.is_zero() {
            write!(f, " delay={}ms", self.delay.as_millis())?;
        }
        if let Some(status) = self.status {
            write!(f, " status={}", status.as_u16())?;
        }
        if let Some(kind) = self.error {
            write!(f, " error={kind}")?;
        }
        write!(f, " total={}ms connection={}", self.total.as_millis(), self.connection.as_str())
    }
}
