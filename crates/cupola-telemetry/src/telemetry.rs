//! The pipeline as a value: built, perhaps installed, shut down.

use std::fmt;
use std::io::{self, Write};
#[cfg(feature = "otlp")]
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use cupola_record::VarError;
use cupola_redact::KeyPolicy;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use crate::background::Background;
use crate::config::{Config, Filter, Format};
use crate::counts::Counts;
use crate::deadline::Deadline;
use crate::line_layer::LineLayer;
#[cfg(feature = "otlp")]
use crate::otlp::{self, ExportError, Exporter, Signal};
use crate::output::Output;
use crate::queue::Lines;
use crate::render::Render;
use crate::writer;

const DEFAULT_QUEUE_BYTES: usize = 16 * 1024 * 1024;

/// The log pipeline, at work as soon as it is built; process-wide only once [`Telemetry::install`] says so.
#[derive(Debug)]
pub struct Telemetry {
    dispatch: Dispatch,
    lines: Arc<Lines>,
    /// Taken by the shutdown: there is one.
    writer: Mutex<Option<JoinHandle<()>>>,
    installed: AtomicBool,
    /// Started by the first that needs it.
    background: Mutex<Option<Arc<Background>>>,
    #[cfg(feature = "otlp")]
    exporters: Mutex<Vec<Exporter>>,
}

/// Collects what a pipeline is made of.
pub struct Builder {
    config: Config,
    policy: KeyPolicy,
    output: Option<Box<dyn Write + Send>>,
    terminal: bool,
}

impl Telemetry {
    /// Begins a pipeline.
    pub fn builder(config: Config) -> Builder {
        Builder { config, policy: KeyPolicy::default(), output: None, terminal: false }
    }

    /// The subscriber, for `with_default` and the like.
    pub const fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// Makes this the process's subscriber.
    pub fn install(&self) -> Result<(), AlreadyInstalled> {
        tracing::dispatcher::set_global_default(self.dispatch.clone()).map_err(|_| AlreadyInstalled)?;
        self.installed.store(true, Ordering::Relaxed);
        Ok(())
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
        self.lines.flush(deadline)
    }

    /// The thread for exports and background samples. It is started by the first call.
    pub fn background(&self) -> io::Result<Arc<Background>> {
        let mut started = self.background.lock().unwrap_or_else(PoisonError::into_inner);
        match &*started {
            Some(background) => Ok(background.clone()),
            None => Ok(started.insert(Arc::new(Background::start()?)).clone()),
        }
    }

    /// Starts one signal's way to a collector. It ends with [`Telemetry::shutdown`].
    #[cfg(feature = "otlp")]
    pub fn export(&self, signal: Signal, config: &otlp::Config) -> Result<Exporter, ExportError> {
        let background = self.background().map_err(ExportError::thread)?;
        let exporter = Exporter::start(signal, config, background, self.lines.clone())?;
        self.exporters().push(exporter.clone());
        Ok(exporter)
    }

    /// Every way to a collector that was started.
    #[cfg(feature = "otlp")]
    pub fn exporters(&self) -> MutexGuard<'_, Vec<Exporter>> {
        self.exporters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(feature = "otlp")]
    fn end_exports(&self, deadline: Duration) {
        let exporters = self.exporters().clone();
        exporters.iter().for_each(Exporter::close);
        // The rest is the log's.
        let left = Deadline::in_time(deadline / 4 * 3);
        exporters.iter().for_each(|exporter| exporter.wait(left.left()));
    }

    #[cfg(not(feature = "otlp"))]
    const fn end_exports(&self, _: Duration) {}

    /// Takes no more lines, writes those that wait, and gives the final account. It blocks up to the deadline; what is
    /// left then is counted as dropped. Later calls only give the account.
    ///
    /// What is exported goes out before the log is closed, so that the log can say what was lost.
    pub fn shutdown(&self, deadline: Duration) -> Counts {
        let left = Deadline::in_time(deadline);
        self.end_exports(deadline);
        let background = self.background.lock().unwrap_or_else(PoisonError::into_inner).take();
        background.iter().for_each(|background| background.stop());
        self.end_lines(left.left())
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
            let background = self.background.get_mut().unwrap_or_else(PoisonError::into_inner).take();
            // Its exports go on too, for as long as the process does.
            std::mem::forget(background);
            self.lines.flush(limit);
        } else {
            self.shutdown(limit);
        }
    }
}

impl Builder {
    /// Which fields are masked by name.
    #[must_use]
    pub fn policy(mut self, policy: KeyPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Where lines go; standard output unless set.
    #[must_use]
    pub fn output(mut self, output: impl Write + Send + 'static) -> Self {
        self.output = Some(Box::new(output));
        self
    }

    /// The output is a terminal: pretty unless the configuration says otherwise, and coloured.
    #[must_use]
    pub const fn terminal(mut self, is_terminal: bool) -> Self {
        self.terminal = is_terminal;
        self
    }

    /// Builds the pipeline, and starts its writer's thread.
    pub fn build(self) -> Result<Telemetry, BuildError> {
        let render = self.render();
        let capacity = self.config.queue_bytes.unwrap_or(DEFAULT_QUEUE_BYTES);
        let lines = Arc::new(Lines::new(capacity));
        let layer = LineLayer::new(lines.clone(), self.policy).alone();
        let filter = Filter::new(self.config.filter.as_deref().unwrap_or("info")).map_err(BuildError::Config)?;
        let dispatch = match filter {
            Filter::Targets(filter) => Dispatch::new(registry().with(filter).with(layer)),
            Filter::Env(filter) => Dispatch::new(registry().with(*filter).with(layer)),
        };
        let output = self.output.unwrap_or_else(|| Box::new(io::stdout()));
        let writer = writer::spawn(lines.clone(), Output::new(output), render).map_err(BuildError::Thread)?;
        Ok(Telemetry {
            dispatch,
            lines,
            writer: Mutex::new(Some(writer)),
            installed: AtomicBool::new(false),
            background: Mutex::default(),
            #[cfg(feature = "otlp")]
            exporters: Mutex::default(),
        })
    }

    fn render(&self) -> Render {
        let default = if self.terminal { Format::Pretty } else { Format::Json };
        match self.config.format.unwrap_or(default) {
            Format::Json => Render::Json,
            Format::Pretty => Render::pretty(self.terminal && !self.config.no_color),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The pipeline could not be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The configuration has a value that is not accepted.
    Config(VarError),
    /// The writer's thread could not be started.
    Thread(io::Error),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(_) => f.write_str("the log's configuration is not accepted"),
            Self::Thread(_) => f.write_str("the log's writer thread could not be started"),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::Thread(error) => Some(error),
        }
    }
}

/// The process has a subscriber already, ours or another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyInstalled;

impl fmt::Display for AlreadyInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process has a tracing subscriber already: install one, once")
    }
}

impl std::error::Error for AlreadyInstalled {}
