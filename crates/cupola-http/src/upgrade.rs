//! Upgraded connections: what comes after a 101 or an accepted CONNECT, until it ends.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Instant;

use cupola_context::{InContext, WithContext};
use cupola_record::{Choices, Exchange, Record, Sink, Upgraded};
use http::Extensions;
use pin_project_lite::pin_project;

use crate::fresh::now;

/// Watches the connection that a request asks to be upgraded; an extension of each such request.
///
/// A WebSocket's exchange ends with its handshake, as upgraded. What is said on the connection afterwards is of no
/// exchange, and only whoever serves it knows when it is over:
///
/// ```
/// # #[cfg(feature = "axum")] {
/// # use axum::extract::ws::{WebSocket, WebSocketUpgrade};
/// # use axum::response::Response;
/// use cupola_http::UpgradeWatch;
///
/// async fn events(upgrade: WebSocketUpgrade, watch: UpgradeWatch) -> Response {
///     upgrade.on_upgrade(|socket| watch.watch(talk(socket)))
/// }
/// # async fn talk(_: WebSocket) {}
/// # let _: axum::Router = axum::Router::new().route("/events", axum::routing::any(events));
/// # }
/// ```
///
/// A server that tells of its connections' ends, with [`Connection`], needs no such call.
#[derive(Clone)]
pub struct UpgradeWatch(Arc<Upgrading>);

struct Upgrading {
    /// All but its lifetime.
    upgraded: Upgraded,
    sink: Arc<dyn Sink>,
    /// When the head went out.
    began: OnceLock<Instant>,
    over: AtomicBool,
}

impl UpgradeWatch {
    pub(crate) fn new(exchange: &Exchange, sink: Arc<dyn Sink>) -> Self {
        let upgraded = Upgraded::new(exchange, std::time::Duration::ZERO);
        Self(Arc::new(Upgrading { upgraded, sink, began: OnceLock::new(), over: AtomicBool::new(false) }))
    }

    /// The watch over the connection of a request with these extensions; `None` where it asks for no upgrade, or where
    /// no layer of ours is around.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().cloned()
    }

    /// Runs what serves the upgraded connection in the context of its request, and records how long it has lasted when
    /// that completes or is dropped.
    pub fn watch<F: Future>(self, future: F) -> WatchUpgrade<F> {
        let inner = future.in_context(self.0.upgraded.context.clone());
        WatchUpgrade { inner, ends: Ends(self) }
    }

    /// The upgrade was accepted.
    pub(crate) fn begin(&self) {
        self.0.began.get_or_init(now);
    }

    /// The connection is over. One that was never upgraded is not recorded, and none twice.
    fn end(&self) {
        let Upgrading { upgraded, sink, began, over } = &*self.0;
        let Some(began) = began.get().filter(|_| !over.swap(true, Ordering::Relaxed)) else { return };
        if Choices::of(&upgraded.context).is_muted() {
            return;
        }
        let mut upgraded = upgraded.clone();
        upgraded.lifetime = now().saturating_duration_since(*began);
        upgraded.route = upgraded.route.or_else(|| upgraded.context.route().cloned());
        sink.record(Record::Upgraded(&upgraded));
    }

    /// Whether it lasts, or may still begin.
    fn may_last(&self) -> bool {
        let may_begin = self.0.began.get().is_some() || Arc::strong_count(&self.0) > 1;
        may_begin && !self.0.over.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for UpgradeWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpgradeWatch").field("began", &self.0.began).field("over", &self.0.over).finish_non_exhaustive()
    }
}

/// A request that asks for no upgrade has none to watch: its handler answers 426 by itself.
#[cfg(feature = "axum")]
impl<S: Sync> axum::extract::FromRequestParts<S> for UpgradeWatch {
    type Rejection = (http::StatusCode, &'static str);

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        const WHY: &str = "this needs a request that asks for an upgrade";
        Self::of(&parts.extensions).ok_or((http::StatusCode::UPGRADE_REQUIRED, WHY))
    }
}

pin_project! {
    /// See [`UpgradeWatch::watch`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct WatchUpgrade<F> {
        // Dropped first, so that what its drop takes is counted.
        #[pin]
        inner: InContext<F>,
        ends: Ends,
    }
}

#[derive(Debug)]
struct Ends(UpgradeWatch);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl<F: Future> Future for WatchUpgrade<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(this.inner.poll(cx));
        this.ends.0.end();
        Poll::Ready(output)
    }
}

/// One connection, as a server tells of it: an extension of all its requests. `cupola.serve` inserts it.
///
/// When the server says that the connection is [closed](Self::close), what it was upgraded to has ended too.
#[derive(Clone, Debug, Default)]
pub struct Connection(Arc<Mutex<Vec<UpgradeWatch>>>);

impl Connection {
    /// A connection that is open.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn hold(&self, watch: UpgradeWatch) {
        let mut watches = self.watches();
        // A connection of HTTP/2 can carry any number of tunnels, one after the other.
        watches.retain(UpgradeWatch::may_last);
        watches.push(watch);
    }

    /// The connection is closed.
    pub fn close(&self) {
        let watches = std::mem::take(&mut *self.watches());
        watches.iter().for_each(UpgradeWatch::end);
    }

    /// A panic elsewhere while the lock was held leaves whole entries behind.
    fn watches(&self) -> MutexGuard<'_, Vec<UpgradeWatch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
