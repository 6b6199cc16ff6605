//! Calls to other services: each is one record, with its outcome, its times, and whose request it served.
//!
//! ```
//! use cupola_client::{CallInfo, CallLayer};
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Empty, Full};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Any client that is a `Service<http::Request<B>>`, hyper-util's for example.
//! let client = service_fn(|_: Request<Empty<bytes::Bytes>>| async {
//!     Ok::<_, std::io::Error>(Response::new(Full::<bytes::Bytes>::from("[]")))
//! });
//! let billing = CallLayer::new().dependency("billing").layer(client);
//!
//! let mut request = Request::get("http://billing.internal/invoices/17").body(Empty::new())?;
//! request.extensions_mut().insert(CallInfo::new().template("/invoices/{id}").expect_status(404));
//! let response = billing.oneshot(request).await?;
//! assert_eq!(response.into_body().collect().await?.to_bytes(), "[]");
//! // The log has a line now: `call completed`, dependency, method, template, host, status, times, bytes, request id.
//! # Ok(()) }
//! ```
//!
//! # Where this sits
//! Floor 3: on cupola-context, cupola-line (to read JSON), cupola-record and cupola-redact. It must not know a subscriber,
//! metrics or a framework; of clients it knows hyper's errors, behind a feature. What it learns goes to one [`cupola_record::Sink`].
//!
//! # What it does, and what it does not
//! The layer observes: requests are sent once, by whatever is inside, and redirects are what the client inside makes of them.
//! A layer that sends requests again belongs outside, where each attempt is a call of its own, or inside, where all are one.
//! Trace, baggage and request id of the request that is being served go only to hosts of the [`Propagation`] list.
//!
//! A client that fails in `poll_ready` leaves a record of a failed call without a method, a URL or an attempt.
//!
//! Where the sink makes spans, each attempt is one of kind client, and the parent of what it reaches. It begins where the call
//! does, below the span that is innermost there, and ends where the response's body does; it is made of the record, so that
//! no clone of a span and no task of a pool makes it longer.
//!
//! `Client` (feature `reqwest`) owns its attempts. From the outside in: the record; the deadline; retries and redirects, paid from a
//! budget for each host; the host's breaker and limit; the attempt's own timeout; identity, decided for the host that the
//! attempt goes to.
//!
//! # Features
//! - `hyper` (on): errors of hyper 1 are told apart.
//! - `toml`: price tables of models from TOML files.
//! - `reqwest`: `Client`, on reqwest 0.13, which also sends again, follows redirects, and keeps calls within limits.
//! - `reqwest-middleware`: `CallMiddleware`, for clients of reqwest-middleware 0.5.
//! - `http2`: that client speaks HTTP/2, and what the other side refuses unseen is sent again, whatever its method.
//! - `rustls`: that client speaks TLS without a feature of reqwest's own.
//! - `redis`: commands that redis-rs 1 sends are records, by the module `redis_1`.
//! - `sqlx`: queries that sqlx 0.9 makes are records, by the module `sqlx_0_9`. It needs Rust 1.94.

mod bodies;
mod call_body;
mod call_error;
mod call_future;
mod call_info;
mod classify;
mod config;
mod interaction;
mod layer;
pub mod llm;
mod propagation;
mod queries;
mod reached;
#[cfg(feature = "redis")]
pub mod redis_1;
mod request_body;
#[cfg(feature = "reqwest")]
mod reqwest_0_13;
#[cfg(feature = "reqwest")]
mod retry;
mod safe_cause;
mod settings;
#[cfg(feature = "sqlx")]
pub mod sqlx_0_9;

pub use call_body::CallBody;
pub use call_error::{BoxError, CallError};
pub use call_future::CallFuture;
pub use call_info::CallInfo;
pub use classify::classify;
pub use config::Config;
pub use interaction::log_api_interaction;
pub use layer::{CallLayer, CallService, Unwatched, Watched};
pub use propagation::{BadHost, Propagation};
pub use queries::Queries;
pub use request_body::CallRequestBody;
#[cfg(feature = "reqwest-middleware")]
pub use reqwest_0_13::CallMiddleware;
#[cfg(feature = "reqwest")]
pub use reqwest_0_13::{
    Breaker, CallReport, Client, ClientBuilder, HostPolicy, RateLimit, Redirects, RequestBuilder, reqwest_builder,
};
#[cfg(feature = "reqwest")]
pub use retry::RetryPolicy;
