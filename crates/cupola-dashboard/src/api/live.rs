//! What comes in, as server-sent events: `entry`, one for each; `dropped`, how many were lost because the watcher was slow.

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
const EVENTS: &str = "text/event-stream";

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
            async move { Ok(stream(opened?, events)) }
        });
    }
}

/// Goes on for as long as the watcher stays; `events` writes what has come.
pub(crate) fn stream(tail: Tail, events: impl Fn(&Told) -> Bytes + Send + Unpin + 'static) -> Response {
    let mut alive = interval(ALIVE);
    alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut answer = Response::new(Body::new(Live { tail, alive, events }));
    let head = answer.headers_mut();
    head.insert(CONTENT_TYPE, HeaderValue::from_static(EVENTS));
    head.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

fn open(tails: &Tails, signal: Signal, mut asked: Asked) -> Result<Tail, Problem> {
    let expression = asked.expression()?;
    tails.open(signal, expression.as_ref()).map_err(|many| Problem::too_many(many.to_string()))
}

/// The body of the answer, which ends when the watcher leaves.
struct Live<F> {
    tail: Tail,
    alive: Interval,
    events: F,
}

impl<F: Fn(&Told) -> Bytes + Unpin> http_body::Body for Live<F> {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(told) = self.tail.poll_next(context) {
            return Poll::Ready(Some(Ok(Frame::data((self.events)(&told)))));
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
