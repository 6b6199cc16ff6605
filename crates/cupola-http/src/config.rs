//! Configuration as variables give it, checked.

use std::time::Duration;

use cupola_context::{
    Identify, InvalidTrust, Propagators, RaiseLimit, RequestIdFormat, Sampler, Share, TrustPolicy, UnknownPropagator,
};
use cupola_record::{BodyRules, KnownMethods, Sink, VarError, Vars};

use crate::layer::{ObserveLayer, layer};
use crate::sampling;

/// What variables say about the layer; `None` where they say nothing.
///
/// | variable | accepted | what it does |
/// |---|---|---|
/// | `CUPOLA_TRUST` | a [`TrustPolicy`] | whose ids are adopted, and which proxies are believed |
/// | `CUPOLA_FOREIGN_SAMPLED_PER_SECOND` | a number | how often a caller's sampled flag may raise sampling |
/// | `OTEL_PROPAGATORS` | [`Propagators`] | in which headers traces and baggage travel |
/// | `CUPOLA_REQUEST_ID` | `uuid7` `uuid4` `ulid` `trace-id` | how new ids look |
/// | `CUPOLA_SLOW_MS` | milliseconds | what is marked as slow |
/// | `CUPOLA_TIMEOUT_MS` | milliseconds | 504 where there is no response by then |
/// | `CUPOLA_BODIES` | yes or no | bodies on the access line, masked |
/// | `CUPOLA_BODY_BYTES` | bytes | the most that is kept of each |
/// | `CUPOLA_HEADERS` | yes or no | headers on the access line, masked |
/// | `CUPOLA_TRACERESPONSE` | yes or no | the trace in a `traceresponse` header of each response |
/// | `CUPOLA_SERVER_TIMING` | yes or no | time and trace in a `Server-Timing` header of each response |
/// | `CUPOLA_REQUEST_START` | yes or no | a line when a request begins |
/// | `CUPOLA_BUSY_TIME` | yes or no | the time spent polling, as `busy_ms` and a metric |
/// | `CUPOLA_SKIP` | paths, separated by commas; `*` at an end | what is not recorded |
/// | `OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG` | `always_on` `always_off` `traceidratio`, and each after `parentbased_`; a share | which traces are recorded |
/// | `OTEL_TRACE_SAMPLE_RATE` | a share | older name: `parentbased_traceidratio` with this share |
/// | `CUPOLA_LOG_SAMPLE` | a share | which access lines are written; those of errors and slow requests always are |
/// | `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS` | methods, separated by commas | what is shown by name |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// Whose ids are adopted.
    pub trust: Option<TrustPolicy>,
    /// How often a caller's sampled flag may raise sampling.
    pub raise_limit: Option<RaiseLimit>,
    /// In which headers traces and baggage travel.
    pub propagators: Option<Propagators>,
    /// How new ids look.
    pub request_id: Option<RequestIdFormat>,
    /// Which traces are recorded.
    pub sampler: Option<Sampler>,
    /// Which share of access lines is written.
    pub log_share: Option<Share>,
    /// What is marked as slow.
    pub slow_after: Option<Duration>,
    /// When to give up.
    pub timeout: Option<Duration>,
    /// Whether bodies are captured.
    pub bodies: Option<bool>,
    /// The most that is kept of each body.
    pub body_bytes: Option<usize>,
    /// Whether headers are shown.
    pub headers: Option<bool>,
    /// Whether responses have a `traceresponse` header.
    pub traceresponse: Option<bool>,
    /// Whether responses have a `Server-Timing` header.
    pub server_timing: Option<bool>,
    /// Whether a request's beginning has a line.
    pub start_line: Option<bool>,
    /// Whether the time spent polling is measured.
    pub busy_time: Option<bool>,
    /// What is not recorded.
    pub skip: Option<Vec<String>>,
    /// Which methods are shown by name.
    pub known_methods: Option<KnownMethods>,
}

impl Config {
    /// Reads the variables; an empty value is an unset one.
    ///
    /// ```
    /// let vars = |name: &str| (name == "CUPOLA_TRUST").then(|| "everyone".to_owned());
    /// let error = cupola_http::Config::from_vars(&vars).unwrap_err();
    /// assert!(error.to_string().starts_with("CUPOLA_TRUST is `everyone`; accepted: never, private, always or "));
    /// ```
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, VarError> {
        let vars = Vars::new(vars);
        Ok(Self {
            trust: trust(vars)?,
            raise_limit: vars.parsed(RAISE_LIMIT, "a number of traces")?.map(RaiseLimit::per_second),
            propagators: propagators(vars)?,
            request_id: vars.parsed("CUPOLA_REQUEST_ID", "uuid7, uuid4, ulid or trace-id")?,
            sampler: sampling::sampler(vars)?,
            log_share: sampling::lines(vars)?,
            slow_after: vars.milliseconds("CUPOLA_SLOW_MS")?,
            timeout: vars.milliseconds("CUPOLA_TIMEOUT_MS")?,
            bodies: vars.yes_or_no("CUPOLA_BODIES")?,
            body_bytes: vars.parsed("CUPOLA_BODY_BYTES", "a number of bytes")?,
            headers: vars.yes_or_no("CUPOLA_HEADERS")?,
            traceresponse: vars.yes_or_no("CUPOLA_TRACERESPONSE")?,
            server_timing: vars.yes_or_no("CUPOLA_SERVER_TIMING")?,
            start_line: vars.yes_or_no("CUPOLA_REQUEST_START")?,
            busy_time: vars.yes_or_no("CUPOLA_BUSY_TIME")?,
            skip: vars.read("CUPOLA_SKIP", "paths that begin with /, separated by commas", |_| paths(vars))?,
            known_methods: KnownMethods::from_vars(vars)?,
        })
    }

    /// A layer that tells `sink`, as the variables say.
    pub fn layer(&self, sink: impl Sink) -> ObserveLayer {
        self.apply(layer(sink), Identify::default(), None)
    }

    /// The layer, changed by what the variables say.
    pub fn apply(&self, mut layer: ObserveLayer, identify: Identify, mut bodies: Option<BodyRules>) -> ObserveLayer {
        layer = layer.identify(self.identify(identify));
        if let Some(limit) = self.slow_after {
            layer = layer.slow_after(limit);
        }
        if let Some(limit) = self.timeout {
            layer = layer.timeout(limit);
        }
        if let Some(methods) = &self.known_methods {
            layer = layer.known_methods(methods.clone());
        }
        if self.headers == Some(true) {
            layer = layer.headers();
        }
        if self.busy_time == Some(true) {
            layer = layer.busy_time();
        }
        layer = layer.tell(self.traceresponse, self.server_timing);
        if let Some(on) = self.bodies {
            bodies = on.then(|| bodies.unwrap_or_default());
        }
        if let Some(rules) = bodies {
            layer = layer.bodies(self.body_bytes.map_or(rules.clone(), |bytes| rules.cap(bytes)));
        }
        self.skip.iter().flatten().fold(layer, |layer, path| layer.skip(path))
    }

    /// Puts it over how the code wants requests to be identified.
    pub fn identify(&self, mut identify: Identify) -> Identify {
        identify.trust = self.trust.clone().unwrap_or(identify.trust);
        identify.format = self.request_id.unwrap_or(identify.format);
        identify.raise_limit = self.raise_limit.clone().unwrap_or(identify.raise_limit);
        identify.propagators = self.propagators.unwrap_or(identify.propagators);
        identify.sampler = self.sampler.unwrap_or(identify.sampler);
        identify
    }
}

const RAISE_LIMIT: &str = "CUPOLA_FOREIGN_SAMPLED_PER_SECOND";

fn trust(vars: Vars<'_>) -> Result<Option<TrustPolicy>, VarError> {
    const NAME: &str = "CUPOLA_TRUST";
    let Some(value) = vars.text(NAME) else { return Ok(None) };
    let wrong =
        |error: InvalidTrust| VarError::new(NAME, value.clone(), InvalidTrust::ACCEPTED).because(error.detail());
    value.parse().map(Some).map_err(wrong)
}

fn propagators(vars: Vars<'_>) -> Result<Option<Propagators>, VarError> {
    const NAME: &str = "OTEL_PROPAGATORS";
    let Some(value) = vars.text(NAME) else { return Ok(None) };
    let wrong = |error: UnknownPropagator| {
        VarError::new(NAME, value.clone(), UnknownPropagator::ACCEPTED).because(Some(error.to_string()))
    };
    value.parse().map(Some).map_err(wrong)
}

fn paths(vars: Vars<'_>) -> Option<Vec<String>> {
    Some(vars.list("CUPOLA_SKIP")).filter(|paths| paths.iter().all(|path| path.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<Config, VarError> {
        Config::from_vars(&move |asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn each_variable_finds_its_place() {
        assert_eq!(read("CUPOLA_BODIES", "Yes").unwrap().bodies, Some(true));
        assert_eq!(read("CUPOLA_SLOW_MS", " 250 ").unwrap().slow_after, Some(Duration::from_millis(250)));
        assert_eq!(read("CUPOLA_SKIP", "/a, /b/*,").unwrap().skip.unwrap(), ["/a", "/b/*"]);
        assert_eq!(read("CUPOLA_TRUST", "Never").unwrap().trust.unwrap().to_string(), "never");
        assert_eq!(read("CUPOLA_REQUEST_ID", "ULID").unwrap().request_id, Some(RequestIdFormat::Ulid));
    }

    #[test]
    fn the_part_that_is_wrong_is_named() {
        let error = read("CUPOLA_TRUST", "peers:10.0.0.0/33;hops=1").unwrap_err().to_string();
        let begin =
            "CUPOLA_TRUST is `peers:10.0.0.0/33;hops=1`: the prefix of `10.0.0.0/33` is not 0 to 32; accepted: ";
        assert_eq!(error, format!("{begin}{}", InvalidTrust::ACCEPTED));
        let error = read("OTEL_PROPAGATORS", "b3,jaeger").unwrap_err().to_string();
        let begin = "OTEL_PROPAGATORS is `b3,jaeger`: `jaeger` is no propagator that is known here; accepted: ";
        assert_eq!(error, format!("{begin}{}", UnknownPropagator::ACCEPTED));
    }

    #[test]
    fn what_would_do_nothing_is_refused() {
        let check = |name, value, text: &str| assert_eq!(read(name, value).unwrap_err().to_string(), text);
        check("CUPOLA_TIMEOUT_MS", "0", "CUPOLA_TIMEOUT_MS is `0`; accepted: a number of milliseconds, at least 1");
        check(
            "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS",
            "GET POST",
            "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS is `GET POST`; accepted: methods, separated by commas",
        );
        let accepted = "paths that begin with /, separated by commas";
        check("CUPOLA_SKIP", "/a,b", &format!("CUPOLA_SKIP is `/a,b`; accepted: {accepted}"));
    }
}
