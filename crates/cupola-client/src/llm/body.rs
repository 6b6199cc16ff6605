//! The response's body, read while it passes.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use cupola_record::ErrorKind;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::watch::{AnswerWatch, Ending};
use crate::classify::classify;

pin_project! {
    /// A model's answer, read while it passes. Frames, trailers, errors, size hint and end pass unchanged. Dropped before the
    /// answer is whole, the call is abandoned, with what is known.
    #[derive(Debug)]
    pub struct LlmBody<B> {
        // Before the watch, so that whatever it has to say at its own end is said first.
        #[pin]
        body: B,
        watch: AnswerWatch,
    }
}

impl<B: Body> LlmBody<B> {
    pub(super) fn new(body: B, watch: AnswerWatch) -> Self {
        let mut whole = Self { body, watch };
        // Nobody need poll a body that is empty.
        if whole.body.is_end_stream() {
            whole.watch.end(Ending::Whole);
        }
        whole
    }
}

impl<B> Body for LlmBody<B>
where
    B: Body,
    B::Error: Error + 'static,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.watch.feed(data);
                }
                if this.body.is_end_stream() {
                    this.watch.end(Ending::Whole);
                }
            }
            Some(Err(error)) => this.watch.end(Ending::Broken(kind(error))),
            None => this.watch.end(Ending::Whole),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn kind(error: &(dyn Error + 'static)) -> ErrorKind {
    match classify(error) {
        timeout @ (ErrorKind::Timeout | ErrorKind::Deadline) => timeout,
        _ => ErrorKind::Body,
    }
}
