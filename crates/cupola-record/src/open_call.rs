//! The open call: it ends once, in one place.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Buf;
use cupola_context::{FieldValue, SpanId};
use http::{StatusCode, Version};

use crate::attempt::{Attempt, ConnectionUse, Reason};
use crate::body::BodyCapture;
use crate::body_watch::BodyWatch;
use crate::call::Call;
use crate::call_ended::{CallEnded, CallOutcome, StopReason};
use crate::choices::Choices;
use crate::error_kind::ErrorKind;
use crate::header_list::HeaderList;
use crate::open::Clock;
use crate::sent_body::SentBody;
use crate::sink::{Record, Sink};
use crate::target::Target;

/// A call that has begun and not ended. Dropped without [`OpenCall::end`], it ends as dropped by the caller.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Duration, Instant, SystemTime};
/// use cupola_record::{Call, CallLog, CallOutcome, Capture, OpenCall, Reason, Sink};
/// use http::{Method, StatusCode};
///
/// let capture = Capture::new();
/// let mut call = Call::new(SystemTime::UNIX_EPOCH, Method::GET);
/// call.dependency = Some("billing".into());
/// call.template = Some("/invoices/{id}".into());
/// # #[allow(clippy::disallowed_methods)]
/// let mut open = OpenCall::new(call, Arc::new(CallLog::new().and(capture.clone())), Instant::now);
/// open.attempt(Reason::First, Duration::ZERO);
/// open.head(StatusCode::SERVICE_UNAVAILABLE);
/// open.discarded();
/// open.attempt(Reason::Retry, Duration::from_millis(250));
/// open.head(StatusCode::OK);
/// open.received(512);
/// open.end(CallOutcome::Complete);
/// let (_, ended) = &capture.calls()[0];
/// assert_eq!(ended.attempts[0].status, Some(StatusCode::SERVICE_UNAVAILABLE));
/// assert_eq!(ended.attempts[1].resend_count, 1);
/// ```
#[derive(Debug)]
pub struct OpenCall(Option<Box<Open>>);

#[derive(Debug)]
struct Open {
    call: Call,
    ended: CallEnded,
    sink: Arc<dyn Sink>,
    clock: Clock,
    began: Instant,
    in_attempt: bool,
    span_ids: Option<fn() -> SpanId>,
    sent: Option<SentBody>,
    response: Option<BodyWatch>,
}

impl Open {
    fn elapsed(&self) -> Duration {
        (self.clock)().saturating_duration_since(self.began)
    }

    /// The attempt that runs, if one does.
    fn running(&mut self) -> Option<&mut Attempt> {
        self.ended.attempts.last_mut().filter(|_| self.in_attempt)
    }

    /// Ends the attempt that runs, if one does, at this time since the beginning.
    fn end_attempt(&mut self, now: Duration, error: Option<ErrorKind>) {
        if let Some(attempt) = self.running() {
            attempt.total = now.saturating_sub(attempt.began);
            attempt.error = error;
        }
        self.in_attempt = false;
    }

    /// What was kept of both bodies, unless the request on whose behalf the call was made has said that none are shown.
    fn settle_bodies(&mut self, outcome: CallOutcome) {
        let chosen = self.call.context.as_ref().and_then(|context| Choices::of(context).shows_bodies());
        let shown = |body: BodyCapture| if chosen == Some(false) { BodyCapture::left_out() } else { body };
        if let Some(sent) = self.sent.take() {
            self.ended.request_bytes = Some(sent.bytes());
            self.ended.request_body = sent.finish().map(|body| Box::new(shown(body)));
        }
        if let Some(mut response) = self.response.take() {
            if outcome == CallOutcome::Complete {
                response.end();
            }
            self.ended.response_body = Some(Box::new(shown(response.finish())));
        }
    }
}

impl OpenCall {
    /// Begins a call.
    #[inline]
    pub fn new(call: Call, sink: Arc<dyn Sink>, clock: Clock) -> Self {
        let began = clock();
        Self(Some(Box::new(Open {
            call,
            ended: CallEnded::begun(),
            sink,
            clock,
            began,
            in_attempt: false,
            span_ids: None,
            sent: None,
            response: None,
        })))
    }

    /// Says more of the call, before its first attempt: what is large is built where it stays.
    pub fn describe(&mut self, say: impl FnOnce(&mut Call)) {
        if let Some(open) = &mut self.0 {
            say(&mut open.call);
        }
    }

    /// Where the ids of the attempts' spans come from; only a call with a [trace](Call::trace) has any.
    #[must_use]
    pub fn span_ids(mut self, fresh: fn() -> SpanId) -> Self {
        if let Some(open) = &mut self.0 {
            open.span_ids = open.call.trace.map(|_| fresh);
        }
        self
    }

    /// An attempt begins, after a wait; one that still runs ends here.
    pub fn attempt(&mut self, reason: Reason, delay: Duration) {
        let Some(open) = &mut self.0 else { return };
        // The first begins with the call where it has waited for nothing.
        let at_once = open.ended.attempts.is_empty() && delay.is_zero();
        let now = if at_once { Duration::ZERO } else { open.elapsed() };
        open.end_attempt(now, None);
        let mut attempt = Attempt::begun(reason, open.ended.attempt_count, delay, now);
        attempt.span = open.span_ids.map(|fresh| fresh());
        open.ended.attempt_count = open.ended.attempt_count.saturating_add(1);
        // Bounded: of a storm, the beginning and the end are kept.
        if open.ended.attempts.len() == CallEnded::MAX_ATTEMPTS {
            open.ended.attempts.replace_last(attempt);
        } else {
            open.ended.attempts.push(attempt);
        }
        open.ended.response_bytes = 0;
        (open.ended.headers, open.sent, open.response) = (None, None, None);
        open.in_attempt = true;
    }

    /// The attempt goes elsewhere than the call was to go: it follows a redirect.
    pub fn moved(&mut self, target: Target) {
        if let Some(attempt) = self.0.as_mut().and_then(|open| open.running()) {
            attempt.target = Some(Box::new(target));
        }
    }

    /// The attempt's span, where it is one.
    pub fn span(&self) -> Option<SpanId> {
        let open = self.0.as_ref().filter(|open| open.in_attempt)?;
        open.ended.attempts.last()?.span
    }

    /// Headers of the request, by choice.
    pub fn asks(&mut self, headers: HeaderList) {
        if let Some(open) = &mut self.0 {
            open.call.headers = Some(Box::new(headers));
        }
    }

    /// The body that the attempt's request has.
    pub fn sends(&mut self, body: SentBody) {
        if let Some(open) = &mut self.0 {
            open.sent = Some(body);
        }
    }

    /// Which connection the attempt goes over.
    pub fn connection(&mut self, connection: ConnectionUse) {
        if let Some(attempt) = self.0.as_mut().and_then(|open| open.running()) {
            attempt.connection = connection;
        }
    }

    /// How long the attempt's name and connection took, where they were made for it.
    pub fn connect_times(&mut self, dns: Option<Duration>, connect: Option<Duration>) {
        if let Some(attempt) = self.0.as_mut().and_then(|open| open.running()) {
            (attempt.dns, attempt.connect) = (dns, connect);
        }
    }

    /// What is called sends again, and follows redirects, by itself: nobody knows how many attempts there are.
    pub fn attempts_unknown(&mut self) {
        if let Some(open) = &mut self.0 {
            open.ended.attempts_known = false;
        }
    }

    /// The head of the attempt's response is there.
    pub fn head(&mut self, status: StatusCode) {
        let Some(open) = &mut self.0 else { return };
        let now = open.elapsed();
        if let Some(attempt) = open.running() {
            attempt.status = Some(status);
            attempt.head = Some(now.saturating_sub(attempt.began));
        }
    }

    /// The version of HTTP that the attempt was answered in.
    pub fn version(&mut self, version: Version) {
        if let Some(attempt) = self.0.as_mut().and_then(|open| open.running()) {
            attempt.version = Some(version);
        }
    }

    /// The attempt's response is not the one that the call gives back: a failure that is tried again, or a redirect.
    pub fn discarded(&mut self) {
        if let Some(open) = &mut self.0 {
            open.end_attempt(open.elapsed(), None);
        }
    }

    /// The attempt failed.
    pub fn failed(&mut self, error: ErrorKind) {
        if let Some(open) = &mut self.0 {
            open.end_attempt(open.elapsed(), Some(error));
        }
    }

    /// More of the response's body was read; gives the sum.
    pub fn received(&mut self, bytes: u64) -> u64 {
        let Some(open) = &mut self.0 else { return 0 };
        open.ended.response_bytes = open.ended.response_bytes.saturating_add(bytes);
        open.ended.response_bytes
    }

    /// Headers of the attempt's response, by choice.
    pub fn headers(&mut self, headers: HeaderList) {
        if let Some(open) = &mut self.0 {
            open.ended.headers = Some(Box::new(headers));
        }
    }

    /// The body of the attempt's response is captured by this watch.
    pub fn captures(&mut self, watch: BodyWatch) {
        if let Some(open) = &mut self.0 {
            open.response = Some(watch);
        }
    }

    /// A piece of the response's body was read: it is counted, and captured where there is a watch. Gives the sum.
    pub fn read(&mut self, data: &impl Buf) -> u64 {
        if let Some(watch) = self.0.as_mut().and_then(|open| open.response.as_mut()) {
            watch.feed(data);
        }
        self.received(data.remaining() as u64)
    }

    /// There will be no further attempt, and why.
    pub fn stopped(&mut self, reason: StopReason) {
        if let Some(open) = &mut self.0 {
            open.ended.stopped = Some(reason);
        }
    }

    /// One more field for its line.
    pub fn field(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) {
        if let Some(open) = &mut self.0 {
            open.call.scope = Some(open.call.scope.take().unwrap_or_default().with(key, value));
        }
    }

    /// What is known since the beginning; `None` once it has ended.
    pub fn call(&self) -> Option<&Call> {
        self.0.as_ref().map(|open| &open.call)
    }

    /// Ends the call; only the first time counts. An attempt that still runs ends with it.
    pub fn end(&mut self, outcome: CallOutcome) {
        let Some(mut open) = self.0.take() else { return };
        let error = if let CallOutcome::Failed(kind) = outcome { Some(kind) } else { None };
        open.ended.total = open.elapsed();
        open.end_attempt(open.ended.total, error);
        open.settle_bodies(outcome);
        open.ended.outcome = outcome;
        open.sink.record(Record::Call(&open.call, &open.ended));
    }

    /// What it would mean if everything were dropped now.
    fn dropped(&mut self) -> CallOutcome {
        let running = self.0.as_mut().and_then(|open| open.running());
        let head = running.is_some_and(|attempt| attempt.status.is_some());
        if head { CallOutcome::DroppedMidBody } else { CallOutcome::DroppedBeforeHead }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let outcome = self.dropped();
        self.end(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;
    use std::cell::Cell;
    use std::time::SystemTime;

    thread_local! {
        #[allow(clippy::disallowed_methods)]
        static NOW: Cell<Instant> = Cell::new(Instant::now());
    }

    fn pass(milliseconds: u64) {
        NOW.set(NOW.get() + Duration::from_millis(milliseconds));
    }

    fn open(capture: &Capture) -> OpenCall {
        let call = Call::new(SystemTime::UNIX_EPOCH, http::Method::GET);
        OpenCall::new(call, Arc::new(capture.clone()), || NOW.get())
    }

    fn only(capture: &Capture) -> CallEnded {
        let calls = capture.calls();
        assert_eq!(calls.len(), 1);
        calls[0].1.clone()
    }

    #[test]
    fn attempts_have_times_of_their_own() {
        let capture = Capture::new();
        let mut call = open(&capture);
        call.attempt(Reason::First, Duration::ZERO);
        call.connection(ConnectionUse::Fresh);
        pass(10);
        call.head(StatusCode::TOO_MANY_REQUESTS);
        pass(2);
        call.discarded();
        pass(100);
        call.attempt(Reason::RetryAfter, Duration::from_millis(100));
        pass(20);
        call.head(StatusCode::OK);
        call.received(7);
        pass(5);
        call.end(CallOutcome::Complete);
        call.end(CallOutcome::Failed(ErrorKind::Body));
        drop(call);

        let ended = only(&capture);
        let shown: Vec<String> = ended.attempts.iter().map(ToString::to_string).collect();
        let first = "first status=429 total=12ms connection=fresh";
        assert_eq!(shown, [first, "retry_after delay=100ms status=200 total=25ms connection=unknown"]);
        assert_eq!((ended.head(), ended.total), (Some(Duration::from_millis(132)), Duration::from_millis(137)));
        assert_eq!((ended.outcome, ended.response_bytes), (CallOutcome::Complete, 7));
    }

    #[test]
    fn what_is_dropped_says_where() {
        let check = |steps: fn(&mut OpenCall), expected| {
            let capture = Capture::new();
            let mut call = open(&capture);
            steps(&mut call);
            drop(call);
            assert_eq!(only(&capture).outcome, expected);
        };
        check(|_| {}, CallOutcome::DroppedBeforeHead);
        check(|call| call.attempt(Reason::First, Duration::ZERO), CallOutcome::DroppedBeforeHead);
        let head = |call: &mut OpenCall| {
            call.attempt(Reason::First, Duration::ZERO);
            call.head(StatusCode::OK);
        };
        check(head, CallOutcome::DroppedMidBody);
        let waits = |call: &mut OpenCall| {
            call.attempt(Reason::First, Duration::ZERO);
            call.head(StatusCode::SERVICE_UNAVAILABLE);
            call.discarded();
        };
        check(waits, CallOutcome::DroppedBeforeHead);
    }

    #[test]
    fn a_failure_is_that_of_the_attempt_that_runs() {
        let capture = Capture::new();
        let mut call = open(&capture);
        call.attempt(Reason::First, Duration::ZERO);
        call.failed(ErrorKind::Connect);
        call.stopped(StopReason::Deadline);
        call.end(CallOutcome::Failed(ErrorKind::Deadline));
        let ended = only(&capture);
        assert_eq!(ended.attempts[0].error, Some(ErrorKind::Connect));
        assert_eq!(ended.stopped, Some(StopReason::Deadline));
    }

    #[test]
    fn a_storm_keeps_its_beginning_and_its_end() {
        let capture = Capture::new();
        let mut call = open(&capture);
        for _ in 0..1000 {
            call.attempt(Reason::Retry, Duration::ZERO);
        }
        call.end(CallOutcome::Failed(ErrorKind::Budget));
        let ended = only(&capture);
        let resent: Vec<u32> = ended.attempts.iter().map(|attempt| attempt.resend_count).collect();
        assert_eq!(resent, (0..15).chain([999]).collect::<Vec<u32>>());
        assert_eq!(ended.attempt_count, 1000);
    }
}
