//! Reads a model's answer while it passes.

use cupola_record::{LlmErrorKind, Usage};
use http::StatusCode;

use super::format::Format;
use super::found::{Capture, Found};
use super::lines::Lines;
use super::walk::Walk;

/// Reads a model's answer while it passes: JSON or server-sent events, of any of the [`Format`]s, told by what is in it.
///
/// What it finds does not depend on how the bytes are cut. It keeps a few kilobytes, however long the answer or one of
/// its lines is. What is no answer leaves it with nothing found, and harms nobody.
///
/// ```
/// use cupola_client::llm::AnswerParser;
///
/// let mut parser = AnswerParser::new();
/// parser.feed(b"data: {\"object\":\"chat.completion.chunk\",\"model\":\"small-1\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n");
/// parser.feed(b"data: {\"choices\":[{\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion");
/// parser.feed(b"_tokens\":1}}\n\ndata: [DONE]\n\n");
/// parser.finish();
/// assert_eq!((parser.model(), parser.chunks(), parser.is_done()), (Some("small-1"), 2, true));
/// assert_eq!((parser.usage().input, parser.usage().output), (Some(9), Some(1)));
/// ```
#[derive(Debug)]
pub struct AnswerParser {
    found: Found,
    reader: Reader,
}

#[derive(Debug)]
enum Reader {
    /// Nothing but white space came.
    Undecided,
    Json(Box<Walk>),
    Events(Box<Lines>),
}

impl Default for AnswerParser {
    fn default() -> Self {
        Self::new()
    }
}

impl AnswerParser {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self { found: Found::default(), reader: Reader::Undecided }
    }

    /// Keeps the answer's text too, so many bytes of it as it stands in JSON.
    #[must_use]
    pub fn keeping_text(mut self, cap: usize) -> Self {
        self.found.text = Some(Capture::new(cap));
        self
    }

    /// Reads the next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if let Reader::Undecided = self.reader {
            // A byte order mark is none of the text's.
            let is_before = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf);
            let Some(begin) = rest.iter().position(|byte| !is_before(byte)) else { return };
            rest = &rest[begin..];
            self.reader = match rest[0] {
                b'{' | b'[' => Reader::Json(Box::new(Walk::new())),
                _ => Reader::Events(Box::new(Lines::new())),
            };
        }
        match &mut self.reader {
            Reader::Json(walk) => walk.feed(rest, &mut self.found),
            Reader::Events(lines) => lines.feed(rest, &mut self.found),
            Reader::Undecided => {}
        }
    }

    /// The answer has come to its end.
    pub fn finish(&mut self) {
        if let Reader::Events(lines) = &mut self.reader {
            lines.finish(&mut self.found);
        }
    }

    /// How the answer is written, once that is known.
    pub const fn format(&self) -> Option<Format> {
        self.found.format
    }

    /// Which model has answered.
    pub fn model(&self) -> Option<&str> {
        known(&self.found.model)
    }

    /// The answer's id.
    pub fn id(&self) -> Option<&str> {
        known(&self.found.id)
    }

    /// Why the answer ended, in the provider's words: of each answer where there are several.
    pub fn finish_reasons(&self) -> &[String] {
        &self.found.finish
    }

    /// The model, or the provider's filter, has refused to answer.
    pub const fn is_refused(&self) -> bool {
        self.found.refused
    }

    /// What was used, as far as it is known.
    pub fn usage(&self) -> Usage {
        self.found.usage(self.is_whole_json())
    }

    /// What it cost by the provider's own account, in millionths of its currency.
    pub const fn cost_micros(&self) -> Option<u64> {
        self.found.counts.cost_micros
    }

    /// How many pieces came; 0 where the answer is one JSON object.
    pub fn chunks(&self) -> u64 {
        match &self.reader {
            Reader::Events(lines) => lines.chunks(),
            _ => 0,
        }
    }

    /// Whether the answer is over by the provider's own mark, so that nothing that matters can follow: `[DONE]`, the last
    /// event of its kind, an error, or the last bracket.
    pub fn is_done(&self) -> bool {
        self.found.done
            || self.found.has_error
            || self.is_whole_json()
            || self.found.format == Some(Format::Gemini) && self.found.is_finished()
    }

    /// The provider's word for what went wrong, where it has said that something did.
    pub fn error_code(&self) -> Option<&str> {
        known(&self.found.error_code).or_else(|| known(&self.found.error_type))
    }

    /// What is wrong with the answer as far as it came, if it came to its end; `None` where nothing is.
    pub fn error(&self, status: StatusCode) -> Option<LlmErrorKind> {
        let words = [&self.found.error_code, &self.found.error_type];
        let by_word = || words.iter().find_map(|word| LlmErrorKind::of_word(word));
        let by_status = LlmErrorKind::of_status(status);
        if self.found.has_error || by_status.is_some() {
            return by_word().or(by_status).or(Some(LlmErrorKind::Other));
        }
        match &self.reader {
            _ if !self.found.recognised => Some(LlmErrorKind::Malformed),
            Reader::Json(walk) => (!walk.is_whole()).then_some(LlmErrorKind::Truncated),
            _ => (!self.found.is_finished()).then_some(LlmErrorKind::Truncated),
        }
    }

    /// The answer's text so far, and whether there was more of it; `None` where it is not kept.
    pub fn text(&self) -> Option<(String, bool)> {
        self.found.text.as_ref().map(|capture| (unescaped(capture), capture.is_cut))
    }

    fn is_whole_json(&self) -> bool {
        matches!(&self.reader, Reader::Json(walk) if walk.is_whole())
    }
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The longest escape of JSON: two surrogates.
const LONGEST_ESCAPE: usize = 12;

fn unescaped(capture: &Capture) -> String {
    let mut json = &capture.json[..];
    if capture.is_cut {
        // The cut may go through an escape.
        let tail = json.len().saturating_sub(LONGEST_ESCAPE);
        let escape = json[tail..].iter().position(|byte| *byte == b'\\');
        json = &json[..escape.map_or(json.len(), |at| tail + at)];
    }
    let object = [b"{\"\":\"", json, b"\"}"].concat();
    let text = cupola_line::scan(&object).next().and_then(Result::ok).and_then(|(_, value)| value.as_text());
    text.map(|text| text.unescape().into_owned()).unwrap_or_default()
}
