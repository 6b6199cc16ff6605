//! The route slot: a tiny layer inside the router that tells the one around it which route matched.

use std::task::{Context as TaskContext, Poll};

use cupola_context::Context;
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::routes::Routes;
use std::sync::Arc;

/// For `Router::layer`, where the observing layer stands around the whole router.
///
/// It tells the route that axum matched (feature `axum`). Other routers call
/// [`Context::set_route`](cupola_context::Context::set_route) themselves.
pub fn route_slot() -> RouteSlotLayer {
    RouteSlotLayer(Arc::default())
}

/// See [`route_slot`].
#[derive(Clone, Debug)]
pub struct RouteSlotLayer(Arc<Routes>);

/// See [`route_slot`].
#[derive(Clone, Debug)]
pub struct RouteSlot<S> {
    inner: S,
    routes: Arc<Routes>,
}

impl<S> Layer<S> for RouteSlotLayer {
    type Service = RouteSlot<S>;

    fn layer(&self, inner: S) -> RouteSlot<S> {
        RouteSlot { inner, routes: self.0.clone() }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for RouteSlot<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        if let Some(context) = request.extensions().get::<Context>() {
            if let Some(route) = self.routes.matched(request.extensions()) {
                context.set_route(route);
            }
        }
        self.inner.call(request)
    }
}
