//! What became of a call, for its caller.

use cupola_record::StopReason;

/// What became of a call before its response was given back: in the extensions of each response.
///
/// ```
/// use cupola_client::CallReport;
///
/// fn was_tried_again(response: &reqwest::Response) -> bool {
///     response.extensions().get::<CallReport>().is_some_and(|report| report.attempts > 1)
/// }
/// # let _ = was_tried_again;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallReport {
    /// How many requests were sent, redirects included; 0 where that is not known, around a client of somebody else.
    pub attempts: u32,
    /// Why a failed attempt was not followed by another.
    pub stopped: Option<StopReason>,
}
