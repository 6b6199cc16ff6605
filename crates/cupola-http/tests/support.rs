//! What the tests share, and waiting without sleeping.

mod frames;
mod lines;
mod wire;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use cupola_record::{Capture, Ended, Exchange, Record, Sink};
use http::{Request, Response};
use http_body::Body as HttpBody;
use http_body_util::BodyExt;
use tokio::sync::Notify;
use tokio::time::timeout;
use tower::{Service, ServiceExt};

pub(crate) use frames::{Frames, Step};
pub(crate) use lines::{Line, Lines};
pub(crate) use wire::{Raw, http2, raw, serve, serve_service};

/// Nothing on loopback takes so long, even on a machine that is busy with something else.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A capture that can be waited for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    pub(crate) capture: Capture,
    told: Arc<Notify>,
}

struct Tell(Arc<Notify>);

impl Sink for Tell {
    fn record(&self, _: Record<'_>) {
        self.0.notify_one();
    }
}

impl Records {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn sink(&self) -> impl Sink + use<> {
        self.capture.clone().and(Tell(self.told.clone()))
    }

    pub(crate) fn layer(&self) -> cupola_http::ObserveLayer {
        cupola_http::layer(self.sink())
    }

    /// Waits for the one exchange that the test makes.
    pub(crate) async fn ended(&self) -> (Exchange, Ended) {
        self.wait_for(1).await.remove(0)
    }

    pub(crate) async fn wait_for(&self, count: usize) -> Vec<(Exchange, Ended)> {
        let enough = async {
            while self.capture.exchanges().len() < count {
                self.told.notified().await;
            }
        };
        in_time(enough).await;
        self.now(count)
    }

    /// Waits for the end of one upgraded connection.
    pub(crate) async fn told_of_upgrade(&self) {
        let told = async {
            while self.capture.upgraded().is_empty() {
                self.told.notified().await;
            }
        };
        in_time(told).await;
    }

    /// The exchanges that have ended already: just so many, and none is left open.
    pub(crate) fn now(&self, count: usize) -> Vec<(Exchange, Ended)> {
        let exchanges = self.capture.exchanges();
        assert_eq!((exchanges.len(), self.capture.opened()), (count, count), "{exchanges:#?}");
        exchanges
    }

    pub(crate) fn one(&self) -> (Exchange, Ended) {
        self.now(1).remove(0)
    }
}

pub(crate) async fn in_time<F: Future>(work: F) -> F::Output {
    timeout(DEADLINE, work).await.expect("this ends in time")
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// Calls a service without a socket.
pub(crate) async fn call<S, B>(service: S, request: Request<Body>) -> Response<B>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
{
    in_time(service.oneshot(request)).await.unwrap()
}

/// Reads a body to its end.
pub(crate) async fn read<B>(response: Response<B>) -> Bytes
where
    B: HttpBody,
    B::Error: std::fmt::Debug,
{
    response.into_body().collect().await.unwrap().to_bytes()
}

pub(crate) fn header<'a, B>(response: &'a Response<B>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// A service that answers every request with what the function makes, and never reads its body.
pub(crate) fn answer<Q, F, B>(
    make: F,
) -> impl Service<
    Request<Q>,
    Response = Response<B>,
    Error = Infallible,
    Future = std::future::Ready<Result<Response<B>, Infallible>>,
> + Clone
where
    F: Fn() -> Response<B> + Clone,
{
    tower::service_fn(move |_: Request<Q>| std::future::ready(Ok(make())))
}
