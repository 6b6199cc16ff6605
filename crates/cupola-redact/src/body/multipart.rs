//! Multipart bodies: the name of each part decides over its content, and files are shown by their size.

mod part;

use memchr::memchr;

use super::Reader;
use super::out::Out;
use crate::tally::Rule;
use crate::{Media, url};
use part::{Part, Plan};

/// No line of a part's head and no boundary is longer; a head with a longer one is not believed.
const LONGEST_LINE: usize = 8 * 1024;

/// No number that counts something is longer.
const LONGEST_COUNT: usize = 10;

#[derive(Debug)]
pub(super) struct Multipart {
    /// With its two hyphens; empty until it is known.
    delimiter: Vec<u8>,
    place: Place,
    part: Part,
    content: Content,
    /// The line's beginning, as long as it may be a delimiter; a whole line in a head.
    line: Vec<u8>,
    /// A line break that belongs to the content if no delimiter follows it.
    newline: Vec<u8>,
    /// The line has begun, and is no delimiter.
    is_inside: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first delimiter, where nothing is shown.
    Preamble,
    Head,
    Content,
    /// Behind the last delimiter, where nothing is shown either.
    Epilogue,
}

/// What becomes of a part's content.
#[derive(Debug)]
enum Content {
    Read(Box<Reader>),
    /// A mask stands for it.
    Hidden,
    /// It is shown if it is a number.
    Held(Vec<u8>),
    /// Its size will stand for it; its first bytes may be such a mark already.
    Counted(u64, Vec<u8>),
}

impl Multipart {
    pub(super) fn new(boundary: Option<&str>) -> Self {
        let delimiter = boundary.map(|boundary| format!("--{boundary}").into_bytes()).unwrap_or_default();
        Self {
            delimiter,
            place: Place::Preamble,
            part: Part::default(),
            content: Content::Hidden,
            line: Vec::new(),
            newline: Vec::new(),
            is_inside: false,
        }
    }

    pub(super) fn open(&self, out: &Out) -> (usize, usize) {
        match (&self.place, &self.content) {
            (Place::Content, Content::Read(reader)) => reader.open(out),
            _ => (out.len(), usize::MAX),
        }
    }

    /// Takes the next piece; `false` if nothing of the body can be read.
    pub(super) fn feed(&mut self, out: &mut Out, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() && !out.is_full() {
            let (line, is_whole) = match memchr(b'\n', rest) {
                Some(end) => (&rest[..=end], true),
                None => (rest, false),
            };
            rest = &rest[line.len()..];
            let goes_on = match self.place {
                Place::Head => self.head(out, line, is_whole),
                _ => self.body(out, line, is_whole),
            };
            if !goes_on {
                return false;
            }
        }
        true
    }

    pub(super) fn finish(&mut self, out: &mut Out, truncated: bool) -> bool {
        let line = std::mem::take(&mut self.line);
        match self.place {
            Place::Head => self.part.push_header(out, &line),
            _ if self.is_delimiter(&line) => self.delimit(out, &line),
            // A cut may have gone through a delimiter, which nothing is lost with.
            _ if !truncated => self.pass(out, &line),
            _ => {}
        }
        self.end_content(out, truncated);
        self.place != Place::Preamble
    }

    /// Takes a piece of a line in a head.
    fn head(&mut self, out: &mut Out, line: &[u8], is_whole: bool) -> bool {
        self.line.extend_from_slice(line);
        if self.line.len() > LONGEST_LINE {
            self.line.truncate(LONGEST_LINE);
        }
        if is_whole {
            let line = std::mem::take(&mut self.line);
            if line.trim_ascii().is_empty() {
                out.push(&line);
                self.begin_content(out);
            } else {
                self.part.read(&line);
                self.part.push_header(out, &line);
            }
        }
        true
    }

    /// Takes a piece of a line outside of heads.
    fn body(&mut self, out: &mut Out, line: &[u8], is_whole: bool) -> bool {
        if self.is_inside {
            self.pass(out, line);
        } else {
            self.line.extend_from_slice(line);
            if self.delimiter.is_empty() && !self.learn(is_whole) {
                return false;
            }
            if is_whole && self.is_delimiter(&self.line) {
                let line = std::mem::take(&mut self.line);
                self.delimit(out, &line);
                return true;
            }
            if is_whole || !self.may_be_delimiter() {
                let line = std::mem::take(&mut self.line);
                self.is_inside = true;
                self.pass(out, &line);
            }
        }
        self.is_inside &= !is_whole;
        true
    }

    /// Where nobody has named the boundary, the first line does; `false` if that is not to be.
    fn learn(&mut self, is_whole: bool) -> bool {
        let is_long = self.line.len() > 128;
        if is_long || !b"--".starts_with(&self.line[..self.line.len().min(2)]) {
            return false;
        }
        if is_whole {
            self.delimiter = self.line.trim_ascii_end().to_vec();
            return self.delimiter.len() > 2;
        }
        true
    }

    fn may_be_delimiter(&self) -> bool {
        let (line, delimiter) = (&self.line, &self.delimiter);
        if delimiter.is_empty() || delimiter.starts_with(line) {
            return true;
        }
        line.strip_prefix(&**delimiter)
            .is_some_and(|rest| rest.len() < 128 && rest.iter().all(|byte| matches!(byte, b'-' | b' ' | b'\t' | b'\r')))
    }

    fn is_delimiter(&self, line: &[u8]) -> bool {
        let Some(rest) = line.strip_prefix(&*self.delimiter).filter(|_| !self.delimiter.is_empty()) else {
            return false;
        };
        let rest = rest.strip_prefix(b"--").unwrap_or(rest);
        rest.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
    }

    fn delimit(&mut self, out: &mut Out, line: &[u8]) {
        self.end_content(out, false);
        let newline = std::mem::take(&mut self.newline);
        if self.place != Place::Preamble {
            out.push(&newline);
        }
        out.push(line);
        let is_last = line[self.delimiter.len()..].starts_with(b"--");
        self.part = Part::default();
        (self.place, self.is_inside) = (if is_last { Place::Epilogue } else { Place::Head }, false);
        self.content = Content::Hidden;
    }

    fn begin_content(&mut self, out: &mut Out) {
        self.place = Place::Content;
        self.content = match self.part.plan(&out.policy) {
            Plan::Mask => {
                out.mask(Rule::Name);
                Content::Hidden
            }
            Plan::Count => Content::Held(Vec::new()),
            Plan::Read(Media::Binary | Media::Multipart) => Content::Counted(0, Vec::new()),
            Plan::Read(media) => Content::Read(Box::new(Reader::new(media, None, out))),
        };
    }

    /// Passes content; its last line break waits for what follows.
    fn pass(&mut self, out: &mut Out, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let newline = std::mem::take(&mut self.newline);
        let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let body = body.strip_suffix(b"\r").unwrap_or(body);
        if body.is_empty() && newline == b"\r" {
            // Its line feed came in another piece.
            self.newline = [&newline[..], bytes].concat();
            return;
        }
        self.take(out, &newline);
        self.take(out, body);
        self.newline = bytes[body.len()..].to_vec();
    }

    fn take(&mut self, out: &mut Out, bytes: &[u8]) {
        if bytes.is_empty() || self.place != Place::Content {
            return;
        }
        match &mut self.content {
            Content::Read(reader) => reader.feed(out, bytes),
            Content::Hidden => out.hide(bytes),
            Content::Held(held) if held.len() <= LONGEST_COUNT => {
                held.extend_from_slice(&bytes[..bytes.len().min(LONGEST_COUNT + 1)]);
            }
            Content::Held(_) => {}
            Content::Counted(size, head) => {
                *size += bytes.len() as u64;
                head.extend_from_slice(&bytes[..bytes.len().min(LONGEST_MARK.saturating_sub(head.len()))]);
            }
        }
    }

    fn end_content(&mut self, out: &mut Out, truncated: bool) {
        if self.place != Place::Content {
            return;
        }
        match std::mem::replace(&mut self.content, Content::Hidden) {
            Content::Read(mut reader) => reader.finish(out, truncated),
            Content::Hidden => out.end_mask(truncated),
            Content::Held(held) if !truncated && url::is_count(&held) => out.push(&held),
            Content::Held(_) => out.mask_unseen(Rule::Name),
            Content::Counted(size, head) if size == head.len() as u64 && is_mark(&head) => out.push(&head),
            Content::Counted(size, _) => {
                out.tally.count(Rule::File);
                out.push(format!("[file {size} bytes]").as_bytes());
            }
        }
    }
}

/// No mark of a file is longer.
const LONGEST_MARK: usize = 40;

/// `[file 7 bytes]`.
fn is_mark(content: &[u8]) -> bool {
    let size = content.strip_prefix(b"[file ").and_then(|rest| rest.strip_suffix(b" bytes]"));
    size.is_some_and(|size| !size.is_empty() && size.iter().all(u8::is_ascii_digit))
}
