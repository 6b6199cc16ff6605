//! Capturing one body: masked while it passes, up to a cap.

use std::io::IoSlice;

use bytes::Buf;
use cupola_redact::{End, KeyPolicy, Masked, Media, Redactor};

use crate::body::{BodyCapture, CaptureState, SkipReason};

/// Captures one body: it is shown the pieces, and keeps masked text, up to a cap.
///
/// ```
/// use cupola_record::{BodyWatch, CaptureState};
/// use cupola_redact::{KeyPolicy, Media};
///
/// let mut watch = BodyWatch::of(&KeyPolicy::default(), Media::Json, 1024);
/// watch.feed(&&b"{\"id\":7,\"pass"[..]);
/// watch.feed(&&b"word\":\"hunter2\"}"[..]);
/// watch.end();
/// let captured = watch.finish();
/// assert_eq!(captured.text.as_str(), r#"{"id":7,"password":"[REDACTED]"}"#);
/// assert_eq!(captured.state, CaptureState::Complete);
/// ```
#[derive(Debug)]
pub struct BodyWatch(Fate);

/// What becomes of one body.
#[derive(Debug)]
enum Fate {
    /// Nothing, for this reason.
    Skipped(SkipReason),
    /// It is masked and kept.
    Kept(Box<Kept>),
}

#[derive(Debug)]
struct Kept {
    redactor: Redactor,
    touched: bool,
    ended: bool,
    lost: bool,
}

impl BodyWatch {
    /// Over a body of this kind; at most `cap` bytes of masked text are kept.
    pub fn of(policy: &KeyPolicy, media: Media, cap: usize) -> Self {
        let redactor = Redactor::new(policy, media, cap);
        Self(Fate::Kept(Box::new(Kept { redactor, touched: false, ended: false, lost: false })))
    }

    /// Over a body of which nothing is kept, for this reason.
    pub const fn skipped(reason: SkipReason) -> Self {
        Self(Fate::Skipped(reason))
    }

    /// A piece of the body passes.
    pub fn feed(&mut self, data: &impl Buf) {
        if let Fate::Kept(kept) = &mut self.0 {
            kept.feed(data);
        }
    }

    /// The body was seen to its end.
    pub fn end(&mut self) {
        if let Fate::Kept(kept) = &mut self.0 {
            kept.touched = true;
            kept.ended = true;
        }
    }

    /// What was kept.
    pub fn finish(self) -> BodyCapture {
        match self.0 {
            Fate::Skipped(reason) => BodyCapture::new(Masked::default(), CaptureState::Skipped(reason)),
            Fate::Kept(kept) => kept.finish(),
        }
    }
}

impl Kept {
    /// Reads without taking: pieces that a buffer does not show at once are lost to the capture, which says so.
    fn feed(&mut self, data: &impl Buf) {
        let mut slices = [IoSlice::new(&[]); 16];
        let count = data.chunks_vectored(&mut slices);
        let mut shown = 0;
        if !self.lost {
            for slice in &slices[..count] {
                self.redactor.feed(slice);
                shown += slice.len();
            }
        }
        self.touched = true;
        self.lost |= shown < data.remaining();
    }

    fn finish(self) -> BodyCapture {
        let whole = self.ended && !self.lost;
        let captured = self.redactor.finish(if whole { End::Complete } else { End::Truncated });
        let state = match () {
            () if !self.touched => CaptureState::NotRead,
            () if !self.ended => CaptureState::Partial,
            () if captured.truncated || self.lost => CaptureState::Truncated,
            () => CaptureState::Complete,
        };
        BodyCapture::new(captured.text, state)
    }
}
