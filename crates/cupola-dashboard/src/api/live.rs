//! Server-sent events: those of what comes in (`entry`, one for each; `dropped`, how many were lost because the watcher was slow), and what all
//! streams of events have in common.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use cupola_store::{Signal, Tail, Tails, Told};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http_body::Frame;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::answers::Shown;
use super::document::Routes;
use super::operation::Operation;
use super::parameter::QUERY;
use crate::asked::Asked;
use crate::problem::Problem;

/// So often something is sent, so that both sides see that the other one is there.
const ALIVE: Duration = Duration::from_secs(15);

/// The media type of events.
pub(super) const EVENTS: &str = "text/event-stream";

/// Adds what can be watched.
pub(super) fn add(routes: &mut Routes, tails: &Tails) {
    for signal in Signal::ALL {
        let tails = tails.clone();
        let watch = Operation::get(
            format!("/{signal}/tail"),
            format!("watch_{signal}"),
            "What comes in from now on, and matches",
        );
        let watch = watch.says("Server-sent events: `entry`, one for each, with the entry as JSON; `dropped`, how many were lost because the watcher was slow.");
        let watch = watch
            .asks([&QUERY])
            .gives("Events, until the watcher leaves.", EVENTS)
            .fails(429, "Too many watch already.");
        routes.add(watch, move |call| {
            let opened = open(&tails, signal, call.asked);
            async move { Ok(stream(Entries { tail: opened?, events })) }
        });
    }
}

/// Where events come from.
pub(crate) trait Source: Send + Unpin + 'static {
    /// What is to be sent; nothing once it is over.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>>;
}

/// What comes in, and how it is written.
pub(crate) struct Entries<F> {
    pub(crate) tail: Tail,
    pub(crate) events: F,
}

impl<F: Fn(&Told) -> Bytes + Send + Unpin + 'static> Source for Entries<F> {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.tail.poll_next(context).map(|told| Some((self.events)(&told)))
    }
}

/// Goes on for as long as the watcher stays, and there is something to watch.
pub(crate) fn stream(source: impl Source) -> Response {
    let mut alive = interval(ALIVE);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut answer = Response::new(Body::new(Live { source, alive }));
    let head = answer.headers_mut();
    head.insert(CONTENT_TYPE, HeaderValue::from_static(EVENTS));
    head.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

fn open(tails: &Tails, signal: Signal, mut asked: Asked) -> Result<Tail, Problem> {
    let expression = asked.expression()?;
    tails.open(signal, expression.as_ref()).map_err(|many| Problem::too_many(many.to_string()))
}

/// The body of the answer.
struct Live<S> {
    source: S,
    alive: Interval,
}

impl<S: Source> http_body::Body for Live<S> {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(events) = self.source.poll_next(context) {
            return Poll::Ready(events.map(|events| Ok(Frame::data(events))));
        }
        ready!(self.alive.poll_tick(context));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b": still here\n\n")))))
    }
}

fn events(told: &Told) -> Bytes {
    let mut out = String::new();
    for entry in &told.entries {
        // JSON has no line ends of its own but between its parts, and there are none.
        let json = serde_json::to_string(&Shown(entry)).unwrap_or_default().replace(['\n', '\r'], " ");
        out.extend(["event: entry\ndata: ", &json, "\n\n"]);
    }
    if told.dropped > 0 {
        out.extend(["event: dropped\ndata: ", &told.dropped.to_string(), "\n\n"]);
    }
    Bytes::from(out)
}
