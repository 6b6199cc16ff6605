//! The response's body: its end, its error or its drop ends the call.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use cupola_record::{CallOutcome, OpenCall};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::call_error::{BoxError, CallError};

pin_project! {
    /// The response's body. Frames, trailers, size hint and end pass unchanged. Dropped before its end, the call is
    /// `dropped_mid_body`.
    #[derive(Debug)]
    pub struct CallBody<B> {
        #[pin]
        body: B,
        open: Option<OpenCall>,
    }
}

impl<B: Body> CallBody<B> {
    pub(crate) fn new(body: B, open: Option<OpenCall>) -> Self {
        let mut whole = Self { body, open };
        // Nobody need poll a body that is empty.
        if whole.body.is_end_stream() {
            end(&mut whole.open, CallOutcome::Complete);
        }
        whole
    }
}

fn end(open: &mut Option<OpenCall>, outcome: CallOutcome) {
    if let Some(mut open) = open.take() {
        open.end(outcome);
    }
}

impl<B> Body for CallBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = CallError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<B::Data>, CallError>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        let frame = frame.map(|frame| frame.map_err(|error| CallError::in_body(error.into())));
        match &frame {
            Some(Ok(frame)) => {
                if let (Some(open), Some(data)) = (this.open.as_mut(), frame.data_ref()) {
                    open.read(data);
                }
                if this.body.is_end_stream() {
                    end(this.open, CallOutcome::Complete);
                }
            }
            Some(Err(error)) => end(this.open, CallOutcome::Failed(error.kind())),
            None => end(this.open, CallOutcome::Complete),
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
