//! A value on its way through a channel, with the context that it was sent in.

use std::time::{Duration, Instant};

use cupola_context::{Context, InContext, Scope, WithContext, current, enter_scope, enter_slot};

use crate::fresh::now;

/// A value with the context and the scope in which it was sent, and when that was: what a channel carries to a task that works
/// for many requests. Whoever receives it does the work in that context, the request's own: unlike a job's, it is not a snapshot.
///
/// ```
/// use cupola_context::{Context, Fresh, RequestIdFormat};
/// use cupola_job::Carried;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
/// let request = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
/// request.enter(|| send.send(Carried::new(7))).expect("somebody receives");
///
/// let carried = receive.recv().await.expect("it was sent");
/// let waited = carried.waited();
/// let doubled = carried.run(|number| async move {
///     cupola_context::add("numbers", 1_u64);
///     number * 2
/// });
/// assert_eq!(doubled.await, 14);
/// # let _ = waited;
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Carried<T> {
    value: T,
    context: Option<Context>,
    scope: Option<Scope>,
    sent: Instant,
}

impl<T> Carried<T> {
    /// The value, sent now, in the context that is ambient here.
    pub fn new(value: T) -> Self {
        Self { value, context: current(), scope: Scope::current(), sent: now() }
    }

    /// How long it has been on its way by now.
    pub fn waited(&self) -> Duration {
        now().saturating_duration_since(self.sent)
    }

    /// The context that it was sent in.
    pub const fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    /// The value, to be looked at.
    pub const fn get(&self) -> &T {
        &self.value
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }

    /// Works on the value in the context that it was sent in.
    pub fn work<R>(self, work: impl FnOnce(T) -> R) -> R {
        let (mut slot, mut scope) = (self.context, self.scope);
        let (_context, _scope) = (enter_slot(&mut slot), enter_scope(&mut scope));
        work(self.value)
    }

    /// The same with a future: it is made, polled and dropped in that context.
    pub fn run<F: Future>(self, work: impl FnOnce(T) -> F) -> InContext<F> {
        self.work(|value| work(value).in_current_context())
    }
}
