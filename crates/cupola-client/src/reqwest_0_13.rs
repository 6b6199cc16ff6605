//! A client on reqwest 0.13: attempts, retries, redirects and limits in our hands, responses reqwest's own.

mod authorities;
mod breaker;
mod builder;
mod client;
mod connect;
mod host_policy;
pub(crate) mod limited_body;
mod limits;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod operation;
mod outgoing;
mod rate_limit;
mod receive;
mod redirects;
mod report;
mod request;
mod send;
mod show;
pub(crate) mod tap;
mod template;
mod tls;

pub use breaker::Breaker;
pub use builder::ClientBuilder;
pub use client::Client;
pub use host_policy::HostPolicy;
#[cfg(feature = "reqwest-middleware")]
pub use middleware::CallMiddleware;
pub use rate_limit::RateLimit;
pub use redirects::Redirects;
pub use report::CallReport;
pub use request::RequestBuilder;
pub use tls::reqwest_builder;
