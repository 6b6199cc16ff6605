//! Why a message is not taken, and what that is over HTTP and gRPC.

use cupola_store::KeepError;
use cupola_store::otlp::DecodeError;
use http::StatusCode;

/// Why a message is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It comes without a token.
    Unauthenticated,
    /// It is none; sent again, it will not be one either.
    Bad(String),
    /// It is of a type or an encoding that is not known.
    Unsupported(&'static str),
    /// It is too large.
    TooLarge(String),
    /// It did not come in time.
    Slow,
    /// There is no room for it now.
    Busy { seconds: u32 },
    /// It cannot be written.
    Unavailable(&'static str),
}

impl Refusal {
    pub(super) fn too_large(most: usize) -> Self {
        Self::TooLarge(format!("the message is larger than {most} bytes"))
    }

    pub(super) fn http(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Bad(_) => StatusCode::BAD_REQUEST,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Of `google.rpc.Code`.
    pub(super) const fn code(&self) -> u8 {
        match self {
            Self::Bad(_) => 3,
            Self::Slow => 4,
            Self::TooLarge(_) | Self::Busy { .. } => 8,
            Self::Unsupported(_) => 12,
            Self::Unavailable(_) => 14,
            Self::Unauthenticated => 16,
        }
    }

    pub(super) fn message(&self) -> &str {
        match self {
            Self::Unauthenticated => "a token is needed: Authorization: Bearer",
            Self::Bad(why) | Self::TooLarge(why) => why,
            Self::Unsupported(why) | Self::Unavailable(why) => why,
            Self::Slow => "the message did not come in time",
            Self::Busy { .. } => "too much waits to be stored",
        }
    }

    /// In how many seconds it may be sent again.
    pub(super) const fn again(&self) -> Option<u32> {
        match self {
            Self::Busy { seconds } => Some(*seconds),
            _ => None,
        }
    }
}

impl From<DecodeError> for Refusal {
    fn from(error: DecodeError) -> Self {
        Self::Bad(error.to_string())
    }
}

impl From<KeepError> for Refusal {
    fn from(error: KeepError) -> Self {
        match error {
            KeepError::Busy => Self::Busy { seconds: 1 },
            KeepError::Full => Self::Busy { seconds: 60 },
            KeepError::TooLarge => Self::TooLarge("the message has more in it than is stored at once".to_owned()),
            KeepError::Closed => Self::Unavailable("the store is closed"),
            _ => Self::Unavailable("the store cannot write"),
        }
    }
}
