//! Where to export to, and how: the `OTEL_EXPORTER_OTLP_*` variables.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use cupola_record::{VarError, Vars};
use cupola_redact::{KeyPolicy, REDACTED};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::names::Signal;
use super::resource::pairs;
use super::taker::Taker;

/// How messages are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// Protobuf in the body of a POST: `http/protobuf`.
    #[default]
    Http,
    /// gRPC: `grpc`.
    Grpc,
}

/// Where and how one signal is exported.
///
/// Each variable exists for the signal too (`OTEL_EXPORTER_OTLP_TRACES_ENDPOINT`), and then wins.
///
/// | variable | accepted | unset |
/// |---|---|---|
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | a URL; for http/protobuf `v1/traces` and the like are added, but not to a signal's own | this machine, port 4318, or 4317 for gRPC |
/// | `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf` or `grpc` | `http/protobuf` |
/// | `OTEL_EXPORTER_OTLP_HEADERS` | `name=value` pairs, separated by commas, values percent-encoded | none |
/// | `OTEL_EXPORTER_OTLP_TIMEOUT` | milliseconds that one attempt may take | 10000 |
/// | `OTEL_EXPORTER_OTLP_COMPRESSION` | `gzip` or `none` | `none` |
/// | `OTEL_EXPORTER_OTLP_INSECURE` | yes or no: whether a gRPC endpoint without a scheme is without TLS | no |
/// | `OTEL_EXPORTER_OTLP_CERTIFICATE` | a PEM file of the authorities to trust | the system's |
/// | `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`, `OTEL_EXPORTER_OTLP_CLIENT_KEY` | PEM files, to prove who the client is | none |
/// | `CUPOLA_OTLP_QUEUE_BYTES` | bytes that may wait, for each signal | 16777216 |
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The whole URL to send to.
    pub endpoint: Uri,
    /// How.
    pub protocol: Protocol,
    /// Headers of every request; often they hold a key.
    pub headers: HeaderMap,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// Whether messages are compressed.
    pub gzip: bool,
    /// The PEM file of the authorities to trust.
    pub certificate: Option<PathBuf>,
    /// The PEM files of the client's own certificate and key.
    pub client_identity: Option<(PathBuf, PathBuf)>,
    /// How many bytes may wait.
    pub queue_bytes: usize,
    /// How many items may wait, where that is bounded too.
    pub queue_items: Option<u64>,
    /// For how long a message is tried: what is older nobody waits for.
    pub give_up: Duration,
    /// Who is handed messages, instead of an endpoint.
    pub(crate) taker: Option<Taker>,
}

const QUEUE_BYTES: usize = 16 * 1024 * 1024;

const GIVE_UP: Duration = Duration::from_secs(300);

/// Room for two messages of the usual size.
const MIN_QUEUE_BYTES: usize = 1024 * 1024;

impl Config {
    /// Reads the variables of one signal.
    pub fn from_vars(signal: Signal, vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, VarError> {
        let (vars, names) = (Vars::new(vars), signal.var_names());
        let protocol = first(vars, names.protocol, "http/protobuf or grpc", protocol)?.unwrap_or_default();
        let insecure = insecure(vars, names.insecure)?;
        let file = |pair: [&'static str; 2]| pair.iter().find_map(|name| vars.text(name)).map(PathBuf::from);
        let bytes = vars.read("CUPOLA_OTLP_QUEUE_BYTES", "a number of bytes, at least 1048576", |text| {
            text.parse().ok().filter(|bytes| *bytes >= MIN_QUEUE_BYTES)
        })?;
        Ok(Self {
            endpoint: endpoint(vars, signal, protocol, insecure)?,
            protocol,
            headers: headers(vars, names.headers)?,
            timeout: first(vars, names.timeout, "a number of milliseconds, at least 1", milliseconds)?
                .unwrap_or(Duration::from_secs(10)),
            gzip: first(vars, names.compression, "gzip or none", compression)?.unwrap_or_default(),
            certificate: file(names.certificate),
            client_identity: file(names.client_certificate).zip(file(names.client_key)),
            queue_bytes: bytes.unwrap_or(QUEUE_BYTES),
            queue_items: None,
            give_up: GIVE_UP,
            taker: None,
        })
    }

    /// Hands messages to somebody within the process.
    pub fn here(taker: Taker) -> Self {
        Self {
            endpoint: Uri::default(),
            protocol: Protocol::Http,
            headers: HeaderMap::new(),
            timeout: GIVE_UP,
            gzip: false,
            certificate: None,
            client_identity: None,
            queue_bytes: QUEUE_BYTES,
            queue_items: None,
            give_up: GIVE_UP,
            taker: Some(taker),
        }
    }

    /// The endpoint without its path, as lines show it.
    pub(crate) fn origin(&self) -> String {
        if self.taker.is_some() {
            return "here".to_owned();
        }
        let (scheme, authority) = (self.endpoint.scheme_str(), self.endpoint.authority());
        format!("{}://{}", scheme.unwrap_or("http"), authority.map_or("", |authority| authority.as_str()))
    }
}

/// Without the headers' values.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("origin", &self.origin())
            .field("protocol", &self.protocol)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("timeout", &self.timeout)
            .field("gzip", &self.gzip)
            .finish_non_exhaustive()
    }
}

/// The signal's own variable, else the general one.
fn first<T>(
    vars: Vars<'_>,
    [own, general]: [&'static str; 2],
    accepted: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, VarError> {
    match vars.read(own, accepted, &read)? {
        Some(value) => Ok(Some(value)),
        None => vars.read(general, accepted, &read),
    }
}

/// Whether variables name an endpoint for this signal.
pub(crate) fn has_endpoint(signal: Signal, vars: Vars<'_>) -> bool {
    signal.var_names().endpoint.iter().any(|name| vars.text(name).is_some())
}

fn endpoint(vars: Vars<'_>, signal: Signal, protocol: Protocol, insecure: bool) -> Result<Uri, VarError> {
    let [own, general] = signal.var_names().endpoint;
    let (name, text) = match vars.text(own).or_else(|| vars.text(general)) {
        Some(text) if vars.text(own).is_some() => (own, text),
        Some(text) => (general, text),
        None => (general, default_endpoint(protocol).to_owned()),
    };
    let with_scheme = match protocol {
        // gRPC's endpoints may be written without a scheme.
        Protocol::Grpc if !text.contains("://") => format!("{}://{text}", if insecure { "http" } else { "https" }),
        _ => text.clone(),
    };
    let read = || {
        let uri: Uri = with_scheme.parse().ok()?;
        let parts = uri.clone().into_parts();
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        let plain = parts.authority.as_ref().is_some_and(|authority| !authority.as_str().contains('@'));
        (known && plain && uri.query().is_none()).then_some(())?;
        let path = match protocol {
            Protocol::Grpc => signal.grpc_path().to_owned(),
            Protocol::Http if name == own => uri.path().to_owned(),
            Protocol::Http => format!("{}/{}", uri.path().trim_end_matches('/'), signal.http_path()),
        };
        Uri::builder().scheme(parts.scheme?).authority(parts.authority?).path_and_query(path).build().ok()
    };
    let shown = || KeyPolicy::default().url(&text).as_str().to_owned();
    read().ok_or_else(|| VarError::new(name, shown(), "a URL such as http://collector:4318, without user and query"))
}

const fn default_endpoint(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Http => "http://localhost:4318",
        Protocol::Grpc => "http://localhost:4317",
    }
}

/// A value that is not accepted is not shown: it may hold a key.
fn headers(vars: Vars<'_>, names: [&'static str; 2]) -> Result<HeaderMap, VarError> {
    let accepted = "name=value pairs, separated by commas, values percent-encoded";
    let mut headers = HeaderMap::new();
    // The general ones first: a signal's own win.
    for name in names.into_iter().rev() {
        let Some(text) = vars.text(name) else { continue };
        let read = pairs(&text).and_then(|pairs| pairs.iter().map(header).collect::<Option<Vec<_>>>());
        for (name, value) in read.ok_or_else(|| VarError::new(name, REDACTED.to_owned(), accepted))? {
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

fn header((name, value): &(String, String)) -> Option<(HeaderName, HeaderValue)> {
    let (name, mut value) = (name.parse().ok()?, HeaderValue::from_str(value).ok()?);
    value.set_sensitive(true);
    Some((name, value))
}

fn protocol(text: &str) -> Option<Protocol> {
    match text {
        "http/protobuf" => Some(Protocol::Http),
        "grpc" => Some(Protocol::Grpc),
        _ => None,
    }
}

fn compression(text: &str) -> Option<bool> {
    match text {
        "gzip" => Some(true),
        "none" => Some(false),
        _ => None,
    }
}

fn insecure(vars: Vars<'_>, [own, general]: [&'static str; 2]) -> Result<bool, VarError> {
    Ok(vars.yes_or_no(own)?.or(vars.yes_or_no(general)?).unwrap_or_default())
}

fn milliseconds(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|ms| *ms > 0).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, VarError> {
        let value = |asked: &str| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
        Config::from_vars(Signal::Traces, &value)
    }

    #[test]
    fn endpoints_as_the_specification_reads_them() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            assert_eq!(read(pairs).unwrap().endpoint.to_string(), expected, "{pairs:?}");
        };
        let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        let all = |url| ("OTEL_EXPORTER_OTLP_ENDPOINT", url);
        let own = |url| ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", url);
        let method = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
        check(&[], "http://localhost:4318/v1/traces");
        check(&[all("http://collector:4318")], "http://collector:4318/v1/traces");
        check(&[all("https://collector/otlp/")], "https://collector/otlp/v1/traces");
        check(&[all("http://collector:4318"), own("http://spans/in")], "http://spans/in");
        check(&[own("http://spans")], "http://spans/");
        check(&[grpc], &format!("http://localhost:4317/{method}"));
        check(&[grpc, all("http://collector:4317/ignored")], &format!("http://collector:4317/{method}"));
        check(&[grpc, all("collector:4317")], &format!("https://collector:4317/{method}"));
        let insecure = ("OTEL_EXPORTER_OTLP_INSECURE", "Yes");
        check(&[grpc, insecure, all("collector:4317")], &format!("http://collector:4317/{method}"));
        check(&[grpc, own("http://[::1]:4317")], &format!("http://[::1]:4317/{method}"));
    }

    #[test]
    fn a_signals_own_variables_win() {
        let config = read(&[
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "250"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=general,tenant=a"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "api-key=own%20one"),
        ]);
        let config = config.unwrap();
        assert_eq!((config.protocol, config.gzip, config.timeout.as_millis()), (Protocol::Grpc, true, 250));
        assert!(config.headers["api-key"] == "own one" && config.headers["tenant"] == "a");
        assert!(!format!("{config:?}").contains("own one"));
    }

    #[test]
    fn a_bad_value_names_itself_and_shows_no_secret() {
        let check = |name, value, text: &str| assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), text);
        let pairs = "name=value pairs, separated by commas, values percent-encoded";
        let url = "a URL such as http://collector:4318, without user and query";
        check(
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "http/json",
            "OTEL_EXPORTER_OTLP_PROTOCOL is `http/json`; accepted: http/protobuf or grpc",
        );
        check(
            "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
            "zstd",
            "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION is `zstd`; accepted: gzip or none",
        );
        check(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "api key=hunter2",
            &format!("OTEL_EXPORTER_OTLP_HEADERS is `[REDACTED]`; accepted: {pairs}"),
        );
        check(
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector",
            &format!("OTEL_EXPORTER_OTLP_ENDPOINT is `collector`; accepted: {url}"),
        );
        let error = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://ada:hunter2@collector")]).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
