//! A service on a socket of this machine, in a thread of this process.

use std::net::SocketAddr;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use cupola::telemetry::{Counts, Memory};
use cupola::{Builder, Cupola};
use tokio::sync::oneshot;

use crate::client::{Answer, Client};
use crate::lines::{Line, lines};

/// A service that serves until it is stopped.
#[derive(Debug)]
pub struct Service {
    address: SocketAddr,
    cupola: Cupola,
    memory: Memory,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// What a service leaves behind.
#[derive(Debug)]
pub struct Ended {
    /// The account of its lines.
    pub counts: Counts,
    /// All that it has written.
    pub text: String,
}

/// A builder that knows these variables and no others.
pub fn builder(vars: &[(&str, &str)]) -> Builder {
    let vars: Vec<(String, String)> = vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let value = move |asked: &str| vars.iter().find(|(name, _)| name == asked).map(|(_, value)| value.clone());
    Cupola::builder("tested").vars(value)
}

impl Service {
    /// Serves `app` with Cupola around it, under these variables; its lines are kept.
    pub fn start(vars: &[(&str, &str)], app: Router) -> Self {
        let memory = Memory::new();
        Self::run(builder(vars).output(memory.clone()), memory, app)
    }

    /// The same with a builder and its output; `memory` is where the lines end up.
    pub fn run(builder: Builder, memory: Memory, app: Router) -> Self {
        Self::run_with(builder, memory, |_| app)
    }

    /// The same where the application needs its Cupola.
    pub fn run_with(builder: Builder, memory: Memory, app: impl FnOnce(&Cupola) -> Router) -> Self {
        let cupola = builder.build().unwrap();
        let app = app(&cupola);
        let (stop, stopped) = oneshot::channel();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = cupola.clone();
        let thread = std::thread::spawn(move || serve(&served, listener, app, stopped));
        Self { address, cupola, memory, stop, thread }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its Cupola.
    pub const fn cupola(&self) -> &Cupola {
        &self.cupola
    }

    /// A connection to it.
    pub fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Asks for a path, on a connection of its own.
    pub fn get(&self, path: &str) -> Answer {
        self.client().get(path, "")
    }

    /// What `/metrics` says.
    pub fn metrics(&self) -> String {
        self.get("/metrics").text()
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<Line> {
        assert!(self.cupola.telemetry().flush(Duration::from_secs(10)));
        lines(&self.memory.text())
    }

    /// Stops serving, as a signal does.
    pub fn stop(self) -> Ended {
        self.stop.send(()).unwrap();
        self.thread.join().unwrap();
        Ended { counts: self.cupola.telemetry().counts(), text: self.memory.text() }
    }
}

/// All that happens on this thread is the service's: one thread, one dispatch.
fn serve(cupola: &Cupola, listener: std::net::TcpListener, app: Router, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let app = app.merge(cupola.routes()).layer(cupola.layer());
    let signal = async move { drop(stopped.await) };
    tracing::dispatcher::with_default(cupola.telemetry().dispatch(), || {
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            cupola.serve_until(listener, app, signal).await.unwrap();
        });
        // What the deadline has left behind ends here, still under this dispatch.
        drop(runtime);
    });
}

impl Ended {
    /// Its lines.
    pub fn lines(&self) -> Vec<Line> {
        lines(&self.text)
    }

    /// The lines of its exchanges.
    pub fn access(&self) -> Vec<Line> {
        self.lines().into_iter().filter(Line::is_access).collect()
    }

    /// The one line with this message.
    ///
    /// # Panics
    /// Where there is none, or more than one.
    pub fn line(&self, message: &str) -> Line {
        let mut found = self.lines().into_iter().filter(|line| line["message"] == message);
        let line = found.next().unwrap_or_else(|| panic!("nobody says {message:?}:\n{}", self.text));
        assert!(found.next().is_none(), "{message:?} is said twice:\n{}", self.text);
        line
    }
}

/// The value of the first sample whose line begins like this.
///
/// # Panics
/// Where there is none.
pub fn metric(metrics: &str, sample: &str) -> f64 {
    let line = metrics.lines().find(|line| line.starts_with(sample));
    let value = line.and_then(|line| line.rsplit(' ').next()).unwrap_or_else(|| panic!("no {sample}:\n{metrics}"));
    value.parse().unwrap()
}

/// Waits until something is so, and fails the test where it is not within ten seconds.
#[allow(clippy::disallowed_methods, reason = "a test's patience is real time")]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(10), "{what}: never");
        std::thread::sleep(Duration::from_millis(2));
    }
}
