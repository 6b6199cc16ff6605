//! What is seen of a connection while it is made: how long its name and the connection itself took.

use std::future::Future;
use std::net::ToSocketAddrs;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use cupola_record::ConnectionUse;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    /// The probe of the attempt that is being polled. A connection that loses against one that became free is finished in
    /// the background, outside of it.
    pub(crate) static PROBE: Arc<Probe>;
}

/// What one attempt sees of its connection.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    resolved: Nanoseconds,
    connected: Nanoseconds,
}

/// A duration that is set once; 0 is none.
#[derive(Debug, Default)]
struct Nanoseconds(AtomicU64);

impl Nanoseconds {
    fn since(&self, start: Instant) {
        let nanoseconds = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.store(nanoseconds.max(1), Ordering::Relaxed);
    }

    fn get(&self) -> Option<Duration> {
        Some(self.0.load(Ordering::Relaxed)).filter(|nanoseconds| *nanoseconds > 0).map(Duration::from_nanos)
    }
}

impl Probe {
    /// How long it took to resolve the host's name, where a connection was made for this attempt and the name is resolved by us.
    pub(crate) fn dns(&self) -> Option<Duration> {
        self.resolved.get()
    }

    /// How long the connection took, the name and the handshake of TLS included.
    pub(crate) fn connect(&self) -> Option<Duration> {
        self.connected.get()
    }

    /// Once there is a head: a connection that is not made by then is not the one that the head came over.
    pub(crate) fn connection(&self) -> ConnectionUse {
        if self.connect().is_some() { ConnectionUse::Fresh } else { ConnectionUse::Reused }
    }
}

fn probe() -> Option<Arc<Probe>> {
    PROBE.try_with(Arc::clone).ok()
}

/// A layer around a connector.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeLayer;

impl<S> Layer<S> for ProbeLayer {
    type Service = ProbeConnector<S>;

    fn layer(&self, inner: S) -> ProbeConnector<S> {
        ProbeConnector(inner)
    }
}

/// A connector that is watched.
#[derive(Clone, Debug)]
pub(crate) struct ProbeConnector<S>(S);

impl<S, R> Service<R> for ProbeConnector<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let (start, probe, connect) = (Instant::now(), probe(), self.0.call(target));
        Box::pin(async move {
            let connection = connect.await?;
            if let Some(probe) = probe {
                probe.connected.since(start);
            }
            Ok(connection)
        })
    }
}

/// The system's resolver, watched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbeResolver;

impl Resolve for ProbeResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (start, probe) = (Instant::now(), probe());
        Box::pin(async move {
            let lookup = move || (name.as_str(), 0).to_socket_addrs();
            let found: Addrs = Box::new(tokio::task::spawn_blocking(lookup).await??);
            if let Some(probe) = probe {
                probe.resolved.since(start);
            }
            Ok(found)
        })
    }
}
