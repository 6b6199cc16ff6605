//! The service: opens the exchange, and hands the request on with its body watched.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use cupola_context::enter_slot;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use crate::future::ResponseFuture;
use crate::head::Asked;
use crate::observer::{Observer, Opened};
use crate::request_body::RequestBody;
use crate::response_body::ResponseBody;

/// A service whose exchanges are recorded.
#[derive(Clone, Debug)]
pub struct Observe<S> {
    inner: S,
    observer: Arc<Observer>,
}

impl<S> Observe<S> {
    pub(crate) const fn new(inner: S, observer: Arc<Observer>) -> Self {
        Self { inner, observer }
    }
}

impl<S, B, R> Service<Request<B>> for Observe<S>
where
    S: Service<Request<RequestBody<B>>, Response = Response<R>>,
    B: Body,
    R: Body,
{
    type Response = Response<ResponseBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Opened { mut watch, context, capture, counts } = self.observer.open(&mut request);
        let asked = Asked::of(request.method());
        let (mut slot, body_slot) = (Some(context.clone()), Some(context));
        let request = request.map(|body| RequestBody::new(body, body_slot, capture, counts));
        // Ambient already here: services work before the first poll of their futures.
        let entered = enter_slot(&mut slot);
        match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(future) => {
                drop(entered);
                ResponseFuture::new(future, watch, slot, asked)
            }
            Err(panic) if self.observer.catch_panics => {
                drop(entered);
                ResponseFuture::panicked(panic, watch, slot, asked)
            }
            Err(panic) => {
                watch.panicked(&panic);
                resume_unwind(panic)
            }
        }
    }
}
