//! Capturing one body: masked while it passes, up to a cap.

use bytes::Buf;
use cupola_record::{BodyCapture, CaptureState, SkipReason};
use cupola_redact::{End, KeyPolicy, Masked, Media, Redactor};
use std::io::IoSlice;

/// What becomes of one body.
#[derive(Debug)]
pub(crate) enum BodyWatch {
    /// Nothing, for this reason.
    Skipped(SkipReason),
    /// It is masked and kept.
    Kept(Box<Kept>),
}

#[derive(Debug)]
pub(crate) struct Kept {
    redactor: Redactor,
    touched: bool,
    ended: bool,
    lost: bool,
}

impl BodyWatch {
    pub(crate) fn new(wanted: Result<Media, SkipReason>, policy: &KeyPolicy, cap: usize) -> Self {
        match wanted {
            Err(reason) => Self::Skipped(reason),
            Ok(media) => {
                let redactor = Redactor::new(policy, media, cap);
                Self::Kept(Box::new(Kept { redactor, touched: false, ended: false, lost: false }))
            }
        }
    }

    /// A piece of the body passes.
    pub(crate) fn feed(&mut self, data: &impl Buf) {
        if let Self::Kept(kept) = self {
            kept.feed(data);
        }
    }

    /// The body was seen to its end.
    pub(crate) fn end(&mut self) {
        if let Self::Kept(kept) = self {
            kept.touched = true;
            kept.ended = true;
        }
    }

    pub(crate) fn finish(self) -> BodyCapture {
        match self {
            Self::Skipped(reason) => BodyCapture::new(Masked::default(), CaptureState::Skipped(reason)),
            Self::Kept(kept) => kept.finish(),
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
