//! A marketplace that rents GPUs: where machines can come from. `client` asks it, `routes` offers that to the users of this
//! service, and `stub` stands in for it.

mod client;
mod life;
mod model;
mod routes;
pub mod stub;

pub use client::Marketplace;
pub use model::{Instance, Offer, Search};
pub use routes::routes;

#[cfg(test)]
mod tests;
