//! The future of a response: waits for the head, and ends what never gets one.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use cupola_context::{Context, enter_slot};
use cupola_record::{Outcome, catch};
use http::{Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::time::Sleep;

use crate::head::{self, Asked};
use crate::panic::Panic;
use crate::response_body::ResponseBody;
use crate::watch::Watch;

pin_project! {
    /// The response to come.
    #[derive(Debug)]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: Option<F>,
        #[pin]
        timeout: Option<Sleep>,
        panic: Option<Panic>,
        watch: Option<Watch>,
        slot: Option<Context>,
        asked: Asked,
    }

    impl<F> PinnedDrop for ResponseFuture<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = enter_slot(this.slot);
            this.inner.set(None);
            *this.watch = None;
        }
    }
}

/// What became of one poll of the inner service.
enum Polled<R, E> {
    Head(Response<R>),
    Failed(E),
    Panicked(Panic),
    TimedOut,
}

impl<F> ResponseFuture<F> {
    #[inline]
    pub(crate) fn new(watch: Watch, context: Context, asked: Asked) -> Self {
        let timeout = watch.observer.timeout.map(tokio::time::sleep);
        Self { inner: None, timeout, panic: None, watch: Some(watch), slot: Some(context), asked }
    }

    /// Has the inner service called. The context is ambient already here: services work before the first poll of their
    /// futures.
    #[inline]
    pub(crate) fn start(&mut self, call: impl FnOnce() -> F) {
        let _entered = enter_slot(&mut self.slot);
        let (inner, Some(watch)) = (&mut self.inner, &mut self.watch) else { return };
        let since = watch.polls();
        let called = catch(|| *inner = Some(call()));
        watch.polled(since);
        let Err(panic) = called else { return };
        if watch.observer.catch_panics {
            self.panic = Some(panic);
        } else {
            watch.panicked(&panic);
            resume_unwind(panic);
        }
    }
}

fn poll_inner<F, R, E>(
    mut inner: Pin<&mut Option<F>>,
    timeout: Pin<&mut Option<Sleep>>,
    panic: &mut Option<Panic>,
    cx: &mut TaskContext<'_>,
) -> Poll<Polled<R, E>>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    if let Some(panic) = panic.take() {
        return Poll::Ready(Polled::Panicked(panic));
    }
    let inner = inner.as_mut().as_pin_mut().expect("polled again after it was ready");
    match catch(|| inner.poll(cx)) {
        Ok(Poll::Ready(Ok(response))) => Poll::Ready(Polled::Head(response)),
        Ok(Poll::Ready(Err(error))) => Poll::Ready(Polled::Failed(error)),
        Err(panic) => Poll::Ready(Polled::Panicked(panic)),
        Ok(Poll::Pending) => {
            let Some(timeout) = timeout.as_pin_mut() else { return Poll::Pending };
            // An inner future that has used up tokio's budget leaves none for the timer: ask the clock as well.
            let over = timeout.deadline() <= tokio::time::Instant::now();
            if over || timeout.poll(cx).is_ready() { Poll::Ready(Polled::TimedOut) } else { Poll::Pending }
        }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let entered = enter_slot(this.slot);
        let since = this.watch.as_ref().and_then(Watch::polls);
        let polled = poll_inner(this.inner.as_mut(), this.timeout, this.panic, cx);
        if let Some(watch) = this.watch {
            watch.polled(since);
        }
        let polled = ready!(polled);
        // What the inner future drops here still belongs to the request, and so does a panic in it.
        let dropped = catch(|| this.inner.set(None));
        let polled = dropped.map_or_else(Polled::Panicked, |()| polled);
        let watch = this.watch.take().expect("polled again after it was ready");
        let concluded = conclude(polled, watch, *this.asked);
        drop(entered);
        Poll::Ready(concluded.map(|response| response.map(|body| body.in_slot(this.slot.take()))))
    }
}

fn conclude<R: Body, E>(polled: Polled<R, E>, mut watch: Watch, asked: Asked) -> Result<Response<ResponseBody<R>>, E> {
    match polled {
        Polled::Head(response) => Ok(head::observe(response, watch, asked)),
        Polled::Failed(error) => {
            watch.end(Outcome::ServiceError);
            Err(error)
        }
        Polled::TimedOut => Ok(head::ours(StatusCode::GATEWAY_TIMEOUT, watch, Outcome::TimedOut, asked)),
        Polled::Panicked(panic) => {
            if watch.observer.catch_panics {
                watch.blame(&panic);
                return Ok(head::ours(StatusCode::INTERNAL_SERVER_ERROR, watch, Outcome::Panicked, asked));
            }
            watch.panicked(&panic);
            resume_unwind(panic)
        }
    }
}
