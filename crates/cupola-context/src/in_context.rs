//! Any future or stream, worked on in a context.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use pin_project_lite::pin_project;

use crate::ambient::{current, enter_slot};
use crate::context::Context;
use crate::scope::{Scope, enter_scope};

/// Gives every future `.in_context(context)` and `.in_current_context()`, and with the feature `stream` every stream.
///
/// ```
/// use cupola_context::{Context, Fresh, RequestIdFormat, WithContext};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let context = Context::root(RequestIdFormat::Ulid, &Fresh::new(0, [1; 40]));
/// let id = async { cupola_context::current().map(|here| here.request_id().clone()) };
/// assert_eq!(id.in_context(context.clone()).await.as_ref(), Some(context.request_id()));
/// # }
/// ```
pub trait WithContext: Sized {
    /// The context is ambient during each poll of this, and during its drop; so is the [`Scope`] of now.
    fn in_context(self, context: Context) -> InContext<Self> {
        InContext { inner: Some(self), slot: Some(context), scope: Scope::current() }
    }

    /// The same with the context that is ambient now, or with none where none is.
    fn in_current_context(self) -> InContext<Self> {
        InContext { inner: Some(self), slot: current(), scope: Scope::current() }
    }
}

impl<F> WithContext for F {}

pin_project! {
    /// A future or a stream that is worked on in a context.
    #[derive(Debug)]
    #[must_use = "futures and streams do nothing unless polled"]
    pub struct InContext<F> {
        #[pin]
        inner: Option<F>,
        slot: Option<Context>,
        scope: Option<Scope>,
    }

    impl<F> PinnedDrop for InContext<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.inner.is_some() {
                let (_context, _scope) = (enter_slot(this.slot), enter_scope(this.scope));
                this.inner.set(None);
            }
        }
    }
}

impl<F: Future> Future for InContext<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let (_context, _scope) = (enter_slot(this.slot), enter_scope(this.scope));
        let poll = this.inner.as_mut().as_pin_mut().expect("nobody polls a future again that has ended").poll(cx);
        if poll.is_ready() {
            // Its drop belongs to the context as its polls do, which is entered already.
            this.inner.set(None);
        }
        poll
    }
}

#[cfg(feature = "stream")]
impl<S: futures_core::Stream> futures_core::Stream for InContext<S> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let (_context, _scope) = (enter_slot(this.slot), enter_scope(this.scope));
        this.inner.as_pin_mut().expect("only its drop empties a stream").poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.as_ref().map_or((0, Some(0)), S::size_hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identify::Fresh;
    use crate::request_id::RequestIdFormat;

    struct SaysWhere(std::sync::mpsc::Sender<bool>);

    impl Drop for SaysWhere {
        fn drop(&mut self) {
            self.0.send(current().is_some()).unwrap();
        }
    }

    #[tokio::test]
    async fn ambient_while_polled_and_dropped_but_not_between() {
        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
        let (send, receive) = std::sync::mpsc::channel();
        let says = SaysWhere(send);
        let work = async move {
            let _says = says;
            assert!(current().is_some());
            std::future::pending::<()>().await;
        };
        let mut work = Box::pin(work.in_context(context));
        assert!(std::future::poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx).is_pending())).await);
        assert!(current().is_none());
        drop(work);
        assert!(receive.recv().unwrap());
    }

    #[test]
    fn a_future_that_has_ended_is_dropped_in_its_context_at_once() {
        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
        let (send, receive) = std::sync::mpsc::channel();
        let says = SaysWhere(send);
        let mut future = std::pin::pin!(std::future::poll_fn(move |_| Poll::Ready(says.0.clone())).in_context(context));
        assert!(future.as_mut().poll(&mut TaskContext::from_waker(std::task::Waker::noop())).is_ready());
        assert_eq!(receive.try_recv(), Ok(true));
    }

    #[test]
    fn a_future_stays_in_the_scope_that_it_was_made_in() {
        let seen = async { Scope::current().and_then(|scope| scope.field("n").cloned()) };
        let future = Scope::new().with("n", 1).enter(|| seen.in_current_context());
        let mut future = std::pin::pin!(future);
        let poll = future.as_mut().poll(&mut TaskContext::from_waker(std::task::Waker::noop()));
        assert_eq!(poll, Poll::Ready(Some(1.into())));
        assert!(Scope::current().is_none());
    }

    #[cfg(feature = "stream")]
    #[test]
    fn a_stream_is_in_its_context_at_each_item_and_not_between() {
        use futures_core::Stream;

        struct Places(u8);
        impl Stream for Places {
            type Item = bool;
            fn poll_next(mut self: Pin<&mut Self>, _: &mut TaskContext<'_>) -> Poll<Option<bool>> {
                self.0 += 1;
                Poll::Ready((self.0 < 3).then(|| current().is_some()))
            }
            fn size_hint(&self) -> (usize, Option<usize>) {
                (2, Some(2))
            }
        }

        let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
        let mut stream = std::pin::pin!(Places(0).in_context(context));
        assert_eq!(stream.size_hint(), (2, Some(2)));
        let mut next = || stream.as_mut().poll_next(&mut TaskContext::from_waker(std::task::Waker::noop()));
        assert_eq!((next(), next(), next()), (Poll::Ready(Some(true)), Poll::Ready(Some(true)), Poll::Ready(None)));
        assert!(current().is_none());
    }
}
