//! Bodies, redacted while they are captured.
//!
//! A redactor reads each byte once and keeps no raw copy: what it holds beyond the capped output is a few words of
//! state. A value's fate is known when the `:` or `=` before it is seen, so nothing has to be taken back.

mod capture;
mod escape;
mod events;
mod form;
mod json;
mod lines;
mod stack;
mod token;

pub(crate) use capture::Capture;

use crate::{KeyPolicy, Masked, Media};
use events::Events;
use form::Form;
use json::Json;
use lines::Lines;

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
    out: Capture,
    reader: Reader,
    seen: u64,
    /// How many bytes of a byte order mark opened the body.
    marked: usize,
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// All of it was fed.
    Complete,
    /// It broke off, or the rest was not fed.
    Truncated,
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
}

/// One way of reading.
#[derive(Debug)]
enum Reader {
    Json(Json),
    Text(Json),
    Lines(Lines),
    Events(Events),
    Form(Form),
    /// Counted, not shown.
    Marker(&'static str),
}

/// A byte order mark stands before the body, not in it.
const BOM: &[u8] = "\u{FEFF}".as_bytes();

impl Redactor {
    /// A redactor for one body of which at most `cap` bytes of output are kept.
    pub fn new(policy: &KeyPolicy, media: Media, cap: usize) -> Self {
        Self { out: Capture::new(policy.clone(), cap), reader: Reader::new(media), seen: 0, marked: 0 }
    }

    /// Takes the next piece of the body; once the cap is reached it is only counted.
    pub fn feed(&mut self, chunk: &[u8]) {
        let before = self.seen;
        self.seen += chunk.len() as u64;
        if matches!(self.reader, Reader::Marker(_)) {
            return;
        }
        let rest = if before < 4 { self.sniff(before as usize, chunk) } else { chunk };
        if !self.out.is_full() {
            self.reader.feed(&mut self.out, rest);
        }
    }

    /// How many bytes were fed so far.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Ends the body and returns what was captured.
    pub fn finish(mut self, end: End) -> Captured {
        if let Reader::Marker(kind) = self.reader {
            return self.marker(kind, end);
        }
        let truncated = end == End::Truncated || self.out.is_full();
        self.reader.finish(&mut self.out, truncated);
        let lost_sync = self.reader.lost_sync();
        let (text, truncated, redactions) = self.out.into_text(truncated);
        Captured { text, truncated, redactions, lost_sync }
    }

    /// Looks at the first four bytes: UTF-16, UTF-32 and gzip hide every name from a reader of bytes.
    fn sniff<'a>(&mut self, offset: usize, chunk: &'a [u8]) -> &'a [u8] {
        let head = &chunk[..chunk.len().min(4 - offset)];
        let is_gzip = offset == 0 && head.first() == Some(&0x1F);
        if is_gzip || head.iter().any(|byte| matches!(byte, 0x00 | 0xFE | 0xFF)) {
            self.reader = Reader::Marker("unredactable");
            return &[];
        }
        let expected = if self.marked == offset { &BOM[offset.min(BOM.len())..] } else { &[] };
        let length = expected.iter().zip(chunk).take_while(|(mark, byte)| mark == byte).count();
        self.marked += length;
        self.out.push(&chunk[..length]);
        &chunk[length..]
    }

    fn marker(&self, kind: &str, end: End) -> Captured {
        let text = if self.seen == 0 { String::new() } else { format!("[{kind} {} bytes]", self.seen) };
        let lost_sync = kind == "unredactable";
        Captured { text: Masked::vouch(text), truncated: end == End::Truncated, redactions: 0, lost_sync }
    }
}

impl Reader {
    fn new(media: Media) -> Self {
        match media {
            Media::Json => Self::Json(Json::new()),
            // A text that begins like JSON is read as JSON; one that does not loses sync at once.
            Media::Text => Self::Text(Json::new()),
            Media::NdJson => Self::Lines(Lines::new()),
            Media::EventStream => Self::Events(Events::new()),
            Media::Form => Self::Form(Form::new()),
            Media::Multipart => Self::Marker("multipart"),
            Media::Binary => Self::Marker("binary"),
        }
    }

    fn feed(&mut self, out: &mut Capture, bytes: &[u8]) {
        match self {
            Self::Json(json) | Self::Text(json) => json.feed(out, bytes),
            Self::Lines(lines) => lines.feed(out, bytes),
            Self::Events(events) => events.feed(out, bytes),
            Self::Form(form) => form.feed(out, bytes),
            Self::Marker(_) => {}
        }
    }

    fn finish(&mut self, out: &mut Capture, truncated: bool) {
        match self {
            Self::Json(json) | Self::Text(json) => json.finish(out, truncated),
            Self::Lines(lines) => lines.finish(out, truncated),
            Self::Events(events) => events.finish(out, truncated),
            Self::Form(form) => form.finish(out, truncated),
            Self::Marker(_) => {}
        }
    }

    fn lost_sync(&self) -> bool {
        match self {
            Self::Json(json) => json.lost_sync(),
            Self::Lines(lines) => lines.lost_sync(),
            Self::Form(form) => form.lost_sync(),
            Self::Text(_) | Self::Events(_) | Self::Marker(_) => false,
        }
    }
}
