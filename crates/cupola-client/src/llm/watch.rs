//! The watch over one answer: what reads it, and the call that ends with it.

use std::io::IoSlice;
use std::time::SystemTime;

use bytes::Buf;
use cupola_record::{ErrorKind, LlmErrorKind, LlmOutcome, OpenLlmCall, RawLlmAnswer};
use cupola_redact::{End, Media, Redactor};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};

use super::limits;
use super::parser::AnswerParser;

/// How the bytes of an answer ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Whole,
    Broken(ErrorKind),
    Dropped,
}

/// The watch over one answer. Dropped, the answer was dropped.
#[derive(Debug)]
pub(super) struct AnswerWatch {
    /// `None` once it has ended.
    open: Option<OpenLlmCall>,
    /// `None` where the answer cannot be read: it is compressed.
    parser: Option<AnswerParser>,
    status: StatusCode,
    request_id: String,
    chunks: u64,
    content_cap: Option<usize>,
}

/// Of what is not in one piece, so many are looked at.
const MAX_PIECES: usize = 16;

impl AnswerWatch {
    pub(super) fn new(
        mut open: OpenLlmCall,
        content_cap: Option<usize>,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Self {
        open.head(status, limits::rate_limits(headers, SystemTime::now()));
        let is_plain = headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding == "identity");
        let parser = || content_cap.into_iter().fold(AnswerParser::new(), AnswerParser::keeping_text);
        let request_id = limits::request_id(headers).to_owned();
        let parser = is_plain.then(parser);
        Self { open: Some(open), parser, status, request_id, chunks: 0, content_cap }
    }

    pub(super) fn feed(&mut self, data: &impl Buf) {
        let Some(open) = &mut self.open else { return };
        open.received(data.remaining() as u64);
        let Some(parser) = &mut self.parser else { return };
        if data.chunk().len() == data.remaining() {
            parser.feed(data.chunk());
        } else if !feed_pieces(parser, data) {
            self.parser = None;
            return;
        }
        let chunks = parser.chunks();
        if chunks > self.chunks {
            open.chunks(chunks - self.chunks);
            self.chunks = chunks;
        }
    }

    /// Ends the call; only the first time counts.
    pub(super) fn end(&mut self, ending: Ending) {
        let Some(mut open) = self.open.take() else { return };
        let Some(mut parser) = self.parser.take() else {
            return open.end(unread(self.status, ending));
        };
        if matches!(ending, Ending::Whole) {
            parser.finish();
        }
        self.tell(&mut open, &parser);
        open.end(outcome(&parser, self.status, ending));
    }

    fn tell(&self, open: &mut OpenLlmCall, parser: &AnswerParser) {
        open.usage(parser.usage());
        if let Some(micros) = parser.cost_micros() {
            open.cost_by_provider(micros);
        }
        if parser.is_refused() {
            open.refused();
        }
        open.answer(&RawLlmAnswer {
            model: parser.model().unwrap_or_default(),
            id: parser.id().unwrap_or_default(),
            request_id: &self.request_id,
            finish_reasons: &parser.finish_reasons().join(","),
            error_code: parser.error_code().unwrap_or_default(),
        });
        let kept = self.content_cap.zip(parser.text()).filter(|(_, (text, _))| !text.is_empty());
        if let (Some((cap, (text, is_cut))), Some(policy)) = (kept, open.policy()) {
            let mut redactor = Redactor::new(policy, Media::Text, cap);
            redactor.feed(text.as_bytes());
            let completion = redactor.finish(if is_cut { End::Truncated } else { End::Complete }).text;
            open.completion(completion);
        }
    }
}

impl Drop for AnswerWatch {
    fn drop(&mut self) {
        self.end(Ending::Dropped);
    }
}

/// `false` where not all of it could be read.
fn feed_pieces(parser: &mut AnswerParser, data: &impl Buf) -> bool {
    let mut pieces = [IoSlice::new(&[]); MAX_PIECES];
    let count = data.chunks_vectored(&mut pieces);
    let sum: usize = pieces[..count].iter().map(|piece| piece.len()).sum();
    let is_all = sum == data.remaining();
    if is_all {
        pieces[..count].iter().for_each(|piece| parser.feed(piece));
    }
    is_all
}

/// Whoever has read an answer to its mark may leave: it is whole.
fn outcome(parser: &AnswerParser, status: StatusCode, ending: Ending) -> LlmOutcome {
    match ending {
        Ending::Broken(kind) if !parser.is_done() => LlmOutcome::Failed(LlmErrorKind::Transport(kind)),
        Ending::Dropped if !parser.is_done() => LlmOutcome::Abandoned,
        _ => parser.error(status).map_or(LlmOutcome::Complete, LlmOutcome::Failed),
    }
}

fn unread(status: StatusCode, ending: Ending) -> LlmOutcome {
    match (ending, LlmErrorKind::of_status(status)) {
        (Ending::Dropped, _) => LlmOutcome::Abandoned,
        (Ending::Broken(kind), _) => LlmOutcome::Failed(LlmErrorKind::Transport(kind)),
        (Ending::Whole, Some(kind)) => LlmOutcome::Failed(kind),
        (Ending::Whole, None) => LlmOutcome::Complete,
    }
}
