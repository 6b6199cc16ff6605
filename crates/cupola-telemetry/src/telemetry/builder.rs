//! What a pipeline is made of, and how it is put together.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

#[cfg(feature = "otel_0_33")]
use cupola_context::Sampler;
use cupola_redact::KeyPolicy;
use tracing::Dispatch;
use tracing::level_filters::LevelFilter;

use super::{BuildError, Telemetry};
use crate::collapse::Collapse;
use crate::config::{Config, Console, Filter, Format};
use crate::exports::Exports;
use crate::files::{Accounts, Files, FilesConfig};
use crate::hold_back::HeldLines;
use crate::levels::Levels;
#[cfg(feature = "otlp")]
use crate::logs::LogsConfig;
#[cfg(feature = "otel_0_33")]
use crate::otel_0_33::{self, TracesConfig};
use crate::output::Output;
use crate::queue::Lines;
use crate::render::Render;
use crate::system::SystemFields;
use crate::writer::{self, Outputs, Tap};

const DEFAULT_QUEUE_BYTES: usize = 16 * 1024 * 1024;

/// Collects what a pipeline is made of.
pub struct Builder {
    config: Config,
    policy: KeyPolicy,
    system: Option<SystemFields>,
    output: Option<Box<dyn Write + Send>>,
    files: Option<FilesConfig>,
    terminal: bool,
    taps: Vec<Tap>,
    #[cfg(feature = "otlp")]
    logs: Option<LogsConfig>,
    #[cfg(feature = "otel_0_33")]
    traces: Option<otel_0_33::Setup>,
}

impl Builder {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            policy: KeyPolicy::default(),
            system: None,
            output: None,
            files: None,
            terminal: false,
            taps: Vec::new(),
            #[cfg(feature = "otlp")]
            logs: None,
            #[cfg(feature = "otel_0_33")]
            traces: None,
        }
    }

    /// Which fields are masked by name.
    #[must_use]
    pub fn policy(mut self, policy: KeyPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Lines end with these fields, once they are set.
    #[must_use]
    pub fn system(mut self, fields: SystemFields) -> Self {
        self.system = Some(fields);
        self
    }

    /// Where lines go; standard output unless set.
    #[must_use]
    pub fn output(mut self, output: impl Write + Send + 'static) -> Self {
        self.output = Some(Box::new(output));
        self
    }

    /// Writes lines to files too, as this configuration says.
    #[must_use]
    pub fn files(mut self, config: FilesConfig) -> Self {
        self.files = Some(config);
        self
    }

    /// The output is a terminal: pretty unless the configuration says otherwise, and coloured.
    #[must_use]
    pub const fn terminal(mut self, is_terminal: bool) -> Self {
        self.terminal = is_terminal;
        self
    }

    /// Shows lines to this too, some at a time, whole, each with its newline, on the thread that writes them out: it must be
    /// done soon, or lines gather behind it. Where it panics it has not seen those lines, and sees the next.
    ///
    /// ```
    /// use std::sync::mpsc::channel;
    /// use std::time::Duration;
    /// use cupola_telemetry::{Config, Telemetry};
    ///
    /// let (send, receive) = channel();
    /// let tap = move |lines: &[u8]| _ = send.send(lines.len());
    /// let telemetry = Telemetry::builder(Config::default()).output(std::io::sink()).tap(tap).build()?;
    /// tracing::dispatcher::with_default(telemetry.dispatch(), || tracing::info!("machine is up"));
    /// telemetry.shutdown(Duration::from_secs(5));
    /// assert!(receive.recv()? > 80);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn tap(mut self, tap: impl FnMut(&[u8]) + Send + 'static) -> Self {
        self.taps.push(writer::tap(tap));
        self
    }

    /// Sends lines to a collector too, as this configuration says.
    #[cfg(feature = "otlp")]
    #[must_use]
    pub fn logs(mut self, config: LogsConfig) -> Self {
        self.logs = Some(config);
        self
    }

    /// Exports spans as this configuration says; the sampler decides for spans outside of requests.
    #[cfg(feature = "otel_0_33")]
    #[must_use]
    pub fn traces(mut self, config: TracesConfig, sampler: Sampler) -> Self {
        self.traces = Some(otel_0_33::Setup { config, sampler });
        self
    }

    /// Builds the pipeline, and starts its writer's thread.
    pub fn build(mut self) -> Result<Telemetry, BuildError> {
        let capacity = self.config.queue_bytes.unwrap_or(DEFAULT_QUEUE_BYTES);
        let lines = Arc::new(Lines::new(capacity));
        let console = self.console(lines.accounts());
        let exports = Arc::new(Exports::default());
        let records = self.records(&exports, &lines)?;
        #[cfg(feature = "otel_0_33")]
        let traces = self.traces.map(|setup| setup.start(&exports, &lines, &self.policy)).transpose();
        #[cfg(feature = "otel_0_33")]
        let traces = traces.map_err(BuildError::Export)?;
        let collapse = self.config.collapse.map(|window| Collapse::start(window, &exports, &lines));
        let collapse = collapse.transpose().map_err(BuildError::Thread)?;
        let hold_back = self.config.hold_back.filter(|level| *level != LevelFilter::OFF);
        let held = HeldLines::new(lines.clone());
        let directives = self.config.filter.as_deref().unwrap_or("info");
        let levels = Levels::new(directives, lines.clone(), exports.clone());
        let mut telemetry = Telemetry {
            dispatch: Dispatch::none(),
            lines,
            writer: Mutex::default(),
            installed: AtomicBool::new(false),
            exports,
            levels,
            policy: self.policy,
            held: hold_back.map(|_| held),
            system: self.system,
            collapse,
            follows: self.files.is_some() && !self.terminal,
            exported: records.is_some(),
            #[cfg(feature = "otel_0_33")]
            traces,
        };
        telemetry.dispatch = match Filter::new(directives).map_err(BuildError::Config)? {
            Filter::Targets(filter) => telemetry.dispatch_with(filter, hold_back),
            Filter::Env(filter) => telemetry.dispatch_with(*filter, hold_back),
        };
        telemetry.levels.belong_to(&telemetry.dispatch);
        let accounts = telemetry.lines.accounts().clone();
        let files = self.files.map(|config| Files::open(config, accounts)).transpose().map_err(BuildError::Thread)?;
        let taps = records.into_iter().chain(self.taps).collect();
        let outputs = Outputs { console, files, taps };
        let writer = writer::spawn(telemetry.lines.clone(), outputs).map_err(BuildError::Thread)?;
        telemetry.writer = Mutex::new(Some(writer));
        Ok(telemetry)
    }

    #[cfg(feature = "otlp")]
    fn records(&self, exports: &Exports, lines: &Arc<Lines>) -> Result<Option<Tap>, BuildError> {
        self.logs.as_ref().map(|logs| logs.start(exports, lines)).transpose().map_err(BuildError::Export)
    }

    #[cfg(not(feature = "otlp"))]
    fn records(&self, _: &Exports, _: &Arc<Lines>) -> Result<Option<Tap>, BuildError> {
        Ok(None)
    }

    fn console(&mut self, accounts: &Accounts) -> Option<writer::Console> {
        let output: Box<dyn Write + Send> = match self.config.console {
            Console::Stdout => self.output.take().unwrap_or_else(|| Box::new(io::stdout())),
            Console::Stderr => Box::new(io::stderr()),
            Console::None => return None,
        };
        let (output, render) = (Output::new(output), self.render());
        Some(writer::Console { output, render, account: accounts.open("console") })
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
