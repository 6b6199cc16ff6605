//! The watch over one exchange: the open exchange, and the captures of its bodies.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cupola_record::{Bodies, BodyCapture, BodyWatch, GrpcStatus, OpenExchange, Outcome};

use crate::fresh::now;
use crate::observer::Observer;
use crate::panic::{self, Panic};
use crate::upgrade::UpgradeWatch;

/// The request's capture, shared with the body that the handler reads.
pub(crate) type SharedCapture = Arc<Mutex<Option<BodyWatch>>>;

/// Both captures, where bodies are captured at all.
#[derive(Debug)]
pub(crate) struct Captures {
    pub(crate) request: SharedCapture,
    pub(crate) response: Option<BodyWatch>,
}

/// What is known of an exchange while it lasts.
#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) open: OpenExchange,
    pub(crate) observer: Arc<Observer>,
    pub(crate) captures: Option<Box<Captures>>,
    /// The request asks for another protocol.
    pub(crate) upgrade: Option<UpgradeWatch>,
    /// The response is gRPC's: its trailers have a status.
    pub(crate) grpc: bool,
    /// gRPC's status was success.
    pub(crate) grpc_ok: bool,
    /// The most bytes that the response's body will have, where its head says so.
    pub(crate) expected: Option<u64>,
}

impl Watch {
    pub(crate) fn grpc_status(&mut self, headers: &http::HeaderMap) {
        if let Some(status) = headers.get("grpc-status").and_then(|value| GrpcStatus::parse(value.as_bytes())) {
            self.open.grpc_status(status);
            self.grpc_ok = status == GrpcStatus::OK;
        }
    }

    /// A piece of the response's body passes; `true` when it was the last that its head has promised.
    pub(crate) fn sent(&mut self, data: &impl bytes::Buf) -> bool {
        if let Some(body) = self.captures.as_mut().and_then(|captures| captures.response.as_mut()) {
            body.feed(data);
        }
        let sum = self.open.sent(data.remaining() as u64);
        self.expected.is_some_and(|expected| sum >= expected)
    }

    /// When a poll begins, where the time of polls is measured.
    #[inline]
    pub(crate) fn polls(&self) -> Option<Instant> {
        self.observer.busy.then(now)
    }

    /// A poll has ended that began then.
    #[inline]
    pub(crate) fn polled(&mut self, since: Option<Instant>) {
        if let Some(since) = since {
            self.open.busy(now().saturating_duration_since(since));
        }
    }

    /// What a panic says of itself is the exchange's error.
    pub(crate) fn blame(&mut self, panic: &Panic) {
        if let Some(text) = panic::text(panic) {
            self.open.error(self.observer.policy.text(text));
        }
    }

    pub(crate) fn panicked(&mut self, panic: &Panic) {
        self.blame(panic);
        self.end(Outcome::Panicked);
    }

    /// The one end: whatever it is reached from, the first call counts.
    pub(crate) fn end(&mut self, outcome: Outcome) {
        if let Some(captures) = self.captures.take() {
            let wanted = self.observer.wants_bodies(self.open.exchange());
            self.open.bodies(if wanted { captures.finish(outcome) } else { left_out() });
        }
        self.tell_grpc_route();
        self.open.end(outcome);
    }

    /// A gRPC method's path is its template, once a success has shown that the server knows the method: errors may come
    /// from whoever refused it unseen.
    fn tell_grpc_route(&self) {
        let Some(exchange) = self.open.exchange().filter(|_| self.grpc) else { return };
        if let Some(route) = self.observer.routes.grpc_method(exchange.path(), self.grpc_ok) {
            exchange.context.set_route(route);
        }
    }
}

impl Drop for Watch {
    /// Nobody has ended it: the other side left, or a layer further out gave up.
    fn drop(&mut self) {
        self.end(self.open.closed());
    }
}

impl Captures {
    fn finish(self, outcome: Outcome) -> Bodies {
        let request = self.request.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut response = self.response;
        if let Some(body) = response.as_mut().filter(|_| outcome == Outcome::Complete) {
            body.end();
        }
        let finish = |body: Option<BodyWatch>| body.map_or_else(BodyCapture::default, BodyWatch::finish);
        Bodies::new(finish(request), finish(response))
    }
}

/// The bodies of an exchange whose route is left out: nothing of them is shown.
fn left_out() -> Bodies {
    Bodies::new(BodyCapture::left_out(), BodyCapture::left_out())
}

/// The request's capture, as its body's wrapper uses it.
pub(crate) fn with_capture(capture: &SharedCapture, work: impl FnOnce(&mut BodyWatch)) {
    if let Some(body) = capture.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        work(body);
    }
}
