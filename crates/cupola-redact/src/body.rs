//! Bodies, redacted while they pass.
//!
//! A redactor reads each byte once and keeps no raw copy: what it holds beyond its output is a few words of state. A
//! value's fate is known when the `:` or `=` before it is seen, so a secret is never written to be taken back.

mod escape;
mod events;
mod form;
mod json;
mod lines;
mod looks;
mod multipart;
mod out;
mod redactor;
mod scan;
mod stack;
mod stream;
mod token;
mod values;

pub(crate) use out::Out;
pub use redactor::{Captured, Redactor};
pub use stream::{Finished, Stream};

use std::borrow::Cow;

use arrayvec::ArrayVec;

use crate::surface::{Kind, Surface};
use crate::tally::Rule;
use crate::{KeyPolicy, Media};
use events::Events;
use form::Form;
use json::Json;
use lines::Lines;
use multipart::Multipart;
use values::Values;

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// All of it was fed.
    Complete,
    /// It broke off, or the rest was not fed.
    Truncated,
}

/// One body that is being read: what both faces, [`Redactor`] and [`Stream`], stand on.
#[derive(Debug)]
struct Body {
    out: Out,
    reader: Reader,
    seen: u64,
    /// The first bytes, until there are enough of them to tell what the body is; then nothing.
    head: Option<ArrayVec<u8, HEAD>>,
}

/// Four bytes tell UTF-16, UTF-32 and what is compressed.
const HEAD: usize = 4;

/// One way of reading.
#[derive(Debug)]
enum Reader {
    Json(Json),
    Text(Json),
    Lines(Lines),
    Events(Box<Events>),
    Form(Form),
    Multipart(Box<Multipart>),
    Values(Values),
    /// Counted, not shown: what it is called, and whether its label said something else.
    Marker(Cow<'static, str>, bool),
}

/// A byte order mark stands before the body, not in it.
const BOM: &[u8] = "\u{FEFF}".as_bytes();

impl Body {
    fn new(policy: &KeyPolicy, surface: &Surface, cap: usize) -> Self {
        let out = Out::new(policy.clone(), cap);
        let reader = Reader::of(surface, &out);
        Self { out, reader, seen: 0, head: Some(ArrayVec::new()) }
    }

    /// Begins anew, in the memory that is there.
    fn restart(&mut self, surface: &Surface) {
        self.out.clear();
        self.reader = Reader::of(surface, &self.out);
        (self.seen, self.head) = (0, Some(ArrayVec::new()));
    }

    fn feed(&mut self, chunk: &[u8]) {
        self.seen += chunk.len() as u64;
        let mut rest = chunk;
        if let Some(head) = &mut self.head {
            // As a rule the first piece has all that is needed, and is read in one go.
            if let (true, Some(first)) = (head.is_empty(), chunk.first_chunk::<HEAD>()) {
                self.head = None;
                return self.begin_with(first, chunk);
            }
            let (first, tail) = chunk.split_at(chunk.len().min(head.remaining_capacity()));
            head.extend(first.iter().copied());
            if !head.is_full() {
                return;
            }
            rest = tail;
            self.begin();
        }
        self.read(rest);
    }

    fn finish(&mut self, truncated: bool) {
        self.begin();
        self.reader.finish(&mut self.out, truncated);
    }

    fn read(&mut self, bytes: &[u8]) {
        if !self.out.is_full() {
            self.reader.feed(&mut self.out, bytes);
        }
    }

    /// Looks at the first bytes: UTF-16, UTF-32 and what is compressed hide every name from a reader of bytes.
    fn begin(&mut self) {
        if let Some(head) = self.head.take() {
            self.begin_with(&head, &head);
        }
    }

    /// Reads `bytes`, which begin with `head`.
    fn begin_with(&mut self, head: &[u8], bytes: &[u8]) {
        if let Some(kind) = unreadable(head) {
            if !matches!(self.reader, Reader::Marker(..)) {
                self.reader = Reader::Marker(kind.into(), true);
            }
            return;
        }
        match bytes.strip_prefix(BOM) {
            Some(rest) => {
                self.out.push(BOM);
                self.read(rest);
            }
            None => self.read(bytes),
        }
    }

    /// The text that stands for a body which is not shown.
    fn marker(&mut self) -> Option<String> {
        let Reader::Marker(kind, _) = &self.reader else { return None };
        if self.seen == 0 {
            return Some(String::new());
        }
        self.out.tally.count(Rule::Unreadable);
        Some(format!("[{kind} {} bytes]", self.seen))
    }
}

/// What a body is that hides every name from a reader of bytes.
fn unreadable(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1F, ..] => Some("gzip"),
        [0x28, 0xB5, ..] => Some("zstd"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("utf-16"),
        _ if head.contains(&0) => {
            Some(if head.iter().filter(|&&byte| byte == 0).count() > 2 { "utf-32" } else { "utf-16" })
        }
        _ if head.iter().any(|byte| matches!(byte, 0xFE | 0xFF)) => Some("binary"),
        _ => None,
    }
}

impl Reader {
    fn of(surface: &Surface, out: &Out) -> Self {
        match &surface.0 {
            Kind::Body { label: Some(label), .. } => Self::Marker(label.clone().into(), false),
            Kind::Body { media, boundary, .. } => Self::new(*media, boundary.as_deref(), out),
            Kind::Lines(kind) => Self::Values(Values::new(*kind)),
        }
    }

    fn new(media: Media, boundary: Option<&str>, out: &Out) -> Self {
        let is_allow_list = out.policy.selectors().is_some_and(|selectors| selectors.is_allow_list);
        match media {
            Media::Json => Self::Json(Json::new(out)),
            Media::NdJson => Self::Lines(Lines::new(out)),
            Media::EventStream => Self::Events(Box::new(Events::new(out))),
            // What has no paths is on no allow list.
            Media::Text | Media::Form | Media::Multipart if is_allow_list => Self::Marker("text".into(), false),
            // A text that begins like JSON is read as JSON; one that does not loses sync at once.
            Media::Text => Self::Text(Json::new(out)),
            Media::Form => Self::Form(Form::new(out)),
            Media::Multipart => Self::Multipart(Box::new(Multipart::new(boundary))),
            Media::Binary => Self::Marker("binary".into(), false),
        }
    }

    fn feed(&mut self, out: &mut Out, bytes: &[u8]) {
        match self {
            Self::Json(json) | Self::Text(json) => json.feed(out, bytes),
            Self::Lines(lines) => lines.feed(out, bytes),
            Self::Events(events) => events.feed(out, bytes),
            Self::Form(form) => form.feed(out, bytes),
            Self::Multipart(multipart) => {
                if !multipart.feed(out, bytes) {
                    *self = Self::Marker("multipart".into(), false);
                }
            }
            Self::Values(values) => values.feed(out, bytes),
            Self::Marker(..) => {}
        }
    }

    fn finish(&mut self, out: &mut Out, truncated: bool) {
        match self {
            Self::Json(json) | Self::Text(json) => json.finish(out, truncated),
            Self::Lines(lines) => lines.finish(out, truncated),
            Self::Events(events) => events.finish(out, truncated),
            Self::Form(form) => form.finish(out, truncated),
            Self::Multipart(multipart) => {
                if !multipart.finish(out, truncated) {
                    *self = Self::Marker("multipart".into(), false);
                }
            }
            Self::Values(values) => values.finish(out, truncated),
            Self::Marker(..) => {}
        }
    }

    /// Up to where the output is decided, and from where on it has to stay to be looked at.
    fn open(&self, out: &Out) -> (usize, usize) {
        match self {
            Self::Json(json) | Self::Text(json) => json.open(out),
            Self::Lines(lines) => lines.open(out),
            Self::Events(events) => events.open(out),
            Self::Form(form) => form.open(out),
            Self::Multipart(multipart) => multipart.open(out),
            Self::Values(_) | Self::Marker(..) => (out.len(), usize::MAX),
        }
    }

    fn lost_sync(&self) -> bool {
        match self {
            Self::Json(json) => json.lost_sync(),
            Self::Lines(lines) => lines.lost_sync(),
            Self::Form(form) => form.lost_sync(),
            Self::Multipart(_) | Self::Text(_) | Self::Events(_) | Self::Values(_) => false,
            Self::Marker(_, is_other) => *is_other,
        }
    }
}

/// Invalid bytes become U+FFFD; a character that the cut has split is dropped.
pub(crate) fn into_utf8(mut bytes: Vec<u8>, truncated: bool) -> String {
    if let (true, Err(error)) = (truncated, std::str::from_utf8(&bytes)) {
        if error.error_len().is_none() {
            bytes.truncate(error.valid_up_to());
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
