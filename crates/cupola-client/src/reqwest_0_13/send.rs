//! One call, from its first attempt to the response that is given back.
//!
//! The order, from the outside in, and why: the record is outermost, so that everything is on it. The deadline holds waits and
//! attempts alike. The breaker and the limiter stand before each attempt: a retry is a request like any other. The attempt's own
//! timeout is inside its record, and identity is decided last, for the host that the attempt goes to.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cupola_record::{CallOutcome, ConnectionUse, ErrorKind, OpenCall, Reason, StopReason};
use http::StatusCode;
use http::response::Parts;
use http_body::Body;
use reqwest::{Request, Response};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::call_error::CallError;
use crate::call_info::CallInfo;
use crate::classify::classify;
use crate::reqwest_0_13::authorities::Authority;
use crate::reqwest_0_13::client::Inner;
use crate::reqwest_0_13::connect::{PROBE, Probe};
use crate::reqwest_0_13::limited_body::LimitedBody;
use crate::reqwest_0_13::limits::Limits;
use crate::reqwest_0_13::operation::Operation;
use crate::reqwest_0_13::outgoing::Outgoing;
use crate::reqwest_0_13::redirects::Hop;
use crate::reqwest_0_13::report::CallReport;
use crate::retry::{Asked, Failure, RetryPolicy, Verdict, retry_after};

/// What is read of a response that nobody wants, so that its connection can serve the next attempt.
const DRAINED: usize = 64 * 1024;
const DRAINED_WITHIN: Duration = Duration::from_millis(50);

/// The most bytes that are read of a response that is to come whole, where no limit is set.
const MOST: u64 = 32 * 1024 * 1024;

/// What one call site says of one call.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) info: CallInfo,
    pub(crate) limits: Limits,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) operation: Option<Operation>,
    /// Whether doing it twice is as doing it once, where the call site knows better than its method and its key.
    pub(crate) idempotent: Option<bool>,
}

/// The response that is given back, and the call that its body ends.
pub(crate) struct Answer {
    pub(crate) response: Response,
    pub(crate) open: OpenCall,
    pub(crate) limits: Limits,
    pub(crate) end_by: Option<Instant>,
    pub(crate) report: CallReport,
}

/// A response that was read to its end, and the call that it is the answer of.
pub(crate) struct Whole {
    pub(crate) head: Parts,
    pub(crate) body: Vec<u8>,
    pub(crate) open: OpenCall,
    pub(crate) sent: u32,
}

/// Sends a request until there is a response to give back.
pub(crate) async fn send(client: &Inner, outgoing: Outgoing, plan: Plan) -> Result<Answer, CallError> {
    let mut sending = Sending::begin(client, outgoing, plan);
    match sending.head(Reason::First, Duration::ZERO).await {
        Ok((response, stopped)) => Ok(sending.give(response, stopped)),
        Err((error, stopped)) => Err(sending.fail(error, stopped)),
    }
}

/// Sends a request until there is a response that comes whole: one that breaks off is a failure like any other.
pub(crate) async fn send_whole(client: &Inner, outgoing: Outgoing, plan: Plan) -> Result<Whole, CallError> {
    let mut sending = Sending::begin(client, outgoing, plan);
    let (mut reason, mut delay) = (Reason::First, Duration::ZERO);
    loop {
        let (response, stopped) = match sending.head(reason, delay).await {
            Ok(head) => head,
            Err((error, stopped)) => return Err(sending.fail(error, stopped)),
        };
        let (head, body) = http::Response::from(response).into_parts();
        let limits = Limits { bytes: sending.plan.limits.bytes.or(Some(MOST)), ..sending.plan.limits };
        let error = match read(LimitedBody::new(body, &limits, sending.end_by), &mut sending.open).await {
            Ok(body) => return Ok(sending.whole(head, body, stopped)),
            Err(error) => error,
        };
        sending.tell_breaker(false);
        match sending.after_error(error) {
            Ok((why, wait)) => (reason, delay) = (why, wait),
            Err((error, stopped)) => return Err(sending.fail(error, stopped)),
        }
        sleep(delay).await;
    }
}

async fn read(mut body: LimitedBody, open: &mut OpenCall) -> Result<Vec<u8>, CallError> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        if let Ok(data) = frame.map_err(CallError::in_body)?.into_data() {
            open.read(&data);
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

struct Sending<'c> {
    client: &'c Inner,
    outgoing: Outgoing,
    plan: Plan,
    authority: Arc<Authority>,
    open: OpenCall,
    head_by: Option<Instant>,
    end_by: Option<Instant>,
    /// Requests sent, and those of them since the last redirect.
    sent: u32,
    tries: u32,
    hops: u32,
}

/// Why a call failed, and why there is no other attempt.
type Failed = (CallError, Option<StopReason>);

/// What follows an attempt.
enum Next {
    Give(Response, Option<StopReason>),
    Fail(Failed),
    Again(Reason, Duration),
}

impl From<Result<(Reason, Duration), Failed>> for Next {
    fn from(after: Result<(Reason, Duration), Failed>) -> Self {
        after.map_or_else(Self::Fail, |(reason, wait)| Self::Again(reason, wait))
    }
}

impl<'c> Sending<'c> {
    /// Begins the call.
    fn begin(client: &'c Inner, mut outgoing: Outgoing, plan: Plan) -> Self {
        outgoing.default_headers(&client.headers);
        let authority = client.authorities.of(outgoing.request.url());
        let open = match &plan.operation {
            Some(operation) => {
                operation.sign(&mut outgoing.request);
                operation.scope().enter(|| client.open(&outgoing.request, &plan.info, &authority))
            }
            None => client.open(&outgoing.request, &plan.info, &authority),
        };
        authority.budget.earn();
        let now = Instant::now();
        let (head_by, end_by) = (plan.limits.head_by(now), plan.limits.end_by(now));
        Self { client, outgoing, plan, authority, open, head_by, end_by, sent: 0, tries: 0, hops: 0 }
    }

    /// Attempts, until there is a head to give back.
    async fn head(
        &mut self,
        mut reason: Reason,
        mut delay: Duration,
    ) -> Result<(Response, Option<StopReason>), Failed> {
        loop {
            let next = match self.attempt(reason, delay).await {
                Ok(response) => self.after_response(response).await,
                Err(next) => next,
            };
            match next {
                Next::Give(response, stopped) => return Ok((response, stopped)),
                Next::Fail(failed) => return Err(failed),
                Next::Again(why, wait) => (reason, delay) = (why, wait),
            }
            sleep(delay).await;
        }
    }

    /// One request on the wire, to the head of its response.
    async fn attempt(&mut self, reason: Reason, delay: Duration) -> Result<Response, Next> {
        let waited = self.turn().await?;
        let Some(mut request) = self.outgoing.next() else {
            let error = CallError::bare(ErrorKind::Request);
            return Err(Next::Fail((error, Some(StopReason::BodyNotReplayable))));
        };
        self.open.attempt(reason, delay + waited);
        (self.sent, self.tries) = (self.sent + 1, self.tries + 1);
        if self.hops > 0 {
            self.open.moved(self.client.target(&self.outgoing.request));
        }
        self.client.settings.show_request(&mut self.open, &mut request);
        self.client.identify(&self.open, &mut request);
        let answer = self.watched(request).await;
        if answer.as_ref().map_or(true, |response| response.status().is_server_error()) {
            self.tell_breaker(false);
        }
        match answer {
            Ok(response) => {
                self.client.settings.show_response(&mut self.open, &response);
                Ok(response)
            }
            Err(error) => Err(self.after_error(error).into()),
        }
    }

    /// Waits until the host may be asked; gives how long that took.
    async fn turn(&self) -> Result<Duration, Next> {
        let start = Instant::now();
        if self.authority.breaker.as_ref().is_some_and(|breaker| !breaker.may_pass(start)) {
            return Err(Next::Fail((CallError::bare(ErrorKind::CircuitOpen), Some(StopReason::CircuitOpen))));
        }
        let mut waited = Duration::ZERO;
        let Some(limiter) = &self.authority.limiter else { return Ok(waited) };
        while let Some(wait) = limiter.turn() {
            if wait >= self.left() {
                return Err(Next::Fail((CallError::bare(ErrorKind::Deadline), Some(StopReason::Deadline))));
            }
            sleep(wait).await;
            waited = start.elapsed();
        }
        Ok(waited)
    }

    /// Sends, within what time is left, and watches the connection.
    async fn watched(&mut self, request: Request) -> Result<Response, CallError> {
        let now = Instant::now();
        let limit = self.authority.attempt_timeout.or(self.plan.limits.attempt);
        let attempt_by = limit.and_then(|limit| now.checked_add(limit));
        let http = &self.client.http;
        if !self.client.ours {
            return within([self.head_by, attempt_by], http.execute(request)).await;
        }
        let probe = Arc::new(Probe::default());
        let answer = within([self.head_by, attempt_by], PROBE.scope(Arc::clone(&probe), http.execute(request))).await;
        let known = answer.is_ok() || probe.connect().is_some();
        self.open.connection(if known { probe.connection() } else { ConnectionUse::Unknown });
        self.open.connect_times(probe.dns(), probe.connect());
        answer
    }

    fn tell_breaker(&self, succeeded: bool) {
        match &self.authority.breaker {
            Some(breaker) if succeeded => breaker.succeeded(),
            Some(breaker) => breaker.failed(Instant::now()),
            None => {}
        }
    }

    /// A response was all that was asked of it. One that is to come whole is so at its end only: a host that always breaks off fails.
    fn answered(&self, status: StatusCode) {
        if !status.is_server_error() {
            self.tell_breaker(true);
        }
    }

    /// Whether there is another attempt after one that failed.
    fn after_error(&mut self, error: CallError) -> Result<(Reason, Duration), Failed> {
        self.open.failed(error.kind());
        match self.verdict(Failure::Error(error.kind())) {
            Verdict::Again(reason, wait) => Ok((reason, wait)),
            Verdict::Stop(reason) => Err((error, Some(reason))),
            Verdict::Give => Err((error, None)),
        }
    }

    async fn after_response(&mut self, response: Response) -> Next {
        match self.client.redirects.hop(self.hops, &mut self.outgoing, &response) {
            Hop::None => {}
            Hop::Follow => return self.follow(response).await,
            Hop::Kept(reason) => return Next::Give(response, Some(reason)),
            Hop::Refused => return Next::Fail((CallError::bare(ErrorKind::Redirect), Some(StopReason::Redirect))),
        }
        match self.verdict_on(&response) {
            Verdict::Again(reason, wait) => {
                self.discard(response).await;
                Next::Again(reason, wait)
            }
            Verdict::Stop(reason) => Next::Give(response, Some(reason)),
            Verdict::Give => Next::Give(response, None),
        }
    }

    async fn follow(&mut self, response: Response) -> Next {
        self.discard(response).await;
        (self.hops, self.tries) = (self.hops + 1, 0);
        self.authority = self.client.authorities.of(self.outgoing.request.url());
        Next::Again(Reason::Redirect, Duration::ZERO)
    }

    /// Ends an attempt whose response is not given back, and reads it to its end if that is near.
    async fn discard(&mut self, mut response: Response) {
        self.open.discarded();
        self.answered(response.status());
        let drained = async {
            let mut read = 0;
            while let Ok(Some(chunk)) = response.chunk().await {
                read += chunk.len();
                if read > DRAINED {
                    break;
                }
            }
        };
        // Not at its end by then: the connection is given up with it.
        let _ = timeout(DRAINED_WITHIN.min(self.left()), drained).await;
    }

    fn verdict_on(&mut self, response: &Response) -> Verdict {
        let expected = self.plan.info.expected.contains(&response.status());
        if expected || may_not_fail(response.status()) {
            return Verdict::Give;
        }
        let after = retry_after(response.headers(), SystemTime::now());
        self.verdict(Failure::Status(response.status(), after))
    }

    /// What follows a failure; the budget is asked last, for it is spent by asking.
    fn verdict(&self, failure: Failure) -> Verdict {
        let request = &self.outgoing.request;
        let mut asked = Asked::of(request.method(), request.headers(), self.outgoing.is_replayable());
        asked.idempotent = self.plan.idempotent.unwrap_or(asked.idempotent);
        let policy = self.plan.retry.as_ref().unwrap_or(&self.authority.retry);
        match policy.verdict(asked, failure, self.tries, rand::random(), self.left()) {
            Verdict::Again(..) if !self.authority.budget.spend() => Verdict::Stop(StopReason::Budget),
            verdict => verdict,
        }
    }

    /// What is left until there must be a head.
    fn left(&self) -> Duration {
        self.head_by.map_or(Duration::MAX, |by| by.saturating_duration_since(Instant::now()))
    }

    fn give(mut self, response: Response, stopped: Option<StopReason>) -> Answer {
        stopped.into_iter().for_each(|reason| self.open.stopped(reason));
        self.answered(response.status());
        let attempts = if self.client.ours { self.sent } else { 0 };
        let report = CallReport { attempts, stopped };
        Answer { response, open: self.open, limits: self.plan.limits, end_by: self.end_by, report }
    }

    fn whole(mut self, head: Parts, body: Vec<u8>, stopped: Option<StopReason>) -> Whole {
        stopped.into_iter().for_each(|reason| self.open.stopped(reason));
        self.answered(head.status);
        Whole { head, body, open: self.open, sent: self.sent }
    }

    fn fail(mut self, error: CallError, stopped: Option<StopReason>) -> CallError {
        stopped.into_iter().for_each(|reason| self.open.stopped(reason));
        self.open.end(CallOutcome::Failed(error.kind()));
        error.after(self.sent)
    }
}

/// The answer, or which limit came first.
async fn within(
    [head_by, attempt_by]: [Option<Instant>; 2],
    answer: impl Future<Output = reqwest::Result<Response>>,
) -> Result<Response, CallError> {
    let answer = async { answer.await.map_err(failed) };
    let Some(by) = head_by.into_iter().chain(attempt_by).min() else { return answer.await };
    let late = if head_by == Some(by) { ErrorKind::Deadline } else { ErrorKind::Timeout };
    timeout_at(by, answer).await.unwrap_or_else(|_| Err(CallError::bare(late)))
}

/// Without the URL, which reqwest would print with all that is in it.
fn failed(error: reqwest::Error) -> CallError {
    CallError::new(classify(&error), error.without_url().into())
}

fn may_not_fail(status: StatusCode) -> bool {
    !status.is_client_error() && !status.is_server_error()
}
