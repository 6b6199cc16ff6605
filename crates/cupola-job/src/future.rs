//! A job that is a future.

use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use pin_project_lite::pin_project;

use crate::failure::JobFailure;
use crate::running::RunningJob;

/// Says of an error what is recorded of it.
pub(crate) type Judge<E> = fn(&E) -> JobFailure;

pin_project! {
    /// A job that is worked on: its context is ambient during each poll, and during its drop. Its output ends the job, and so does its
    /// drop.
    #[must_use = "futures do nothing unless polled"]
    pub struct JobFuture<F, E> {
        #[pin]
        inner: Option<F>,
        running: Option<RunningJob>,
        judge: Judge<E>,
    }

    impl<F, E> PinnedDrop for JobFuture<F, E> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(running) = this.running {
                // What the work's own drop does is a part of it.
                running.drop_inside(|| this.inner.set(None));
            }
        }
    }
}

impl<F, E> JobFuture<F, E> {
    pub(crate) const fn new(running: RunningJob, future: F, judge: Judge<E>) -> Self {
        Self { inner: Some(future), running: Some(running), judge }
    }
}

impl<F, T, E> Future for JobFuture<F, E>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let running = this.running.as_mut().expect("it is polled no more after its end");
        let inner = this.inner.as_mut().as_pin_mut().expect("only its end empties it");
        let output = ready!(running.inside(|| inner.poll(cx)));
        running.drop_inside(|| this.inner.set(None));
        running.finish_here(output.as_ref().err().map(*this.judge));
        *this.running = None;
        Poll::Ready(output)
    }
}

impl<F, E> fmt::Debug for JobFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobFuture").field("running", &self.running).finish_non_exhaustive()
    }
}
