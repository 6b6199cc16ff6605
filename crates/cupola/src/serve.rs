//! Serving with all that observability wants of a server: peers, a graceful end, and a flush.

use std::future::{Future, IntoFuture, poll_fn};
use std::io;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::connections::{PerConnection, Watched};
use crate::cupola::Cupola;
use crate::wiring;

impl Cupola {
    /// Serves until SIGTERM or Ctrl-C, lets requests in flight end, and writes what was accepted.
    ///
    /// It is `axum::serve` with connect info, a record of each upgraded connection when it ends, [`shutdown_signal`](Self::shutdown_signal) and
    /// [`shutdown`](Self::shutdown). Requests that outlast the deadline (`CUPOLA_SHUTDOWN_MS`, 10 s) are left
    /// behind: a line says how many, and they have none of their own. The flush has as much time again.
    pub async fn serve(&self, listener: TcpListener, app: Router) -> io::Result<()> {
        self.serve_until(listener, app, self.shutdown_signal()).await
    }

    /// The same until a signal of the caller's own.
    pub async fn serve_until(
        &self,
        listener: TcpListener,
        app: Router,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let served = self.serve_requests(listener, app, signal).await;
        self.shutdown().await;
        served
    }

    /// Serves, and lets requests in flight end, but leaves the log open: for services that have more to end before
    /// they call [`shutdown`](Self::shutdown), a worker for example.
    pub async fn serve_requests(
        &self,
        listener: TcpListener,
        app: Router,
        signal: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        wiring::check(self);
        let mut signal = Box::pin(signal);
        // Heard from here on: whoever reads that this is listening may send it at once.
        let heard = poll_fn(|cx| Poll::Ready(signal.as_mut().poll(cx).is_ready())).await;
        if let Ok(address) = listener.local_addr() {
            tracing::info!(target: "cupola", service = self.service(), address = %address, "listening");
        }
        let (tell, told) = oneshot::channel();
        let cupola = self.clone();
        let signal = async move {
            if !heard {
                signal.await;
            }
            cupola.ends_because("the server was told to end");
            cupola.drain();
            // Nobody hears it where the server has ended by itself.
            let _ = tell.send(());
        };
        let (listener, service) = (Watched(listener), PerConnection(app.with_state::<()>(())));
        let server = axum::serve(listener, service).with_graceful_shutdown(signal).into_future();
        tokio::select! {
            served = server => {
                self.ends_because("the server ended");
                served
            }
            () = deadline(told, self.0.shutdown_limit) => {
                let in_flight = self.0.in_flight.count();
                tracing::warn!(target: "cupola", in_flight, "requests have outlasted the deadline, and are left behind");
                Ok(())
            }
        }
    }

    /// Completes on SIGTERM or Ctrl-C, which the log's last line then names.
    pub fn shutdown_signal(&self) -> impl Future<Output = ()> + Send + 'static {
        let cupola = self.clone();
        async move {
            let name = tokio::select! {
                () = interrupted() => "SIGINT",
                () = terminated() => "SIGTERM",
            };
            cupola.ends_because(name);
        }
    }
}

async fn interrupted() {
    // Where signals cannot be heard, only the other way is left.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn deadline(told: oneshot::Receiver<()>, limit: Duration) {
    match told.await {
        Ok(()) => tokio::time::sleep(limit).await,
        Err(_) => std::future::pending().await,
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
