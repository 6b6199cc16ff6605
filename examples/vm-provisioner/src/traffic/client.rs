//! The client: sends calls in their turn, over real sockets, and counts them.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::time::timeout;

use super::Told;
use super::call::Call;
use super::pace::{Over, Pace};

/// Longer than anything takes that the scenes wait for.
const PATIENCE: Duration = Duration::from_secs(15);

/// A client that sends at the pace of the plan.
#[derive(Debug)]
pub(super) struct Client {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
    pace: Pace,
    sent: AtomicU64,
    abandoned: AtomicU64,
}

impl Client {
    pub(super) fn new(address: SocketAddr, pace: Pace) -> Self {
        let http = HttpClient::builder(TokioExecutor::new()).build_http();
        Self { http, address, pace, sent: AtomicU64::new(0), abandoned: AtomicU64::new(0) }
    }

    pub(super) fn told(&self) -> Told {
        Told { sent: self.sent.load(Ordering::Relaxed), abandoned: self.abandoned.load(Ordering::Relaxed) }
    }

    /// Sends the call and reads its answer: the JSON of it, or null where there is none.
    pub(super) async fn send(&self, call: Call) -> Result<Value, Over> {
        self.pace.turn().await?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let answer = timeout(PATIENCE, self.answer(call)).await.ok().flatten().unwrap_or_default();
        Ok(serde_json::from_slice(&answer).unwrap_or(Value::Null))
    }

    /// Sends the call at once, and reads the pieces of its answer as they come, to the end.
    pub(super) async fn follow(&self, call: Call) -> Result<(), Over> {
        self.pace.borrow()?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        let _ = timeout(PATIENCE, self.pieces(call, usize::MAX)).await;
        Ok(())
    }

    /// Sends the call at once, and leaves after the first piece of its answer.
    pub(super) async fn leave_midway(&self, call: Call) -> Result<(), Over> {
        self.pace.borrow()?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.abandoned.fetch_add(1, Ordering::Relaxed);
        let _ = timeout(PATIENCE, self.pieces(call, 1)).await;
        Ok(())
    }

    /// Sends the call, and leaves after this time if no answer has begun.
    pub(super) async fn leave_early(&self, call: Call, after: Duration) -> Result<(), Over> {
        self.pace.turn().await?;
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.abandoned.fetch_add(1, Ordering::Relaxed);
        let _ = timeout(after, self.answer(call)).await;
        Ok(())
    }

    /// None where the connection broke.
    async fn answer(&self, call: Call) -> Option<Bytes> {
        let response = self.http.request(call.request(self.address)).await.ok()?;
        Some(response.into_body().collect().await.ok()?.to_bytes())
    }

    /// Reads at most so many pieces; the connection is closed if more would come.
    async fn pieces(&self, call: Call, most: usize) -> Option<()> {
        let mut body = self.http.request(call.request(self.address)).await.ok()?.into_body();
        for _ in 0..most {
            body.frame().await?.ok()?;
        }
        Some(())
    }
}
