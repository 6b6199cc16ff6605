//! One Tower layer that turns each HTTP request into one record: ids, trace context, outcome, times and sizes.
//!
//! ```
//! use cupola_record::AccessLog;
//! use http::{Request, Response};
//! use http_body_util::{Empty, Full};
//! use tower::{Layer, Service, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let hello = service_fn(|_| async { Ok::<_, std::io::Error>(Response::new(Full::<bytes::Bytes>::from("hello"))) });
//! let service = cupola_http::layer(AccessLog::new()).layer(hello);
//! let response = service.oneshot(Request::new(Empty::<bytes::Bytes>::new())).await.expect("hello never fails");
//! assert!(response.headers().contains_key("x-request-id"));
//! # }
//! ```
//!
//! # Where this sits
//! Floor 2: on cupola-context, cupola-record and cupola-redact. It must not know a subscriber, log lines, metrics, or
//! any framework outside a feature. What it learns goes to one [`cupola_record::Sink`].
//!
//! # Where the layer belongs
//! Outermost: only what is inside is timed, counted, named with a request id, and caught. A foreign timeout layer
//! further out shows as `closed_before_head`, since all that is seen of it is a dropped future; take
//! [`ObserveLayer::timeout`] instead. Compression stands outside if bodies are to be read, since what is compressed is
//! not captured. Inside axum's `Router::layer` the route is known from the start; around the whole router it is known
//! once a layer inside tells it: [`route_slot`], or a second [`ObserveLayer`], which finds the first and doubles nothing.
//!
//! It wraps the request's body, so in axum give it a `Router::layer` call of its own, after (and so around) those of the
//! others: a layer that takes only axum's own body, as `middleware::from_fn` does, cannot stand directly inside it in
//! one `ServiceBuilder`.
//!
//! ```
//! # use axum::{Router, middleware::{Next, from_fn}, routing::get, extract::Request};
//! let app: Router = Router::new()
//!     .route("/", get(|| async { "hello" }))
//!     .layer(from_fn(|request: Request, next: Next| next.run(request)))
//!     .layer(cupola_http::layer(cupola_record::AccessLog::new()));
//! # let _ = app;
//! ```
//!
//! # Proxies
//! The peer is whoever connects. Behind a proxy that is the proxy, and where its address is private the default trust
//! adopts the ids that it passes on. [`TrustPolicy`](cupola_context::TrustPolicy), or `CUPOLA_TRUST`, says what is so:
//!
//! | set-up | `CUPOLA_TRUST` |
//! |---|---|
//! | strangers connect directly | `never` |
//! | callers of one's own connect directly, strangers cannot | `private`, or `always` for baggage too |
//! | one proxy on this machine or in a private network | `private;hops=1` |
//! | a load balancer in front of such a proxy, both in private networks | `private;hops=2` |
//! | a CDN in front of one's own load balancer | `peers:10.0.0.0/8,` and the CDN's networks, `;hops=2` |
//! | a mesh whose sidecar is the peer | `always;hops=1` |
//! | a proxy that writes `Forwarded` only | any of these, with `;header=forwarded` |
//! | a balancer that passes connections on and hides who made them | `never`: every stranger has its address |
//!
//! With a hop count, `client_ip`, `scheme` and `host` are those that the proxies tell in `Forwarded` (RFC 7239) or in
//! `X-Forwarded-For`, `-Proto` and `-Host`, counted from the right: one entry for each proxy, and only while the one that
//! wrote it is trusted. What stands further left is what the client likes. Where both families are there and differ, one
//! is a stranger's: neither is believed, and a line says so once.
//!
//! The proxy answers for the ids that it lets through: at a public edge it removes `traceparent`, `baggage` and
//! `x-request-id`, or sets its own. In nginx, with `CUPOLA_TRUST=private;hops=1;header=x-forwarded`:
//!
//! ```nginx
//! location / {
//!     proxy_pass http://127.0.0.1:3000;
//!     proxy_set_header Host $host;
//!     proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
//!     proxy_set_header X-Forwarded-Proto $scheme;
//!     proxy_set_header X-Forwarded-Host $http_host;
//!     proxy_set_header X-Request-Id $request_id;
//!     proxy_set_header Forwarded "";
//!     proxy_set_header Traceparent "";
//!     proxy_set_header Tracestate "";
//!     proxy_set_header Baggage "";
//! }
//! ```
//!
//! # Features
//! - `axum`: routes from axum's `MatchedPath`, peers from its `ConnectInfo`.
//! - `tower-http`: tower-http's `RequestId` extension is read and filled.

mod asked_uri;
mod choose;
mod config;
mod fresh;
mod future;
mod head;
mod health;
mod layer;
mod observer;
mod panic;
mod peer;
mod request_body;
mod response_body;
mod route_slot;
mod routes;
mod sampling;
mod service;
mod skip;
mod tell;
mod told;
mod upgrade;
mod watch;

pub use cupola_record::BodyRules;

pub use choose::{Choose, ChooseLayer, choose};
pub use config::Config;
pub use future::ResponseFuture;
pub use health::{Check, CheckReport, CheckStatus, Checks};
pub use layer::{ObserveLayer, layer};
pub use peer::Peer;
pub use request_body::RequestBody;
pub use response_body::ResponseBody;
pub use route_slot::{RouteSlot, RouteSlotLayer, route_slot};
pub use service::Observe;
pub use upgrade::{Connection, UpgradeWatch, WatchUpgrade};
