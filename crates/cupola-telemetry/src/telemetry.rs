//! The pipeline as a value: built, perhaps installed, shut down.

mod builder;
mod error;

pub use builder::Builder;
pub use error::{AlreadyInstalled, BuildError};

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use cupola_context::SpanLookup;
use cupola_redact::KeyPolicy;
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, registry};

use crate::background::Background;
use crate::collapse::Collapse;
use crate::config::Config;
use crate::counts::Counts;
use crate::deadline::Deadline;
use crate::exports::Exports;
use crate::files;
use crate::hold_back::{HeldLines, HoldBack};
use crate::levels::{Adjustable, Levels};
use crate::line_layer::LineLayer;
#[cfg(feature = "otel_0_33")]
use crate::otel_0_33::{self, Traces};
#[cfg(feature = "otlp")]
use crate::otlp::{self, ExportError, Exporter, Signal};
use crate::panic_hook::PanicReport;
use crate::queue::Lines;
use crate::system::SystemFields;
use crate::voice::Voice;
use crate::watchdog::Watchdog;

/// The log pipeline, at work as soon as it is built; process-wide only once [`Telemetry::install`] says so.
#[derive(Debug)]
pub struct Telemetry {
    dispatch: Dispatch,
    lines: Arc<Lines>,
    /// Taken by the shutdown: there is one.
    writer: Mutex<Option<JoinHandle<()>>>,
    installed: AtomicBool,
    exports: Arc<Exports>,
    levels: Levels,
    policy: KeyPolicy,
    held: Option<HeldLines>,
    system: Option<SystemFields>,
    collapse: Option<Arc<Collapse>>,
    /// Files are written, and nobody's terminal: whoever renames them may say so by SIGHUP.
    follows: bool,
    /// Lines are log records of a collector's too.
    exported: bool,
    #[cfg(feature = "otel_0_33")]
    traces: Option<Traces>,
}

impl Telemetry {
    /// Begins a pipeline.
    pub fn builder(config: Config) -> Builder {
        Builder::new(config)
    }

    /// The subscriber, for `with_default` and the like.
    pub const fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// Makes this the process's subscriber.
    pub fn install(&self) -> Result<(), AlreadyInstalled> {
        tracing::dispatcher::set_global_default(self.dispatch.clone()).map_err(|_| AlreadyInstalled)?;
        self.installed.store(true, Ordering::Relaxed);
        if let Some(background) = self.follows.then(|| self.background().ok()).flatten() {
            files::outlive_hangups(&background);
        }
        #[cfg(feature = "otel_0_33")]
        if let Some(traces) = &self.traces {
            // For libraries that ask for OpenTelemetry's own global.
            opentelemetry::global::set_tracer_provider(traces.provider());
        }
        Ok(())
    }

    /// Makes panics lines of the log, at ERROR, with their place, their backtrace where that is switched on
    /// (`RUST_BACKTRACE`), and the request that they happened in. The line is out before the hook that was there before is
    /// called, within a second: what comes next may be the end of the process.
    ///
    /// A panic that [`cupola_record::catch`] would catch has none of its own: the access line of its request tells of it, and
    /// says where it was (`panic_location`, `backtrace`).
    ///
    /// Once per process: each call adds a hook.
    pub fn install_panic_hook(&self) {
        PanicReport::new(self.lines.clone(), self.exports.clone(), self.policy.clone()).install();
    }

    /// What has become of all lines so far.
    pub fn counts(&self) -> Counts {
        self.lines.counts()
    }

    /// The lines' queue, for whoever shows its counts.
    pub const fn lines(&self) -> &Arc<Lines> {
        &self.lines
    }

    /// Waits until all lines so far are written; `false` at the deadline.
    pub fn flush(&self, deadline: Duration) -> bool {
        self.tell_of_repetitions();
        self.lines.flush(deadline)
    }

    /// A way to be heard on that thread.
    pub fn voice(&self) -> Voice {
        Voice::new(self.dispatch.clone())
    }

    /// The thread for exports and background samples. It is started by the first call.
    pub fn background(&self) -> io::Result<Arc<Background>> {
        self.exports.background()
    }

    /// The sink that writes the lines held back of requests that fail, where the configuration holds back any. The layer
    /// that it belongs into is that whose requests' lines go to [`Self::dispatch`]; a subscriber of one's own holds back
    /// nothing.
    pub const fn held_lines(&self) -> Option<&HeldLines> {
        self.held.as_ref()
    }

    /// What is logged, to be read and changed while the process runs. A subscriber of one's own has its own filter, of
    /// which this knows nothing.
    pub const fn levels(&self) -> &Levels {
        &self.levels
    }

    /// Starts to watch for requests that run longer than this. The sink belongs into the layer whose requests they are.
    pub fn watchdog(&self, limit: Duration) -> Result<Watchdog, BuildError> {
        let background = self.background().map_err(BuildError::Thread)?;
        Ok(Watchdog::start(limit, &background, self.dispatch.clone()))
    }

    /// Starts one signal's way to a collector. It ends with [`Telemetry::shutdown`].
    #[cfg(feature = "otlp")]
    pub fn export(&self, signal: Signal, config: &otlp::Config) -> Result<Exporter, ExportError> {
        self.exports.start(signal, config, &self.lines)
    }

    /// Every way to a collector that was started so far.
    #[cfg(feature = "otlp")]
    pub fn exporters(&self) -> Vec<Exporter> {
        self.exports.exporters()
    }

    /// The span pipeline, where there is one.
    #[cfg(feature = "otel_0_33")]
    pub const fn traces(&self) -> Option<&Traces> {
        self.traces.as_ref()
    }

    /// Where the innermost span can be asked for, for [`cupola_context::Identify`]; `None` where there are no spans.
    pub const fn span_lookup(&self) -> Option<SpanLookup> {
        #[cfg(feature = "otel_0_33")]
        if self.traces.is_some() {
            return Some(SpanLookup::new(otel_0_33::home::innermost));
        }
        None
    }

    /// Lines and spans as one layer, for whoever builds a subscriber of their own. It filters nothing.
    ///
    /// ```
    /// use cupola_telemetry::{Config, Memory, Telemetry};
    /// use tracing_subscriber::layer::SubscriberExt;
    ///
    /// let memory = Memory::new();
    /// let telemetry = Telemetry::builder(Config::default()).output(memory.clone()).build()?;
    /// let subscriber = tracing_subscriber::registry().with(telemetry.layer());
    /// tracing::subscriber::with_default(subscriber, || tracing::info!("machine is up"));
    /// telemetry.shutdown(std::time::Duration::from_secs(1));
    /// assert!(memory.text().contains("machine is up"));
    /// # Ok::<(), cupola_telemetry::BuildError>(())
    /// ```
    pub fn layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'s> LookupSpan<'s> + Send + Sync,
    {
        let lines = self.line_layer();
        #[cfg(feature = "otel_0_33")]
        if let Some(traces) = &self.traces {
            return lines.and_then(traces.layer()).boxed();
        }
        lines.boxed()
    }

    /// Sends what is to be exported beside the log itself, and takes no more; [`Telemetry::shutdown`] does it too. It
    /// blocks up to the deadline, but not for long where a collector does not answer.
    pub fn end_exports(&self, deadline: Duration) {
        self.exports.end_others(deadline);
    }

    /// Takes no more lines, writes those that wait, and gives the final account. It blocks up to the deadline; what is
    /// left then is counted as dropped. Later calls only give the account.
    ///
    /// What is exported goes out before the log is closed, so that the log can say what was lost; the log's own lines are
    /// exported last of all.
    pub fn shutdown(&self, deadline: Duration) -> Counts {
        let left = Deadline::in_time(deadline);
        // The rest is the log's.
        self.exports.end_others(deadline / 2);
        self.tell_of_repetitions();
        if self.exported {
            // What the writer has shown to nobody yet could not be sent.
            self.lines.flush(left.left() / 2);
        }
        self.exports.end(left.left() / 2);
        self.end_lines(left.left())
    }

    fn line_layer(&self) -> LineLayer {
        let lines = LineLayer::new(self.lines.clone(), self.policy.clone());
        lines.spans(self.span_lookup()).system(self.system.clone()).flags(self.exported).collapse(self.collapse.clone())
    }

    fn dispatch_with<F>(&self, filter: F, hold_back: Option<LevelFilter>) -> Dispatch
    where
        F: Layer<Registry> + Send + Sync,
    {
        // The line layer is alone where events are concerned: what makes spans sees those within a span only.
        let lines = self.line_layer().alone().holds_back(hold_back.is_some());
        let in_force = self.levels.filter();
        let filter = Adjustable::new(filter, in_force.clone());
        match hold_back {
            Some(level) => {
                let filter = HoldBack::new(filter, level, in_force, lines.twin());
                self.dispatch_over(registry().with(filter), lines)
            }
            None => self.dispatch_over(registry().with(filter), lines),
        }
    }

    fn dispatch_over<S>(&self, subscriber: S, lines: LineLayer) -> Dispatch
    where
        S: Subscriber + for<'s> LookupSpan<'s> + Send + Sync,
    {
        let subscriber = subscriber.with(lines);
        #[cfg(feature = "otel_0_33")]
        if let Some(traces) = &self.traces {
            return Dispatch::new(subscriber.with(traces.layer()));
        }
        Dispatch::new(subscriber)
    }

    /// What was counted so far is told, so that no count is lost.
    fn tell_of_repetitions(&self) {
        self.collapse.iter().for_each(|collapse| collapse.sweep(true, &self.lines));
    }

    fn end_lines(&self, deadline: Duration) -> Counts {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writer) = writer else { return self.lines.counts() };
        self.lines.close();
        if self.lines.wait_for_writer(deadline) {
            // The thread has done all its work; a panic, if any, has nothing left to lose.
            let _ = writer.join();
        } else {
            self.lines.abandon();
        }
        self.lines.counts()
    }
}

/// Writes what waits, for a second at most. A pipeline that is installed goes on for the process: whoever drops the
/// handle early loses no line.
impl Drop for Telemetry {
    fn drop(&mut self) {
        let limit = Duration::from_secs(1);
        if *self.installed.get_mut() {
            self.exports.leave_running();
            self.flush(limit);
        } else {
            self.shutdown(limit);
        }
    }
}
