//! A body that may neither be silent, nor last, nor grow for ever.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes};
use cupola_record::ErrorKind;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::call_error::BoxError;
use crate::reqwest_0_13::limits::Limits;

/// A body within limits.
#[derive(Debug)]
pub(crate) struct LimitedBody {
    body: reqwest::Body,
    silence: Option<Duration>,
    end_by: Option<Instant>,
    left: Option<u64>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl LimitedBody {
    pub(crate) const fn new(body: reqwest::Body, limits: &Limits, end_by: Option<Instant>) -> Self {
        Self { body, silence: limits.silence, end_by, left: limits.bytes, timer: None }
    }

    /// Ready when time has run out; which time, is the error's kind.
    fn poll_time(&mut self, cx: &mut Context<'_>) -> Poll<Overrun> {
        let (silence, end_by) = (self.silence, self.end_by);
        let quiet_until = || silence.and_then(|silence| Instant::now().checked_add(silence));
        if self.timer.is_none() {
            let until = quiet_until().into_iter().chain(end_by).min();
            self.timer = until.map(|until| Box::pin(sleep_until(until)));
        }
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        timer.as_mut().poll(cx).map(|()| match end_by {
            Some(end_by) if Instant::now() >= end_by => Overrun(ErrorKind::Deadline),
            _ => Overrun(ErrorKind::Timeout),
        })
    }

    fn count(&mut self, frame: &Frame<Bytes>) -> Result<(), Overrun> {
        let bytes = frame.data_ref().map_or(0, Buf::remaining) as u64;
        match &mut self.left {
            Some(left) if bytes > *left => Err(Overrun(ErrorKind::TooLarge)),
            Some(left) => {
                *left -= bytes;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Body for LimitedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            return this.poll_time(cx).map(|overrun| Some(Err(overrun.into())));
        };
        // The next silence is another one.
        this.timer = None;
        Poll::Ready(frame.map(|frame| {
            // Without the URL, which reqwest would print.
            let frame = frame.map_err(reqwest::Error::without_url)?;
            this.count(&frame)?;
            Ok(frame)
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A limit was overrun.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Overrun(pub(crate) ErrorKind);

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            ErrorKind::TooLarge => "more bytes than are accepted",
            ErrorKind::Deadline => "the time of the whole call is over",
            _ => "silence for too long",
        })
    }
}

impl std::error::Error for Overrun {}
