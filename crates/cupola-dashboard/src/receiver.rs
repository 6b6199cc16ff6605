//! The receiver: OTLP over HTTP and gRPC, in the same router.

mod grpc;
mod inflate;
mod mask;
mod message;
mod otlp_http;
mod refusal;
mod reply;

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use bytes::{Bytes, BytesMut};
use cupola_redact::KeyPolicy;
use cupola_store::{Signal, Write};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::limits::Limits;
use crate::token::Tokens;
pub use message::{KINDS, replay, replay_with};
use message::{Message, Taken};
use refusal::Refusal;

/// Takes what OpenTelemetry's exporters send: OTLP over HTTP in protobuf and JSON, and over gRPC, compressed or not.
///
/// | | paths |
/// |---|---|
/// | HTTP | `POST /v1/logs`, `/v1/traces`, `/v1/metrics` |
/// | gRPC | `Export` of `LogsService`, `TraceService` and `MetricsService` |
///
/// What it acknowledges outlives the process.
///
/// Secrets are masked before anything is kept or shown: what stands under a secret name, headers, parameters of URLs, members of JSON, and
/// what looks like one in any text. Only the store's journal has messages as they were sent, for some seconds, until they are sealed.
#[derive(Clone, Debug)]
pub struct Receiver {
    write: Arc<dyn Write>,
    tokens: Tokens,
    limits: Limits,
    policy: Option<KeyPolicy>,
}

/// A receiver at work.
#[derive(Debug)]
struct Desk {
    receiver: Receiver,
    at_once: Arc<Semaphore>,
    /// A permit for each byte of a body that may still come.
    room: Arc<Semaphore>,
}

/// A body, and the room that it takes until it is stored.
#[derive(Debug)]
struct Collected {
    bytes: Bytes,
    room: Option<OwnedSemaphorePermit>,
}

impl Receiver {
    /// Brings what comes in here.
    pub fn new(write: Arc<dyn Write>) -> Self {
        Self { write, tokens: Tokens::default(), limits: Limits::default(), policy: Some(KeyPolicy::default()) }
    }

    /// Takes only what comes with this token, or with another one that it was given: `Authorization: Bearer …`. Without any, it takes what
    /// comes from everyone.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.tokens.add(token);
        self
    }

    /// Other limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Masks by another policy than the default one, or nothing where there is `None`: for those whose senders have masked already. The store
    /// is to be opened with [`replay_with`] the same.
    #[must_use]
    pub fn policy(mut self, policy: impl Into<Option<KeyPolicy>>) -> Self {
        self.policy = policy.into();
        self
    }

    /// The routes. gRPC needs a server that speaks HTTP/2.
    pub fn router(self) -> Router {
        let at_once = Arc::new(Semaphore::new(self.limits.at_once.max(1)));
        let room = Arc::new(Semaphore::new(self.limits.waiting_bytes.min(Semaphore::MAX_PERMITS)));
        let desk = Arc::new(Desk { receiver: self, at_once, room });
        Signal::ALL.into_iter().fold(Router::new(), |router, signal| {
            let (http, grpc) = (Arc::clone(&desk), Arc::clone(&desk));
            router
                .route(otlp_http::path(signal), post(async move |sent| otlp_http::receive(&http, signal, sent).await))
                .route(grpc::path(signal), post(async move |sent| grpc::receive(&grpc, signal, sent).await))
        })
    }
}

impl Desk {
    /// All of a body, within the limits.
    async fn collect(&self, incoming: axum::body::Body) -> Result<Collected, Refusal> {
        let limits = &self.receiver.limits;
        let announced = http_body::Body::size_hint(&incoming).lower();
        if announced > limits.body_bytes as u64 {
            return Err(Refusal::too_large(limits.body_bytes));
        }
        let all = collect_up_to(incoming, limits.body_bytes, &self.room);
        timeout(limits.body_time, all).await.unwrap_or(Err(Refusal::Slow))
    }

    /// Decodes and keeps a message, away from the threads that others wait for.
    async fn take(&self, message: Message, room: Option<OwnedSemaphorePermit>) -> Result<Taken, Refusal> {
        let permit = timeout(self.receiver.limits.wait, Arc::clone(&self.at_once).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else { return Err(Refusal::Busy { seconds: 1 }) };
        let receiver = self.receiver.clone();
        let taken = tokio::task::spawn_blocking(move || {
            let _one_of_few = (permit, room);
            message.keep(&receiver)
        });
        taken.await.unwrap_or(Err(Refusal::Unavailable("the message could not be worked on")))
    }
}

async fn collect_up_to(
    mut incoming: axum::body::Body,
    most: usize,
    free: &Arc<Semaphore>,
) -> Result<Collected, Refusal> {
    let (mut all, mut room) = (BytesMut::new(), None);
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|_| Refusal::Bad("the message ended before its end".to_owned()))?;
        if let Ok(data) = frame.into_data() {
            if all.len() + data.len() > most {
                return Err(Refusal::too_large(most));
            }
            // As it comes: who announces much and sends nothing takes no room from others.
            take_room(&mut room, free, data.len())?;
            all.extend_from_slice(&data);
        }
    }
    Ok(Collected { bytes: all.freeze(), room })
}

fn take_room(room: &mut Option<OwnedSemaphorePermit>, free: &Arc<Semaphore>, bytes: usize) -> Result<(), Refusal> {
    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    let more = Arc::clone(free).try_acquire_many_owned(bytes).map_err(|_| Refusal::Busy { seconds: 1 })?;
    match room {
        Some(room) => room.merge(more),
        None => *room = Some(more),
    }
    Ok(())
}
