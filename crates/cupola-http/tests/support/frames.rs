//! A body that misbehaves as it is told to.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::BoxError;

/// A body of given frames that says of itself only what it is told to.
pub(crate) struct Frames {
    frames: std::vec::IntoIter<Step>,
    hint: SizeHint,
    ends: bool,
}

pub(crate) enum Step {
    Data(&'static str),
    Trailers(http::HeaderMap),
    Wait(Duration),
    /// Lets the server send what it has.
    Yield,
    Fail,
    Panic(&'static str),
    Forever,
}

impl Frames {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let frames = steps.into_iter().collect::<Vec<_>>().into_iter();
        Self { frames, hint: SizeHint::default(), ends: false }
    }

    /// Says that the body has this length.
    pub(crate) fn exact(mut self, bytes: u64) -> Self {
        self.hint = SizeHint::with_exact(bytes);
        self
    }

    /// Says that it is over once no frame is left.
    pub(crate) fn says_its_end(mut self) -> Self {
        self.ends = true;
        self
    }

    /// As a body that paused clocks and sockets can drive: a pause is awaited.
    pub(crate) fn body(self) -> Body {
        Body::new(Paced { frames: self, pause: None })
    }
}

struct Paced {
    frames: Frames,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let frame = match self.frames.frames.next() {
                None => return Poll::Ready(None),
                Some(Step::Data(text)) => Ok(Frame::data(Bytes::from_static(text.as_bytes()))),
                Some(Step::Trailers(trailers)) => Ok(Frame::trailers(trailers)),
                Some(Step::Fail) => Err("the disk is gone".into()),
                Some(Step::Panic(text)) => panic!("{text}"),
                Some(Step::Forever) => {
                    self.pause = Some(Box::pin(tokio::time::sleep(Duration::from_secs(86_400 * 365))));
                    continue;
                }
                Some(Step::Yield) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Wait(time)) => {
                    self.pause = Some(Box::pin(tokio::time::sleep(time)));
                    continue;
                }
            };
            return Poll::Ready(Some(frame));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.ends && self.frames.frames.as_slice().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.frames.hint
    }
}
