//! One JSON document a line: a broken line does not shield the next one.

use memchr::memchr;

use super::json::Json;
use super::out::Out;

#[derive(Debug)]
pub(super) struct Lines(Json);

impl Lines {
    pub(super) fn new(out: &Out) -> Self {
        Self(Json::new(out))
    }

    pub(super) fn feed(&mut self, out: &mut Out, bytes: &[u8]) {
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

    pub(super) fn finish(&mut self, out: &mut Out, truncated: bool) {
        self.0.finish(out, truncated);
    }

    pub(super) fn open(&self, out: &Out) -> (usize, usize) {
        self.0.open(out)
    }

    pub(super) fn lost_sync(&self) -> bool {
        self.0.lost_sync()
    }
}
