//! Configuration as variables give it, checked.

use std::fmt;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Targets;

/// What variables say about the log; `None` where they say nothing.
///
/// | variable | accepted | what it does |
/// |---|---|---|
/// | `RUST_LOG` | directives, as `tracing-subscriber` reads them | what is logged; stronger than `LOG_LEVEL` |
/// | `LOG_LEVEL` | `error` `warn` `info` `debug` `trace` `off` | the same for everything at once |
/// | `LOG_FORMAT` | `json`, `pretty` or `text` | how lines look; unset: pretty on a terminal |
/// | `LOG_API_CALLS` | yes or no | whether requests have a line |
/// | `NO_COLOR` | anything | no colours on a terminal |
/// | `CUPOLA_LOG_QUEUE_BYTES` | bytes | how much may wait for the output |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// Filter directives.
    pub filter: Option<String>,
    /// How lines look.
    pub format: Option<Format>,
    /// Whether requests have a line.
    pub api_calls: Option<bool>,
    /// No colours, even on a terminal.
    pub no_color: bool,
    /// How many bytes may wait for the output.
    pub queue_bytes: Option<usize>,
}

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Json,
    /// For people, coloured on a terminal.
    Pretty,
}

impl Config {
    /// Reads the variables; an empty value is an unset one.
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let var = |name: &str| vars(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let level = var("LOG_LEVEL").map(|value| level(&value)).transpose()?;
        let filter = var("RUST_LOG").or(level);
        if let Some(directives) = &filter {
            Filter::new(directives)?;
        }
        Ok(Self {
            filter,
            format: var("LOG_FORMAT").map(|value| format(&value)).transpose()?,
            api_calls: var("LOG_API_CALLS").map(|value| yes_or_no("LOG_API_CALLS", &value)).transpose()?,
            no_color: var("NO_COLOR").is_some(),
            queue_bytes: var("CUPOLA_LOG_QUEUE_BYTES").map(|value| queue_bytes(&value)).transpose()?,
        })
    }
}

/// One filter for everything: the cheap kind, unless a directive names a span or a field.
#[derive(Debug)]
pub(crate) enum Filter {
    Targets(Targets),
    Env(Box<EnvFilter>),
}

impl Filter {
    pub(crate) fn new(directives: &str) -> Result<Self, ConfigError> {
        let refused = |_| ConfigError {
            name: "RUST_LOG",
            value: directives.to_owned(),
            accepted: "directives such as `info` or `warn,my_app=debug`",
        };
        if directives.contains('[') {
            let filter = EnvFilter::try_new(directives);
            return filter.map(|filter| Self::Env(Box::new(filter))).map_err(|_| refused(()));
        }
        directives.parse().map(Self::Targets).map_err(|_| refused(()))
    }
}

fn level(value: &str) -> Result<String, ConfigError> {
    let lower = value.to_ascii_lowercase();
    match lower.as_str() {
        "error" | "warn" | "info" | "debug" | "trace" | "off" => Ok(lower),
        "warning" => Ok("warn".to_owned()),
        "critical" | "fatal" => Ok("error".to_owned()),
        _ => Err(ConfigError {
            name: "LOG_LEVEL",
            value: value.to_owned(),
            accepted: "error, warn, info, debug, trace or off",
        }),
    }
}

fn format(value: &str) -> Result<Format, ConfigError> {
    match value.to_ascii_lowercase().as_str() {
        "json" => Ok(Format::Json),
        "pretty" | "text" => Ok(Format::Pretty),
        _ => Err(ConfigError { name: "LOG_FORMAT", value: value.to_owned(), accepted: "json, pretty or text" }),
    }
}

fn yes_or_no(name: &'static str, value: &str) -> Result<bool, ConfigError> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(ConfigError { name, value: value.to_owned(), accepted: "true or false" }),
    }
}

fn queue_bytes(value: &str) -> Result<usize, ConfigError> {
    let bytes = value.parse().ok().filter(|bytes| *bytes >= MIN_QUEUE_BYTES);
    bytes.ok_or_else(|| ConfigError {
        name: "CUPOLA_LOG_QUEUE_BYTES",
        value: value.to_owned(),
        accepted: "a number of bytes, at least 524288",
    })
}

/// Room for two lines of the longest kind.
const MIN_QUEUE_BYTES: usize = 512 * 1024;

/// A variable has a value that is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    name: &'static str,
    value: String,
    accepted: &'static str,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, accepted } = self;
        write!(f, "{name} is `{value}`: {accepted} is accepted")
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&str, &str)]) -> Result<Config, ConfigError> {
        Config::from_vars(&|asked| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn rust_log_is_stronger_than_log_level() {
        let config = read(&[("RUST_LOG", "warn,app=debug"), ("LOG_LEVEL", "INFO")]).unwrap();
        assert_eq!(config.filter.as_deref(), Some("warn,app=debug"));
        assert_eq!(read(&[("LOG_LEVEL", "WARNING")]).unwrap().filter.as_deref(), Some("warn"));
    }

    #[test]
    fn a_bad_value_names_itself() {
        let check = |pairs, text: &str| assert_eq!(read(pairs).unwrap_err().to_string(), text);
        check(&[("LOG_FORMAT", "xml")], "LOG_FORMAT is `xml`: json, pretty or text is accepted");
        check(&[("LOG_LEVEL", "loud")], "LOG_LEVEL is `loud`: error, warn, info, debug, trace or off is accepted");
        check(
            &[("RUST_LOG", "app=loud")],
            "RUST_LOG is `app=loud`: directives such as `info` or `warn,my_app=debug` is accepted",
        );
        check(&[("LOG_API_CALLS", "maybe")], "LOG_API_CALLS is `maybe`: true or false is accepted");
    }

    #[test]
    fn span_directives_take_the_other_filter() {
        assert!(matches!(Filter::new("info,app=debug").unwrap(), Filter::Targets(_)));
        assert!(matches!(Filter::new("info,app[request]=debug").unwrap(), Filter::Env(_)));
    }
}
