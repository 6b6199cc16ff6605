//! A body that is captured: kept up to a cap, to be shown in one piece.

use super::{Body, End, into_utf8};
use crate::tally::{Rule, Tally};
use crate::{KeyPolicy, Masked, Media, Surface, text};

/// Redacts a body while it is captured; the output is capped.
///
/// The result does not depend on how the body is cut into pieces, and is safe wherever it breaks off.
///
/// ```
/// use cupola_redact::{End, KeyPolicy, Media, Redactor};
///
/// let mut redactor = Redactor::new(&KeyPolicy::default(), Media::Json, 8192);
/// redactor.feed(br#"{"user":"bob","pass"#);
/// redactor.feed(br#"word":"hunter2"}"#);
/// let captured = redactor.finish(End::Complete);
/// assert_eq!(captured.text, r#"{"user":"bob","password":"[REDACTED]"}"#);
/// assert_eq!(captured.redactions, 1);
/// ```
#[derive(Debug)]
pub struct Redactor {
    body: Body,
    cap: usize,
}

/// What was captured of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Captured {
    /// The masked text, or a marker such as `[binary 1234 bytes]`.
    pub text: Masked,
    /// Whether the text lacks the end of the body.
    pub truncated: bool,
    /// How many values were masked.
    pub redactions: u32,
    /// Whether the body was not what its label said, and was read in a stricter way from there on.
    pub lost_sync: bool,
    /// How often each rule was used.
    pub tally: Tally,
}

impl Redactor {
    /// A redactor for one body of which at most `cap` bytes of output are kept.
    pub fn new(policy: &KeyPolicy, media: Media, cap: usize) -> Self {
        Self::of(policy, &media.into(), cap)
    }

    /// The same for any surface; [`Surface::content_type`] knows the boundary of a multipart body.
    pub fn of(policy: &KeyPolicy, surface: &Surface, cap: usize) -> Self {
        Self { body: Body::new(policy, surface, cap), cap }
    }

    /// Takes the next piece of the body; once the cap is reached it is only counted.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.body.feed(chunk);
    }

    /// How many bytes were fed so far.
    pub fn seen(&self) -> u64 {
        self.body.seen
    }

    /// Ends the body and returns what was captured.
    pub fn finish(self, end: End) -> Captured {
        let Self { mut body, cap } = self;
        let cut = end == End::Truncated || body.out.is_full();
        body.finish(cut);
        if let Some(marker) = body.marker() {
            let (lost_sync, truncated) = (body.reader.lost_sync(), end == End::Truncated);
            let tally = body.out.tally;
            body.out.policy.count_all(&tally);
            return Captured { text: Masked::vouch(marker), truncated, redactions: 0, lost_sync, tally };
        }
        let lost_sync = body.reader.lost_sync();
        let truncated = cut || body.out.is_full();
        let mut masked = Vec::new();
        body.out.finish(truncated, &mut masked);
        let mut masked = into_utf8(masked, truncated);
        let is_cut = text::cut(&mut masked, 0, cap);
        let mut tally = body.out.tally;
        let redactions = tally.redactions();
        if !lost_sync {
            // A text that is labelled as one was never in sync.
            tally.clear(Rule::LostSync);
        }
        body.out.policy.count_all(&tally);
        Captured { text: Masked::vouch(masked), truncated: truncated || is_cut, redactions, lost_sync, tally }
    }
}
