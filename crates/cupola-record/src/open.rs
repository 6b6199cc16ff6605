//! The open exchange: it ends once, in one place.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cupola_redact::Masked;
use http::StatusCode;
use tracing::Level;

use crate::choices::Choices;
use crate::duties::Duties;
use crate::ended::{Bodies, Ended};
use crate::exchange::Exchange;
use crate::grpc::GrpcStatus;
use crate::header_list::HeaderList;
use crate::outcome::Outcome;
use crate::sink::{Record, Sink};

/// Where the time is read.
pub type Clock = fn() -> Instant;

/// An exchange that has begun and not ended. Dropped without [`OpenExchange::end`], it ends as closed by the other side.
#[derive(Debug)]
pub struct OpenExchange(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    exchange: Exchange,
    ended: Ended,
    sink: Arc<dyn Sink>,
    clock: Clock,
    began: Option<Instant>,
    slow_after: Duration,
}

impl Open {
    fn elapsed(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| (self.clock)().saturating_duration_since(began))
    }
}

/// An exchange that nobody was told of yet: dropped, it never was. Until it begins, what is known of it can be filled in.
#[derive(Debug)]
#[must_use = "it begins with `begin`"]
pub struct PreparedExchange(Box<Open>);

impl PreparedExchange {
    /// Prepares an exchange. What is large lies where it will stay from here on.
    #[inline]
    pub fn new(exchange: Exchange, sink: Arc<dyn Sink>, clock: Clock) -> Self {
        // Boxed: it moves from the future into the body, and is far larger than either.
        Self(Box::new(Open { exchange, ended: Ended::begun(), sink, clock, began: None, slow_after: Duration::MAX }))
    }

    /// Marks the exchange as slow if it takes longer than this.
    pub fn slow_after(mut self, limit: Duration) -> Self {
        self.0.slow_after = limit;
        self
    }

    /// Begins the exchange, and tells the sink so.
    pub fn begin(mut self) -> OpenExchange {
        self.0.sink.opened(&self.0.exchange);
        self.0.began = Some((self.0.clock)());
        OpenExchange(Some(self.0))
    }
}

impl Deref for PreparedExchange {
    type Target = Exchange;

    fn deref(&self) -> &Exchange {
        &self.0.exchange
    }
}

impl DerefMut for PreparedExchange {
    fn deref_mut(&mut self) -> &mut Exchange {
        &mut self.0.exchange
    }
}

impl OpenExchange {
    /// Begins an exchange, and tells the sink so.
    pub fn new(exchange: Exchange, sink: Arc<dyn Sink>, clock: Clock) -> Self {
        PreparedExchange::new(exchange, sink, clock).begin()
    }

    /// Marks the exchange as slow if it takes longer than this.
    #[must_use]
    pub fn slow_after(mut self, limit: Duration) -> Self {
        if let Some(open) = &mut self.0 {
            open.slow_after = limit;
        }
        self
    }

    /// What is known since the beginning; `None` once it has ended.
    pub fn exchange(&self) -> Option<&Exchange> {
        self.0.as_ref().map(|open| &open.exchange)
    }

    /// The head of the response is there.
    pub fn head(&mut self, status: StatusCode) {
        if let Some(open) = &mut self.0 {
            open.ended.status = Some(status);
            open.ended.head = Some(open.elapsed());
        }
    }

    /// How long it took to the head of the response, once that is there.
    pub fn head_after(&self) -> Option<Duration> {
        self.0.as_ref()?.ended.head
    }

    /// More of the response's body was sent; gives the sum.
    pub fn sent(&mut self, bytes: u64) -> u64 {
        let Some(open) = &mut self.0 else { return 0 };
        open.ended.response_bytes += bytes;
        open.ended.response_bytes
    }

    /// The body is a stream of events: how long it lasts says nothing of the server.
    pub fn endless(&mut self) {
        if let Some(open) = &mut self.0 {
            open.ended.endless = true;
            open.exchange.context.claim(Duties::ENDLESS.bits());
        }
    }

    /// So much more time was spent polling the service or its body.
    pub fn busy(&mut self, time: Duration) {
        if let Some(open) = &mut self.0 {
            open.ended.busy = Some(open.ended.busy.unwrap_or_default() + time);
        }
    }

    /// gRPC's status came, with the head or in the trailers.
    pub fn grpc_status(&mut self, status: GrpcStatus) {
        if let Some(open) = &mut self.0 {
            open.ended.grpc_status = Some(status);
        }
    }

    /// The text of what went wrong.
    pub fn error(&mut self, text: Masked) {
        if let Some(open) = &mut self.0 {
            open.ended.error = Some(text);
        }
    }

    /// The response's headers, as chosen.
    pub fn headers(&mut self, headers: HeaderList) {
        if let Some(open) = &mut self.0 {
            open.ended.headers = Some(Box::new(headers));
        }
    }

    /// The bodies, as captured.
    pub fn bodies(&mut self, bodies: Bodies) {
        if let Some(open) = &mut self.0 {
            open.ended.bodies = Some(Box::new(bodies));
        }
    }

    /// Whether it has not ended yet.
    pub const fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// What it would mean if everything were dropped now.
    pub fn closed(&self) -> Outcome {
        let head = self.0.as_ref().and_then(|open| open.ended.head);
        if head.is_some() { Outcome::ClosedMidBody } else { Outcome::ClosedBeforeHead }
    }

    /// Ends the exchange; only the first call counts.
    pub fn end(&mut self, outcome: Outcome) {
        let Some(mut open) = self.0.take() else { return };
        open.ended.total = open.elapsed();
        let Open { exchange, ended, sink, slow_after, .. } = &mut *open;
        let choices = Choices::of(&exchange.context);
        ended.outcome = outcome;
        ended.muted = choices.is_muted();
        ended.usual_level = choices.usual_level().unwrap_or(Level::INFO);
        ended.slow = ended.served_in() > *slow_after && outcome != Outcome::Upgraded;
        ended.request_bytes = exchange.context.count_body_read(0);
        ended.route = exchange.route.clone().or_else(|| exchange.context.route().cloned());
        // Only the outermost layer's: between it and one further in, somebody may try the request again.
        if !exchange.served.contains(Duties::BODY) {
            exchange.context.claim(Duties::ENDED.bits());
        }
        sink.record(Record::Exchange(exchange, ended));
    }
}

impl Drop for OpenExchange {
    fn drop(&mut self) {
        self.end(self.closed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;
    use cupola_context::{Context, Fresh, RequestIdFormat};
    use std::time::SystemTime;

    #[allow(clippy::disallowed_methods)]
    fn open(capture: &Capture) -> OpenExchange {
        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
        let exchange = Exchange::server(context, SystemTime::UNIX_EPOCH, http::Method::GET);
        OpenExchange::new(exchange, Arc::new(capture.clone()), Instant::now)
    }

    fn outcomes(capture: &Capture) -> Vec<Outcome> {
        capture.exchanges().iter().map(|(_, ended)| ended.outcome).collect()
    }

    #[test]
    fn it_ends_once_and_the_first_word_counts() {
        let capture = Capture::new();
        let mut exchange = open(&capture);
        exchange.head(StatusCode::OK);
        exchange.end(Outcome::Complete);
        exchange.end(Outcome::BodyError);
        drop(exchange);
        assert_eq!(outcomes(&capture), [Outcome::Complete]);
    }

    #[test]
    fn dropped_it_was_closed() {
        let capture = Capture::new();
        drop(open(&capture));
        let mut exchange = open(&capture);
        exchange.head(StatusCode::OK);
        drop(exchange);
        assert_eq!(outcomes(&capture), [Outcome::ClosedBeforeHead, Outcome::ClosedMidBody]);
    }
}
