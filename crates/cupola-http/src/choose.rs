//! Choices for routes: by name at the layer, or by a tiny layer around some of them.

use std::task::{Context as TaskContext, Poll};

use cupola_context::Context;
use cupola_record::Choices;
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

/// The choices of routes that are known by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByRoute(Vec<(Box<str>, Choices)>);

impl ByRoute {
    /// A route's later choices stand over its earlier ones.
    pub(crate) fn add(&mut self, route: &str, choices: Choices) {
        let before = self.of(Some(route));
        self.0.retain(|(known, _)| **known != *route);
        self.0.push((route.into(), choices.or(before)));
    }

    #[inline]
    pub(crate) fn of(&self, route: Option<&str>) -> Choices {
        if self.0.is_empty() {
            return Choices::new();
        }
        let known = |(known, _): &&(Box<str>, Choices)| route.is_some_and(|route| **known == *route);
        self.0.iter().find(known).map_or(Choices::new(), |(_, choices)| *choices)
    }
}

/// Chooses for all requests that pass: for a route, or a nested router, inside the observing layer.
///
/// ```
/// # use axum::{Router, routing::get};
/// use cupola_record::{AccessLog, Choices};
///
/// let quiet = Router::new().route("/poll", get(|| async { "nothing new" }));
/// let app: Router = Router::new()
///     .merge(quiet.layer(cupola_http::choose(Choices::new().level(tracing::Level::DEBUG))))
///     .layer(cupola_http::layer(AccessLog::new()));
/// # let _ = app;
/// ```
///
/// It is told after the request has begun, so that [`Choices::sampled`] comes too late to sample a trace: for that take
/// [`ObserveLayer::on_route`](crate::ObserveLayer::on_route).
pub const fn choose(choices: Choices) -> ChooseLayer {
    ChooseLayer(choices)
}

/// See [`choose`].
#[derive(Clone, Copy, Debug)]
pub struct ChooseLayer(Choices);

/// See [`choose`].
#[derive(Clone, Copy, Debug)]
pub struct Choose<S> {
    inner: S,
    choices: Choices,
}

impl<S> Layer<S> for ChooseLayer {
    type Service = Choose<S>;

    fn layer(&self, inner: S) -> Choose<S> {
        Choose { inner, choices: self.0 }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Choose<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        if let Some(context) = request.extensions().get::<Context>() {
            self.choices.apply(context);
        }
        self.inner.call(request)
    }
}
