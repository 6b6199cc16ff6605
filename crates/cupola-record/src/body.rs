//! A body as it was captured.

use cupola_redact::Masked;

/// What was kept of a body: masked text, and how far it goes.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct BodyCapture {
    /// The masked text; empty unless something was captured.
    pub text: Masked,
    /// How far the capture goes.
    pub state: CaptureState,
}

impl BodyCapture {
    /// A capture of its parts.
    pub const fn new(text: Masked, state: CaptureState) -> Self {
        Self { text, state }
    }

    /// That of a body of which nothing is to be shown.
    pub fn left_out() -> Self {
        Self::new(Masked::default(), CaptureState::Skipped(SkipReason::Route))
    }
}

/// How far a body's capture goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaptureState {
    /// The whole body.
    Complete,
    /// The beginning, up to the cap.
    Truncated,
    /// What had been read when the exchange ended: the handler, or the client, wanted no more.
    Partial,
    /// Nothing: the handler never read it, or it was never sent.
    #[default]
    NotRead,
    /// Nothing, for this reason.
    Skipped(SkipReason),
}

/// Why a body was not captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// There is no body.
    Empty,
    /// Its media type is not on the list, or it has none.
    MediaType,
    /// It is compressed or otherwise encoded.
    Encoded,
    /// Its route is left out.
    Route,
}

impl CaptureState {
    /// The state as a field names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Truncated => "truncated",
            Self::Partial => "partial",
            Self::NotRead => "not_read",
            Self::Skipped(SkipReason::Empty) => "skipped_empty",
            Self::Skipped(SkipReason::MediaType) => "skipped_media_type",
            Self::Skipped(SkipReason::Encoded) => "skipped_encoded",
            Self::Skipped(SkipReason::Route) => "skipped_route",
        }
    }
}
