//! The future of a response: a head, a failure, or dropped before either.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, ready};

use cupola_record::{CallOutcome, OpenCall};
use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;

use crate::bodies::Head;
use crate::call_body::CallBody;
use crate::call_error::{BoxError, CallError};
use crate::settings::Settings;

pin_project! {
    /// The response to come. Dropped before it is there, the call is `dropped_before_head`.
    #[derive(Debug)]
    pub struct CallFuture<F> {
        #[pin]
        inner: F,
        open: Option<OpenCall>,
        settings: Option<Arc<Settings>>,
    }
}

impl<F> CallFuture<F> {
    /// The settings are kept where they say anything of responses.
    pub(crate) fn new(inner: F, open: OpenCall, settings: &Arc<Settings>) -> Self {
        let looks = settings.headers || settings.bodies.is_some();
        Self { inner, open: Some(open), settings: looks.then(|| Arc::clone(settings)) }
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
                    record_head(open, this.settings.as_deref(), &response);
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

fn record_head<R: Body>(open: &mut OpenCall, settings: Option<&Settings>, response: &Response<R>) {
    let (status, version, headers) = (response.status(), response.version(), response.headers());
    match settings {
        Some(settings) => {
            settings.head(open, &Head { status, version, headers, is_whole: response.body().is_end_stream() });
        }
        None => {
            open.head(status);
            open.version(version);
        }
    }
}
