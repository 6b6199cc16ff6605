//! The request's body, counted and captured while the handler reads it.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::Buf;
use cupola_context::{Context, enter_slot};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::watch::{SharedCapture, with_capture};

pin_project! {
    /// The request's body. Frames, errors, trailers and size hint pass unchanged.
    #[derive(Debug)]
    pub struct RequestBody<B> {
        #[pin]
        inner: Option<B>,
        slot: Option<Context>,
        capture: Option<SharedCapture>,
        counts: bool,
    }

    impl<B> PinnedDrop for RequestBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = enter_slot(this.slot);
            this.inner.set(None);
        }
    }
}

impl<B> RequestBody<B> {
    pub(crate) const fn new(inner: B, slot: Option<Context>, capture: Option<SharedCapture>, counts: bool) -> Self {
        Self { inner: Some(inner), slot, capture, counts }
    }

    fn inner(&self) -> &B {
        self.inner.as_ref().expect("only drop empties it")
    }
}

impl<B: Body> Body for RequestBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let frame = {
            let _entered = enter_slot(this.slot);
            let inner = this.inner.as_mut().as_pin_mut().expect("only drop empties it");
            ready!(inner.poll_frame(cx))
        };
        let ends = this.inner.as_ref().get_ref().as_ref().is_none_or(Body::is_end_stream);
        let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()).and_then(Frame::data_ref);
        if let (true, Some(data), Some(context)) = (*this.counts, data, &this.slot) {
            context.count_body_read(data.remaining() as u64);
        }
        if let Some(capture) = this.capture {
            // A body that failed was not seen to its end, even if nothing more will come of it.
            let last = frame.as_ref().is_none_or(|frame| ends && frame.is_ok());
            with_capture(capture, |body| {
                data.into_iter().for_each(|data| body.feed(data));
                if last {
                    body.end();
                }
            });
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner().size_hint()
    }
}
