//! The capped output of a redactor, and its last pass.

use crate::{KeyPolicy, Masked, REDACTED, pattern, text};

/// Masked output up to a cap. What is in here has passed the rules by name; value patterns come at the end.
#[derive(Debug)]
pub(crate) struct Capture {
    pub(crate) policy: KeyPolicy,
    bytes: Vec<u8>,
    cap: usize,
    is_full: bool,
    redactions: u32,
}

impl Capture {
    pub(crate) fn new(policy: KeyPolicy, cap: usize) -> Self {
        Self { policy, bytes: Vec::new(), cap, is_full: false, redactions: 0 }
    }

    /// Whether something had to be left out: from here on nothing changes any more.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    #[inline]
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.is_full {
            return;
        }
        let taken = bytes.len().min(self.cap - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..taken]);
        self.is_full = taken < bytes.len();
    }

    /// Writes the mask where a value stood.
    pub(crate) fn mask(&mut self) {
        self.redactions += u32::from(!self.is_full);
        self.push(REDACTED.as_bytes());
    }

    /// The same as a JSON string, so that a masked number or container leaves valid JSON.
    pub(crate) fn mask_quoted(&mut self) {
        self.push(b"\"");
        self.mask();
        self.push(b"\"");
    }

    pub(crate) fn redactions(&self) -> u32 {
        self.redactions
    }

    /// Puts other bytes in the place of what was pushed since `start`.
    pub(crate) fn replace(&mut self, start: usize, bytes: &[u8], redactions: u32) {
        let was_full = std::mem::take(&mut self.is_full);
        self.bytes.truncate(start);
        self.push(bytes);
        self.is_full |= was_full;
        self.redactions += redactions;
    }

    /// Masks value patterns in what was captured, and ends it on a character boundary; says whether the text lacks
    /// its end, and how many values were masked.
    pub(crate) fn into_text(self, truncated: bool) -> (Masked, bool, u32) {
        let truncated = truncated || self.is_full;
        let captured = into_utf8(self.bytes, truncated);
        let (mut masked, found) = pattern::mask_owned(captured, truncated);
        let is_cut = text::cut(&mut masked, 0, self.cap);
        (Masked::vouch(masked), truncated || is_cut, self.redactions + found)
    }
}

/// Invalid bytes become U+FFFD; a character that the cut has split is dropped.
fn into_utf8(mut bytes: Vec<u8>, truncated: bool) -> String {
    if let (true, Err(error)) = (truncated, std::str::from_utf8(&bytes)) {
        if error.error_len().is_none() {
            bytes.truncate(error.valid_up_to());
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
