//! The future of a response: a head, a failure, or dropped before either.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use cupola_record::{CallOutcome, OpenCall};
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::call_body::CallBody;
use crate::call_error::{BoxError, CallError};

pin_project! {
    /// The response to come. Dropped before it is there, the call is `dropped_before_head`.
    #[derive(Debug)]
    pub struct CallFuture<F> {
        #[pin]
        inner: F,
        open: Option<OpenCall>,
    }
}

impl<F> CallFuture<F> {
    pub(crate) const fn new(inner: F, open: OpenCall) -> Self {
        Self { inner, open: Some(open) }
    }
}

impl<F, R, E> Future for CallFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
    R: Body,
{
    type Output = Result<Response<CallBody<R>>, CallError>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.inner.poll(cx));
        let mut open = this.open.take();
        Poll::Ready(match answer {
            Ok(response) => {
                if let Some(open) = &mut open {
                    open.head(response.status());
                    open.version(response.version());
                }
                Ok(response.map(|body| CallBody::new(body, open)))
            }
            Err(error) => {
                let error = CallError::before_head(error.into());
                if let Some(mut open) = open {
                    open.end(CallOutcome::Failed(error.kind()));
                }
                Err(error)
            }
        })
    }
}
