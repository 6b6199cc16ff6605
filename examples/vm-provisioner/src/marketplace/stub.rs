//! A stub of the marketplace: its API on a loopback port, with the answers and the faults that a scenario tells.
//!
//! ```
//! use vm_provisioner::marketplace::stub::{Fault, Operation, Scenario, Stub};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
//! // The first two searches fail, the third does not. With the same seed there are the same offers.
//! let scenario = Scenario::calm().fault(Operation::Search, Fault::Failing(503), 2);
//! let stub = Stub::start(7, scenario).await?;
//! println!("{} opens with the key {}", stub.url(), stub.key());
//! assert!(stub.seen().is_empty());
//! # Ok(()) }
//! ```
//!
//! Nothing here goes by the clock: an instance moves on whenever somebody looks at it, so that a test waits for nothing and sees the
//! same each time. What a fault does to an answer is done after the work was: an instance whose creation was cut short is there.

mod answer;
mod api;
mod connection;
mod dice;
mod fault;
mod faults;
mod filter;
mod instance;
mod market;
mod offer;
mod operation;
mod scenario;

pub use fault::{Fault, NoFault};
pub use operation::Operation;
pub use scenario::Scenario;

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use connection::{Line, Listener};
use market::Market;

/// The header by which one request asks for a fault: `x-stub-fault: reset`.
pub const FAULT_HEADER: &str = "x-stub-fault";

/// A running stub; it ends with the value.
#[derive(Debug)]
pub struct Stub {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// A request that the stub has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// What was asked for.
    pub operation: Operation,
    /// What went wrong on purpose.
    pub fault: Option<Fault>,
    /// The status of the answer.
    pub status: u16,
}

#[derive(Debug)]
struct Shared {
    market: Mutex<Market>,
    scenario: Mutex<Scenario>,
    seen: Mutex<Vec<Seen>>,
}

impl Shared {
    /// Works on the market, for as long as no answer is waited for.
    fn market<T>(&self, work: impl FnOnce(&mut Market) -> T) -> T {
        work(&mut self.market.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn fault(&self, operation: Operation) -> Option<Fault> {
        self.scenario.lock().unwrap_or_else(PoisonError::into_inner).next(operation)
    }

    fn tell(&self, seen: Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }
}

impl Stub {
    /// Serves on a port of its own.
    ///
    /// # Errors
    /// Where there is no port.
    pub async fn start(seed: u64, scenario: Scenario) -> io::Result<Self> {
        Self::serve(TcpListener::bind("127.0.0.1:0").await?, seed, scenario)
    }

    /// Serves on this listener.
    ///
    /// # Errors
    /// Where the listener has no address.
    pub fn serve(listener: TcpListener, seed: u64, scenario: Scenario) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (market, scenario) = (Mutex::new(Market::new(seed)), Mutex::new(scenario.seeded(seed)));
        let shared = Arc::new(Shared { market, scenario, seen: Mutex::default() });
        let app = router(Arc::clone(&shared)).into_make_service_with_connect_info::<Line>();
        let server = tokio::spawn(async move {
            // It accepts until the stub is dropped.
            let _ = axum::serve(Listener(listener), app).await;
        });
        Ok(Self { address, shared, server })
    }

    /// Where it is, as `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The key that opens it, as a bearer token.
    pub const fn key(&self) -> &'static str {
        api::KEY
    }

    /// Every request so far, in the order of their answers.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many instances there are, whatever their creators were told.
    pub fn instances(&self) -> usize {
        self.shared.market(|market| market.list().len())
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Faults stand around the API, and so around the check of the key: who is one too many is told so before anything else.
fn router(shared: Arc<Shared>) -> Router {
    api::routes(Arc::clone(&shared)).layer(from_fn_with_state(shared, faults::around))
}

#[cfg(test)]
mod tests;
