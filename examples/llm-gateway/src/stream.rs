//! An answer that goes on to the caller piece by piece.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use cupola::client::llm::{AnswerParser, LlmBody};
use cupola::record::{ErrorKind, LlmErrorKind};
use http_body::{Body as HttpBody, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::error::ModelError;
use crate::generation::{Generation, MAX_TEXT};

pin_project! {
    /// An answer that goes on to the caller; at its end the generation is told of. A caller that leaves is told of by the line
    /// of the call, which is abandoned then.
    #[derive(Debug)]
    pub struct GenerationBody {
        #[pin]
        body: LlmBody<Body>,
        answer: AnswerParser,
        generation: Option<Generation>,
    }
}

impl GenerationBody {
    /// An answer, and the generation that it is.
    pub fn new(body: LlmBody<Body>, generation: Generation) -> Self {
        Self { body, answer: AnswerParser::new().keeping_text(MAX_TEXT), generation: Some(generation) }
    }
}

impl HttpBody for GenerationBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.project();
        let frame = ready!(this.body.poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.answer.feed(data);
                }
            }
            Some(Err(_)) => {
                let kind = LlmErrorKind::Transport(ErrorKind::Body);
                this.generation.take().map(|generation| generation.fail(ModelError { kind, retry_after: None }));
            }
            None => {
                this.answer.finish();
                // The caller has the status already: what is wrong stands in the log.
                this.generation.take().map(|generation| generation.end(this.answer));
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.generation.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
