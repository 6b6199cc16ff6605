//! Spawning with the ambient context.

use std::future::Future;

use tokio::task::{AbortHandle, JoinHandle, JoinSet};

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
    tokio::task::spawn_blocking(carried(work))
}

fn carried<R>(work: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let (mut slot, mut scope) = (current(), Scope::current());
    move || {
        let (_context, _scope) = (enter_slot(&mut slot), enter_scope(&mut scope));
        work()
    }
}

/// Gives a `JoinSet` what [`spawn`] and [`spawn_blocking`] are.
///
/// ```
/// use cupola_context::{Context, Fresh, RequestIdFormat, SpawnInContext, WithContext, current};
/// use tokio::task::JoinSet;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let request = async {
///     let mut set = JoinSet::new();
///     set.spawn_in_context(async { current().is_some() });
///     set.spawn_blocking_in_context(|| current().is_some());
///     set.join_all().await
/// };
/// let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
/// assert_eq!(request.in_context(context).await, [true, true]);
/// # }
/// ```
pub trait SpawnInContext<T> {
    /// Spawns a task in the ambient context and scope.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    fn spawn_in_context(&mut self, future: impl Future<Output = T> + Send + 'static) -> AbortHandle;

    /// Does blocking work in the ambient context and scope.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    fn spawn_blocking_in_context(&mut self, work: impl FnOnce() -> T + Send + 'static) -> AbortHandle;
}

impl<T: Send + 'static> SpawnInContext<T> for JoinSet<T> {
    #[track_caller]
    fn spawn_in_context(&mut self, future: impl Future<Output = T> + Send + 'static) -> AbortHandle {
        self.spawn(future.in_current_context())
    }

    #[track_caller]
    fn spawn_blocking_in_context(&mut self, work: impl FnOnce() -> T + Send + 'static) -> AbortHandle {
        self.spawn_blocking(carried(work))
    }
}
