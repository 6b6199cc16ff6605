//! What `init` gives: the layer, the routes, the server, the shutdown.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cupola_http::{Check, Checks, ObserveLayer};
use cupola_metrics::Registry;
use cupola_telemetry::{Counts, Levels, Telemetry};

use crate::builder::Builder;
use crate::error::InitError;
use crate::in_flight::InFlight;
use crate::keeping::Keeping;
use crate::machine::Machine;
use crate::monitoring::Monitoring;
use crate::showing::Showing;

/// Starts everything from the environment, and makes it the process's own. Once per process.
///
/// The variables are those of [`cupola_http::Config`] and [`cupola_telemetry::Config`], for spans those of
/// `TracesConfig` and `otlp::Config` in [`cupola_telemetry`], and `OTEL_SERVICE_NAME`, which wins over `service`. A bad value is an error that names the variable, the value and what is accepted.
pub fn init(service: &str) -> Result<Cupola, InitError> {
    Cupola::builder(service).init()
}

/// A running Cupola; clones are handles on the same one.
#[derive(Clone, Debug)]
pub struct Cupola(pub(crate) Arc<Parts>);

#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) service: String,
    pub(crate) telemetry: Telemetry,
    pub(crate) registry: Registry,
    pub(crate) layer: ObserveLayer,
    #[cfg(feature = "client")]
    pub(crate) call_layer: cupola_client::CallLayer,
    #[cfg(feature = "client")]
    pub(crate) llm: crate::llm::Llm,
    #[cfg(feature = "client")]
    pub(crate) queries: cupola_client::Queries,
    #[cfg(feature = "jobs")]
    pub(crate) jobs: crate::jobs::BackgroundJobs,
    #[cfg(feature = "jobs")]
    pub(crate) works: crate::executions::Works,
    pub(crate) alive: Checks,
    pub(crate) ready: Checks,
    pub(crate) in_flight: InFlight,
    pub(crate) keeping: Keeping,
    pub(crate) monitoring: Monitoring,
    pub(crate) showing: Showing,
    pub(crate) shutdown_limit: Duration,
    pub(crate) machine: Machine,
    /// Panics are to be lines of the log, once this is installed.
    pub(crate) panic_hook: bool,
    /// Somebody has asked for the layer.
    pub(crate) layer_taken: AtomicBool,
    /// What OpenTelemetry's global meter records into, once it is installed.
    #[cfg(feature = "otel")]
    pub(crate) meter: std::sync::OnceLock<cupola_metrics::otel_0_33::MeterProvider>,
    /// Why it ends: the first reason.
    pub(crate) ending: OnceLock<&'static str>,
    /// The signal to end has come.
    pub(crate) draining: AtomicBool,
}

impl Cupola {
    /// Begins with what the code wants; the environment has the last word.
    pub fn builder(service: &str) -> Builder {
        Builder::new(service)
    }

    /// The layer. It belongs outermost: see [`cupola_http`].
    pub fn layer(&self) -> ObserveLayer {
        self.0.layer_taken.store(true, Ordering::Relaxed);
        self.0.layer.clone()
    }

    /// The service's name.
    pub fn service(&self) -> &str {
        &self.0.service
    }

    /// The metrics, for the application's own.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The log pipeline.
    pub fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
    }

    /// What is logged, to be read and changed while the service runs.
    pub fn levels(&self) -> &Levels {
        self.telemetry().levels()
    }

    /// Adds a check to `/readyz`: what the service cannot work without, such as its database. While one fails, a load
    /// balancer looks elsewhere.
    ///
    /// ```
    /// use std::time::Duration;
    /// use cupola::http::Check;
    ///
    /// # let cupola = cupola::Cupola::builder("billing").vars(|_| None).output(std::io::sink()).build()?;
    /// let store = Check::new("store", || async { tokio::net::TcpStream::connect("store:5432").await.map(drop) });
    /// cupola.ready_check(store.timeout(Duration::from_millis(500)).cached_for(Duration::from_secs(5)));
    /// # Ok::<(), cupola::InitError>(())
    /// ```
    pub fn ready_check(&self, check: Check) {
        self.0.ready.add(check);
    }

    /// Adds a check to `/healthz`: what only a restart can mend, such as a worker that has stopped. Never something that
    /// lies outside the process, or its failure restarts all of them at once.
    pub fn health_check(&self, check: Check) {
        self.0.alive.add(check);
    }

    /// From now on `/readyz` answers 503, so that a load balancer looks elsewhere. [`Cupola::serve`] calls it.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the end has been announced, for readiness checks of your own.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Exports what there is, writes all lines that were accepted, and gives the account; what the deadline
    /// (`CUPOLA_SHUTDOWN_MS`, 10 s) leaves behind is counted as dropped. Works from any runtime, and from none.
    pub async fn shutdown(&self) -> Counts {
        self.ends_because("shutdown was called");
        let limit = self.0.shutdown_limit;
        self.0.monitoring.end();
        // First, so that the account below has the lines that tell of losses.
        self.wait_for(move |telemetry| telemetry.end_exports(limit / 4 * 3)).await;
        let flushed = self.wait_for(move |telemetry| telemetry.flush(limit / 8)).await;
        self.say_stopped(flushed);
        let counts = self.wait_for(move |telemetry| telemetry.shutdown(limit)).await;
        // Last, so that it has the last line too.
        let parts = self.0.clone();
        self.wait_for(move |_| parts.keeping.close()).await;
        counts
    }

    /// Who answers questions about what the store beside the service has: entries that were sealed, a second after they were told. `None`
    /// where `CUPOLA_STORE` is unset, or where another process writes to that store.
    #[cfg(feature = "store")]
    pub fn store(&self) -> Option<cupola_store::Reader> {
        self.0.keeping.reader()
    }

    /// The rules over that store, the alerts that come of them, and those who are told. `None` where there is no store, or where
    /// `CUPOLA_MONITORING` is `off`.
    #[cfg(feature = "alerts")]
    pub fn alerts(&self) -> Option<&Arc<cupola_alert::Alerts>> {
        self.0.monitoring.alerts()
    }

    async fn wait_for<R: Default + Send + 'static>(&self, work: impl FnOnce(&Telemetry) -> R + Send + 'static) -> R {
        let parts = self.0.clone();
        let work = move || work(&parts.telemetry);
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => runtime.spawn_blocking(work).await.unwrap_or_default(),
            Err(_) => work(),
        }
    }

    /// Tells why the service ends. The first reason counts.
    pub(crate) fn ends_because(&self, reason: &'static str) {
        let _ = self.0.ending.set(reason);
    }

    /// The log's own account, as it is told at the exit: the last line is in it already.
    fn say_stopped(&self, flushed: bool) {
        let lines = self.telemetry().counts();
        tracing::info!(
            target: "cupola",
            service = self.service(),
            reason = self.0.ending.get(),
            in_flight = self.0.in_flight.count(),
            lines = lines.accepted + 1,
            lines_written = lines.written + u64::from(flushed),
            lines_dropped = lines.dropped(),
            "stopped"
        );
    }
}
