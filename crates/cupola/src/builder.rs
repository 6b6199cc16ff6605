//! From what the code wants and the environment says to a running Cupola.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use cupola_context::{Identify, TrustPolicy};
use cupola_http::{BodyRules, Checks, ObserveLayer};
use cupola_metrics::{Registry, RouteMetrics};
use cupola_record::{AccessLog, And, Sink, VarError, Vars};
#[cfg(feature = "client")]
use cupola_record::{CallLog, LlmLog};
use cupola_redact::KeyPolicy;
#[cfg(feature = "client")]
use cupola_telemetry::CallLines;
use cupola_telemetry::{AccessLines, FilesConfig, Telemetry};
use tracing::Level;
use tracing::level_filters::LevelFilter;

use crate::cupola::{Cupola, Parts};
use crate::error::InitError;
use crate::in_flight::InFlight;
#[cfg(feature = "jobs")]
use crate::jobs::BackgroundJobs;
use crate::keeping::Keeping;
#[cfg(feature = "client")]
use crate::llm::Llm;
use crate::machine::Machine;
use crate::monitoring::{Monitoring, Notifiers};
use crate::shield::Shield;
use crate::showing::Showing;
use crate::who::Who;
#[cfg(feature = "client")]
use crate::{calls, queries};
use crate::{own, push, spans, summary, wiring};

type Source = Box<dyn Fn(&str) -> Option<String>>;

/// Collects what the code wants; each variable that is set is stronger.
///
/// ```
/// use std::time::Duration;
/// use cupola::context::TrustPolicy;
///
/// let cupola = cupola::Cupola::builder("billing")
///     .trust(TrustPolicy::Never)
///     .layer(|layer| layer.timeout(Duration::from_secs(30)).skip("/assets/*"))
///     .vars(|_| None)
///     .output(std::io::sink())
///     .build()?;
/// assert_eq!(cupola.service(), "billing");
/// # Ok::<(), cupola::InitError>(())
/// ```
pub struct Builder {
    service: String,
    vars: Source,
    identify: Identify,
    policy: KeyPolicy,
    bodies: Option<BodyRules>,
    layer: Box<dyn FnOnce(ObserveLayer) -> ObserveLayer>,
    output: Option<Box<dyn Write + Send>>,
    sink: Option<Arc<dyn Sink>>,
    watchdog: Option<Duration>,
    hold_back: Option<LevelFilter>,
    log_dir: Option<String>,
    panic_hook: bool,
    version: Option<String>,
    notifiers: Notifiers,
    reads: Vec<String>,
    /// What was chosen in code, for the summary.
    chosen: Vec<String>,
}

impl Builder {
    pub(crate) fn new(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            vars: Box::new(environment),
            identify: Identify::default(),
            policy: KeyPolicy::default(),
            bodies: None,
            layer: Box::new(|layer| layer),
            output: None,
            sink: None,
            watchdog: None,
            hold_back: None,
            log_dir: None,
            panic_hook: false,
            version: None,
            notifiers: Notifiers::default(),
            reads: Vec::new(),
            chosen: Vec::new(),
        }
    }

    /// The service's own version, such as `env!("CARGO_PKG_VERSION")`: `service.version` of what is exported, and in the
    /// start-up line.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.version = Some(version.to_owned());
        self
    }

    /// Somebody else who is told of alerts, under a name of its own.
    #[cfg(feature = "alerts")]
    #[must_use]
    pub fn notifier(mut self, name: &str, notifier: impl cupola_alert::Notifier + 'static) -> Self {
        self.notifiers.push((name.to_owned(), Arc::new(notifier)));
        self.chose(&format!("notifier={name}"))
    }

    /// Whose request ids and traces are adopted.
    #[must_use]
    pub fn trust(mut self, trust: TrustPolicy) -> Self {
        self.identify.trust = trust;
        self
    }

    /// How requests are identified altogether.
    #[must_use]
    pub fn identify(mut self, identify: Identify) -> Self {
        self.identify = identify;
        self.chose("identify")
    }

    /// What may be shown, of requests and of log fields.
    #[must_use]
    pub fn policy(mut self, policy: KeyPolicy) -> Self {
        self.policy = policy;
        self.chose("policy")
    }

    /// Captures bodies.
    #[must_use]
    pub fn bodies(mut self, rules: BodyRules) -> Self {
        self.bodies = Some(rules);
        self.chose("bodies")
    }

    /// Whatever else can be chosen of the layer: timeout, slow limit, paths to skip, headers.
    #[must_use]
    pub fn layer(mut self, choose: impl FnOnce(ObserveLayer) -> ObserveLayer + 'static) -> Self {
        self.layer = Box::new(choose);
        self.chose("layer")
    }

    /// Another sink, told of every exchange after the log and the metrics. Its panics are counted, and fail no request.
    #[must_use]
    pub fn sink(mut self, sink: impl Sink) -> Self {
        self.sink = Some(Arc::new(sink));
        self.chose("sink")
    }

    /// A line for each request that is still running after so long, and again whenever that time has doubled: see
    /// [`cupola_telemetry::Watchdog`].
    #[must_use]
    pub fn watchdog(mut self, limit: Duration) -> Self {
        self.watchdog = Some(limit);
        self.chose(&format!("watchdog={limit:?}"))
    }

    /// Keeps each request's lines up to this level that the filter does not admit, and writes them if it fails: see
    /// [`cupola_telemetry::HeldLines`].
    #[must_use]
    pub fn hold_back(mut self, level: Level) -> Self {
        self.hold_back = Some(LevelFilter::from_level(level));
        self.chose(&format!("hold_back={level}"))
    }

    /// Makes panics lines of the log: see [`cupola_telemetry::Telemetry::install_panic_hook`].
    #[must_use]
    pub fn panic_hook(mut self) -> Self {
        self.panic_hook = true;
        self.chose("panic_hook")
    }

    /// Where lines go; standard output unless set.
    #[must_use]
    pub fn output(mut self, output: impl Write + Send + 'static) -> Self {
        self.output = Some(Box::new(output));
        self.chose("output")
    }

    /// Variables that the application reads itself although their names begin with `CUPOLA_`: nobody is told that nothing reads them.
    #[must_use]
    pub fn reads(mut self, names: &[&str]) -> Self {
        self.reads.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// Variables from elsewhere than the environment.
    #[must_use]
    pub fn vars(mut self, vars: impl Fn(&str) -> Option<String> + 'static) -> Self {
        self.vars = Box::new(vars);
        self
    }

    /// Log files are in this folder, unless `LOG_DIR` or `LOG_FILE` says otherwise: see
    /// [`FilesConfig`](cupola_telemetry::FilesConfig).
    #[must_use]
    pub fn log_dir(mut self, folder: impl Into<String>) -> Self {
        self.log_dir = Some(folder.into());
        self.chose("log_dir")
    }

    fn chose(mut self, what: &str) -> Self {
        self.chosen.push(what.to_owned());
        self
    }

    /// Builds, installs, and writes the start-up summary.
    pub fn init(self) -> Result<Cupola, InitError> {
        let summary = summary::of(Vars::new(&*self.vars), &self.policy, &self.identify.trust);
        let summary = summary.chosen(&self.chosen, self.version.as_deref());
        let reads = self.reads.clone();
        let cupola = self.build()?;
        cupola.telemetry().install()?;
        if cupola.0.panic_hook {
            cupola.telemetry().install_panic_hook();
        }
        summary.write(cupola.service());
        summary::tell_of_unknown(names_in_environment().filter(|name| !reads.contains(name)));
        cupola.0.keeping.say();
        cupola.0.monitoring.say();
        cupola.0.showing.start(&cupola);
        cupola.0.machine.watch(&cupola);
        wiring::begin(&cupola);
        Ok(cupola)
    }

    /// Builds without touching the process: what it gives works under `with_default` of its dispatch.
    pub fn build(self) -> Result<Cupola, InitError> {
        let http = cupola_http::Config::from_vars(&*self.vars)?;
        let mut log = cupola_telemetry::Config::from_vars(&*self.vars)?;
        let vars = Vars::new(&*self.vars);
        let shutdown_limit = vars.milliseconds("CUPOLA_SHUTDOWN_MS")?.unwrap_or(Duration::from_secs(10));
        let service = vars.text("OTEL_SERVICE_NAME").unwrap_or(self.service);
        let who = Who { service: &service, version: self.version.as_deref() };
        let access_log = AccessLog::new().start_line(http.start_line == Some(true));
        let access_log = http.log_share.map_or(access_log, |share| access_log.sample(share));
        let access_log = if log.api_calls == Some(false) { access_log.errors_only() } else { access_log };
        let access = AccessLines::new(access_log);
        #[cfg(feature = "client")]
        let (call_log, llm_log) = match log.api_calls {
            Some(false) => (CallLines::new(CallLog::new().errors_only()), LlmLog::new().errors_only()),
            _ => (CallLines::new(CallLog::new()), LlmLog::new()),
        };
        let files = files(&service, self.log_dir.as_ref(), &*self.vars)?;
        log.hold_back = log.hold_back.or(self.hold_back);
        let watchdog = log.watchdog.or(self.watchdog);
        let panic_hook = log.panic_hook.unwrap_or(self.panic_hook);
        let terminal = self.output.is_none() && std::io::stdout().is_terminal();
        let telemetry = Telemetry::builder(log).policy(self.policy.clone()).terminal(terminal);
        let sampler = http.sampler.unwrap_or(self.identify.sampler);
        let machine = Machine::from_vars(vars)?;
        let telemetry = match &machine.lines {
            Some(fields) => telemetry.system(fields.clone()),
            None => telemetry,
        };
        let keeping = Keeping::from_vars(vars, &self.policy)?;
        let telemetry = match keeping.tap(&service) {
            Some(tap) => telemetry.tap(tap),
            None => telemetry,
        };
        let mut telemetry = spans::configure(telemetry, who, &*self.vars, sampler, &keeping)?;
        telemetry = push::logs(telemetry, who, &*self.vars)?;
        telemetry = files.into_iter().fold(telemetry, cupola_telemetry::Builder::files);
        if let Some(output) = self.output {
            telemetry = telemetry.output(output);
        }
        let telemetry = telemetry.build()?;
        let monitoring = Monitoring::from_vars(vars, self.notifiers, &keeping, &telemetry)?;
        let showing = Showing::from_vars(vars)?;
        let registry = Registry::new();
        let metrics = RouteMetrics::new(&registry);
        let known = who.known(&*self.vars)?;
        registry.target_info(known.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        own::count_lines(&registry, telemetry.lines().clone());
        own::count_outputs(&registry, telemetry.lines().clone());
        own::count_redactions(&registry, self.policy.clone());
        keeping.count(&registry);
        monitoring.count(&registry);
        let in_flight = InFlight::default();
        let user = self.sink.map(|sink| Shield { sink, panics: own::count_panics(&registry) });
        let watchdog = watchdog.map(|limit| telemetry.watchdog(limit)).transpose()?;
        let held = telemetry.held_lines().cloned();
        let sink = And::new(metrics, And::new(spans::sink(&telemetry), user));
        let sink = And::new(in_flight.clone(), And::new(watchdog, And::new(held, And::new(access, sink))));
        let (alive, ready) = (Checks::new(self.policy.clone()), Checks::new(self.policy.clone()));
        let layer = cupola_http::layer(sink).policy(self.policy.clone()).catch_panics();
        let layer = own::PATHS.iter().chain(showing.paths()).fold(layer, |layer, path| layer.skip(path));
        let mut identify = self.identify;
        identify.spans = telemetry.span_lookup().or(identify.spans);
        #[cfg(feature = "client")]
        let call_layer = {
            let (identify, spans) = (http.identify(identify.clone()), spans::sink(&telemetry));
            calls::layer(&*self.vars, &registry, &self.policy, identify, call_log, spans)?
        };
        #[cfg(feature = "client")]
        let queries = queries::observed(&*self.vars, &registry, identify.spans, spans::sink(&telemetry))?;
        #[cfg(feature = "client")]
        let llm = Llm::new(&*self.vars, &self.policy, llm_log, spans::sink(&telemetry))?;
        #[cfg(feature = "jobs")]
        let jobs = {
            let (identify, spans) = (http.identify(identify.clone()), spans::sink(&telemetry));
            BackgroundJobs::new(&service, &self.policy, identify, spans)
        };
        let layer = http.apply((self.layer)(layer), identify, self.bodies);
        let draining = AtomicBool::new(false);
        let parts = Parts {
            service: service.clone(),
            telemetry,
            registry,
            layer,
            #[cfg(feature = "client")]
            call_layer,
            #[cfg(feature = "client")]
            llm,
            #[cfg(feature = "client")]
            queries,
            #[cfg(feature = "jobs")]
            jobs,
            #[cfg(feature = "jobs")]
            works: crate::executions::Works::new(&self.policy),
            alive,
            ready,
            in_flight,
            keeping,
            monitoring,
            showing,
            shutdown_limit,
            draining,
            ending: OnceLock::new(),
            machine,
            panic_hook,
            layer_taken: AtomicBool::new(false),
            #[cfg(feature = "otel")]
            meter: std::sync::OnceLock::new(),
        };
        let parts = Arc::new(parts);
        spans::count_exports(&parts);
        push::start(&parts, who, &*self.vars)?;
        parts.monitoring.start(&parts.telemetry).map_err(cupola_telemetry::BuildError::Thread)?;
        Ok(Cupola(parts))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("service", &self.service).finish_non_exhaustive()
    }
}

/// The folder that the code names counts where no variable names files.
fn files(
    service: &str,
    folder: Option<&String>,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<FilesConfig>, VarError> {
    let read = Vars::new(vars);
    let is_named = read.text("LOG_DIR").is_some() || read.text("LOG_FILE").is_some();
    let vars = |name: &str| match name {
        "LOG_DIR" if !is_named => folder.cloned(),
        _ => vars(name),
    };
    FilesConfig::from_vars(service, &vars)
}

/// The one place in the libraries that reads the environment.
#[allow(clippy::disallowed_methods, reason = "the facade reads it for all")]
fn environment(name: &str) -> Option<String> {
    // A value that is no Unicode is shown in the error that it causes, and not taken for an unset one.
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

fn names_in_environment() -> impl Iterator<Item = String> {
    std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned())
}
