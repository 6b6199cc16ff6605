//! The service: opens the exchange, and hands the request on with its body watched.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

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
        let Opened { watch, context, capture, counts } = self.observer.open(&mut request);
        let mut response = ResponseFuture::new(watch, context.clone(), Asked::of(request.method()));
        // Handed over through a reference: a request that is moved into a closure is copied once more on its way.
        let mut request = Some(request.map(|body| RequestBody::new(body, Some(context), capture, counts)));
        response.start(|| self.inner.call(request.take().expect("it is called once")));
        response
    }
}
