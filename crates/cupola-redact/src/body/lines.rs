//! One JSON document a line: a broken line does not shield the next one.

use memchr::memchr;

use super::capture::Capture;
use super::json::Json;

#[derive(Debug)]
pub(super) struct Lines(Json);

impl Lines {
    pub(super) fn new() -> Self {
        Self(Json::new())
    }

    pub(super) fn feed(&mut self, out: &mut Capture, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(end) = memchr(b'\n', rest) {
            self.0.feed(out, &rest[..end]);
            self.0.finish(out, false);
            out.push(b"\n");
            self.0.restart(out);
            rest = &rest[end + 1..];
        }
        self.0.feed(out, rest);
    }

    pub(super) fn finish(&mut self, out: &mut Capture, truncated: bool) {
        self.0.finish(out, truncated);
    }

    pub(super) fn lost_sync(&self) -> bool {
        self.0.lost_sync()
    }
}
