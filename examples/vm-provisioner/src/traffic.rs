//! The demo's traffic: callers of many kinds, over real sockets, so that there is life to look at from the first second.
//!
//! ```no_run
//! # async fn example(address: std::net::SocketAddr) {
//! use vm_provisioner::traffic::{Plan, run};
//!
//! let told = run(address, Plan { per_second: 20, length: None, scenes: None }).await;
//! println!("{} requests", told.sent);
//! # }
//! ```

mod call;
mod client;
mod pace;
mod scenes;
mod secrets;

pub use secrets::SECRETS;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use client::Client;
use pace::Pace;

/// How many callers there are: some of them always wait for something slow.
const CALLERS: u32 = 16;

/// How much traffic there is to be.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Requests a second.
    pub per_second: u32,
    /// How long; for ever where this is none.
    pub length: Option<Duration>,
    /// How many scenes; for ever where this is none. Scenes that have begun are played to their end.
    pub scenes: Option<usize>,
}

/// What the traffic was.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// Requests that were sent.
    pub sent: u64,
    /// Those of them whose answer the caller did not wait for.
    pub abandoned: u64,
}

/// Sends traffic to this address until the plan's time is over and the last answer is there.
pub async fn run(address: SocketAddr, plan: Plan) -> Told {
    let client = Arc::new(Client::new(reachable(address), Pace::new(plan)));
    let scene = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (client, scene) = (Arc::clone(&client), Arc::clone(&scene));
        callers.spawn(async move {
            let next =
                || Some(scene.fetch_add(1, Ordering::Relaxed)).filter(|next| plan.scenes.is_none_or(|all| *next < all));
            while let Some(number) = next() {
                if scenes::play(&client, number).await.is_err() {
                    break;
                }
            }
        });
    }
    while callers.join_next().await.is_some() {}
    client.told()
}

/// Where a service that listens on every address is found from here.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => (Ipv4Addr::LOCALHOST, address.port()).into(),
        IpAddr::V6(ip) if ip.is_unspecified() => (Ipv6Addr::LOCALHOST, address.port()).into(),
        _ => address,
    }
}
