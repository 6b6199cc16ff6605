//! The request's body, counted and captured while it is sent.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use cupola_record::SentBody;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The request's body. Frames, trailers, errors, size hint and end pass unchanged.
    #[derive(Debug)]
    pub struct CallRequestBody<B> {
        #[pin]
        body: B,
        sent: Option<SentBody>,
    }
}

impl<B> CallRequestBody<B> {
    pub(crate) const fn new(body: B, sent: Option<SentBody>) -> Self {
        Self { body, sent }
    }
}

impl<B: Body> Body for CallRequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        if let Some(sent) = this.sent {
            // A body that failed was not sent to its end, even if nothing more will come of it.
            let last = frame.as_ref().is_none_or(|frame| frame.is_ok() && this.body.is_end_stream());
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
            data.into_iter().for_each(|data| sent.passed(data));
            if last {
                sent.ended();
            }
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
