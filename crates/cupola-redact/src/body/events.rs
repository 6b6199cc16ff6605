//! Server-sent events: the `data` lines of one event are one document, and each event starts anew.

use memchr::memchr2;

use super::json::Json;
use super::out::Out;
use crate::text::Scanner;

const DATA: &[u8] = b"data";

#[derive(Debug)]
pub(super) struct Events {
    line: Line,
    data: Json,
    other: Scanner,
    /// The last byte was a carriage return, whose line feed belongs to it.
    returned: bool,
}

/// Where in a line the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// So many letters of `data` were read.
    Start(usize),
    Data,
    Other,
}

impl Events {
    pub(super) fn new(out: &Out) -> Self {
        Self { line: Line::Start(0), data: Json::new(out), other: Scanner::new(out.len()), returned: false }
    }

    pub(super) fn feed(&mut self, out: &mut Out, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && !out.is_full() {
            let end = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            self.part_of_line(out, &rest[..end]);
            if let Some(&byte) = rest.get(end) {
                self.end_line(out, byte);
            }
            rest = rest.get(end + 1..).unwrap_or_default();
        }
    }

    pub(super) fn finish(&mut self, out: &mut Out, truncated: bool) {
        match self.line {
            Line::Other => self.other.finish(out, truncated),
            _ => self.data.finish(out, truncated),
        }
    }

    pub(super) fn open(&self, out: &Out) -> (usize, usize) {
        match self.line {
            Line::Other => (self.other.line(out), usize::MAX),
            _ => self.data.open(out),
        }
    }

    fn part_of_line(&mut self, out: &mut Out, bytes: &[u8]) {
        let mut rest = bytes;
        while let (Line::Start(read), Some((&byte, tail))) = (self.line, rest.split_first()) {
            self.returned = false;
            self.line = match DATA.get(read) {
                Some(&letter) if letter == byte => Line::Start(read + 1),
                None if byte == b':' => Line::Data,
                _ => {
                    self.other.restart(out.len() - read);
                    self.line = Line::Other;
                    break;
                }
            };
            out.push(&[byte]);
            rest = tail;
        }
        match self.line {
            Line::Data => self.data.feed(out, rest),
            Line::Other => self.other.feed(out, rest),
            Line::Start(_) => {}
        }
    }

    fn end_line(&mut self, out: &mut Out, byte: u8) {
        if byte == b'\n' && std::mem::take(&mut self.returned) {
            return out.push(b"\n");
        }
        self.returned = byte == b'\r';
        match self.line {
            Line::Start(0) => self.data.restart(out),
            // The line's end is a blank of the document, written below even where the document is masked.
            Line::Data => self.data.blank(out),
            Line::Other => self.other.finish(out, false),
            Line::Start(_) => {}
        }
        out.push(&[byte]);
        self.line = Line::Start(0);
    }
}
