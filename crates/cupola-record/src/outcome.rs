//! How an exchange can end.

/// How an exchange ended; exactly one of these is recorded for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The response went out whole, whatever its status.
    Complete,
    /// The inner service returned an error instead of a response.
    ServiceError,
    /// The response's body failed after its head was sent.
    BodyError,
    /// The future was dropped before it had a response: the client left, or a layer above gave up.
    ClosedBeforeHead,
    /// The response's body was dropped before its end.
    ClosedMidBody,
    /// Our own timeout ran out.
    TimedOut,
    /// The handler or the body panicked.
    Panicked,
    /// The connection now speaks another protocol (101, or a CONNECT that was accepted).
    Upgraded,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Complete,
        Self::ServiceError,
        Self::BodyError,
        Self::ClosedBeforeHead,
        Self::ClosedMidBody,
        Self::TimedOut,
        Self::Panicked,
        Self::Upgraded,
    ];

    /// The outcome as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::ServiceError => "service_error",
            Self::BodyError => "body_error",
            Self::ClosedBeforeHead => "closed_before_head",
            Self::ClosedMidBody => "closed_mid_body",
            Self::TimedOut => "timed_out",
            Self::Panicked => "panicked",
            Self::Upgraded => "upgraded",
        }
    }

    /// The access line's message.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Complete => "request completed",
            Self::ServiceError => "request failed: service error",
            Self::BodyError => "request failed: response body error",
            Self::ClosedBeforeHead => "request closed before a response",
            Self::ClosedMidBody => "request closed before the end of the response",
            Self::TimedOut => "request timed out",
            Self::Panicked => "request failed: panic",
            Self::Upgraded => "connection upgraded",
        }
    }

    /// Whether it is the server's failure.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::ServiceError | Self::BodyError | Self::TimedOut | Self::Panicked)
    }

    /// Whether the other side left before the end.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::ClosedBeforeHead | Self::ClosedMidBody)
    }
}
