//! The response's body: its last frame, its error or its drop ends the exchange.

use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use bytes::{Buf, Bytes};
use cupola_context::{Context, enter_slot};
use cupola_record::{Outcome, catch};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::watch::Watch;

pin_project! {
    /// The response's body. Frames, errors, trailers, size hint and end pass unchanged.
    #[derive(Debug)]
    pub struct ResponseBody<B> {
        #[pin]
        source: Source<B>,
        watch: Option<Watch>,
        slot: Option<Context>,
    }

    impl<B> PinnedDrop for ResponseBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = enter_slot(this.slot);
            this.source.set(Source::Nothing);
            *this.watch = None;
        }
    }
}

pin_project! {
    #[derive(Debug)]
    #[project = SourceProjected]
    enum Source<B> {
        Service { #[pin] body: B },
        Ours { text: Bytes },
        Nothing,
    }
}

impl<B> ResponseBody<B> {
    pub(crate) const fn watched(body: B, watch: Option<Watch>) -> Self {
        Self { source: Source::Service { body }, watch, slot: None }
    }

    pub(crate) const fn ours(text: Bytes) -> Self {
        Self { source: Source::Ours { text }, watch: None, slot: None }
    }

    /// The context that is ambient while this body is polled and dropped.
    pub(crate) fn in_slot(mut self, slot: Option<Context>) -> Self {
        self.slot = slot;
        self
    }
}

/// Layers further out that answer by themselves, as tower-http's CORS does, need an empty body.
impl<B: Default> Default for ResponseBody<B> {
    fn default() -> Self {
        Self::watched(B::default(), None)
    }
}

impl<B> Body for ResponseBody<B>
where
    B: Body,
    B::Data: From<Bytes>,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let _entered = enter_slot(this.slot);
        let body = match this.source.as_mut().project() {
            SourceProjected::Service { body } => body,
            SourceProjected::Ours { text } => {
                let text = std::mem::take(text);
                return Poll::Ready(
                    Some(text).filter(|text| !text.is_empty()).map(|text| Ok(Frame::data(text.into()))),
                );
            }
            SourceProjected::Nothing => return Poll::Ready(None),
        };
        let since = this.watch.as_ref().and_then(Watch::polls);
        let polled = catch(|| body.poll_frame(cx));
        if let Some(watch) = this.watch {
            watch.polled(since);
        }
        // A panic in the body is the request's, whoever catches it.
        let frame = match polled {
            Ok(polled) => ready!(polled),
            Err(panic) => {
                if let Some(mut watch) = this.watch.take() {
                    watch.panicked(&panic);
                }
                resume_unwind(panic)
            }
        };
        let ends = this.source.as_ref().get_ref().is_end_stream();
        watch_frame(this.watch, &frame, ends);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.source.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Service { body } => body.size_hint(),
            Source::Ours { text } => SizeHint::with_exact(text.len() as u64),
            Source::Nothing => SizeHint::with_exact(0),
        }
    }
}

impl<B: Body> Source<B> {
    fn is_end_stream(&self) -> bool {
        match self {
            Self::Service { body } => body.is_end_stream(),
            Self::Ours { text } => text.is_empty(),
            Self::Nothing => true,
        }
    }
}

/// The server may never poll again after a last frame: whatever can be the end, is.
fn watch_frame<D: Buf, E>(slot: &mut Option<Watch>, frame: &Option<Result<Frame<D>, E>>, ends: bool) {
    let Some(watch) = slot else { return };
    let over = match frame {
        None => Some(Outcome::Complete),
        Some(Err(_)) => Some(Outcome::BodyError),
        Some(Ok(frame)) => {
            let last = frame.data_ref().is_some_and(|data| watch.sent(data));
            if let Some(trailers) = frame.trailers_ref().filter(|_| watch.grpc) {
                watch.grpc_status(trailers);
            }
            (ends || last || frame.is_trailers()).then_some(Outcome::Complete)
        }
    };
    if let Some(outcome) = over {
        end(slot, outcome);
    }
}

fn end(slot: &mut Option<Watch>, outcome: Outcome) {
    if let Some(mut watch) = slot.take() {
        watch.end(outcome);
    }
}
