//! Identity that travels: who a request is, and what is said about it, wherever its work goes.
//!
//! ```
//! use cupola_context::{Context, Fresh, RequestIdFormat};
//!
//! let fresh = Fresh::new(1_795_000_000_000, [7; 40]);
//! let context = Context::root(RequestIdFormat::UuidV7, &fresh);
//! context.enter(|| {
//!     cupola_context::set("vm_id", "vm-42");
//!     let here = cupola_context::current().expect("entered above");
//!     assert_eq!(here.request_id(), context.request_id());
//!     assert_eq!(here.field("vm_id").map(|value| value.to_string()).as_deref(), Some("vm-42"));
//! });
//! assert!(cupola_context::current().is_none());
//! ```
//!
//! # Where this sits
//! Floor 0: it stands on `http` and `uuid` alone. It must not know a runtime (the `tokio` feature adds two helpers),
//! a `tracing` subscriber, a clock or a source of randomness: what is fresh is handed in as [`Fresh`].
//!
//! # Features
//! - `seal`: envelopes that only those who share a key can write, as `Seal`.
//! - `stream`: a [`Stream`](futures_core::Stream) is worked on in a context as a future is.
//! - `tokio`: `spawn` and `spawn_blocking`, which carry the ambient context into the task, and the same for a `JoinSet`.
//! - `axum`: [`Context`], [`RequestId`] and [`ClientIp`] as extractors of axum 0.8.

mod ambient;
mod b3;
mod baggage;
mod carrier;
mod cidr;
mod context;
mod envelope;
#[cfg(feature = "axum")]
mod extract;
mod fields;
mod forwarded;
mod hex;
mod identify;
mod in_context;
mod invalid;
mod propagators;
mod raise_limit;
mod relation;
mod request_id;
mod sampler;
mod scope;
mod span_lookup;
#[cfg(feature = "tokio")]
mod spawn;
mod totals;
mod trace_context;
mod trace_flags;
mod trace_id;
mod trace_state;
mod trust;

pub use ambient::{Entered, add, current, enter_slot, set, set_route};
pub use baggage::{Baggage, BaggageMember, InvalidBaggage};
pub use carrier::{
    Extract, Inject, extract_baggage, extract_request_id, extract_trace, inject, inject_span, inject_trace,
};
pub use cidr::{Cidr, InvalidCidr};
pub use context::Context;
#[cfg(feature = "seal")]
pub use envelope::Seal;
pub use envelope::{Envelope, InvalidEnvelope, MAX_ENVELOPE_BYTES};
#[cfg(feature = "axum")]
pub use extract::{ClientIp, Unobserved};
pub use fields::{FieldValue, MAX_FIELD_BYTES, MAX_FIELDS};
pub use identify::{Fresh, Identified, Identify, REQUEST_ID_HEADER};
pub use in_context::{InContext, WithContext};
pub use propagators::{Propagators, UnknownPropagator};
pub use raise_limit::RaiseLimit;
pub use relation::Relation;
pub use request_id::{InvalidRequestId, RequestId, RequestIdFormat};
pub use sampler::{Sampler, Share};
pub use scope::{EnteredScope, Scope, enter_scope, with_scope};
pub use span_lookup::SpanLookup;
#[cfg(feature = "tokio")]
pub use spawn::{SpawnInContext, spawn, spawn_blocking};
pub use totals::Amount;
pub use trace_context::{InvalidTraceparent, TraceContext, Traceparent};
pub use trace_flags::TraceFlags;
pub use trace_id::{IdText, SpanId, TraceId};
pub use trace_state::{InvalidTraceState, TraceState};
pub use trust::{InvalidTrust, Peers, ProxyHeaders, Trust, TrustPolicy};
