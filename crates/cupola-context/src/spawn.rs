//! Spawning with the ambient context.

use std::future::Future;

use tokio::task::JoinHandle;

use crate::ambient::{current, enter_slot};
use crate::in_context::WithContext;
use crate::scope::{Scope, enter_scope};

/// `tokio::spawn` in the ambient context and scope: the task's lines carry the request's ids and fields.
///
/// ```
/// use cupola_context::{Context, Fresh, RequestIdFormat, WithContext, current, spawn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
/// let request = async { spawn(async { current().is_some() }).await };
/// assert!(request.in_context(context).await.expect("the task did not panic"));
/// # }
/// ```
///
/// # Panics
/// Outside a tokio runtime, as `tokio::spawn` does.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(future.in_current_context())
}

/// `tokio::task::spawn_blocking` in the ambient context.
///
/// # Panics
/// Outside a tokio runtime, as `tokio::task::spawn_blocking` does.
#[track_caller]
pub fn spawn_blocking<F, R>(work: F) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (mut slot, mut scope) = (current(), Scope::current());
    tokio::task::spawn_blocking(move || {
        let (_context, _scope) = (enter_slot(&mut slot), enter_scope(&mut scope));
        work()
    })
}
