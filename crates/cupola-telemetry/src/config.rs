//! Configuration as variables give it, checked.

use std::time::Duration;

use cupola_record::{VarError, Vars};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::Targets;

/// What variables say about the log; `None` where they say nothing.
///
/// | variable | accepted | what it does |
/// |---|---|---|
/// | `RUST_LOG` | directives, as `tracing-subscriber` reads them | what is logged; stronger than `LOG_LEVEL` |
/// | `LOG_LEVEL` | `error` `warn` `info` `debug` `trace` `off` | the same for everything at once |
/// | `LOG_FORMAT` | `json`, `pretty` or `text` | how lines look; unset: pretty on a terminal |
/// | `LOG_API_CALLS` | yes or no | whether requests have a line; those that fail have theirs all the same |
/// | `CUPOLA_LOG_OUTPUT` | `stdout`, `stderr`, `files`, `none`; several separated by commas | where lines go; unset: to standard output, and to files where there are any: see [`crate::FilesConfig`] |
/// | `DEBUG` | yes or no; anything else is somebody else's | the level `debug` unless another is said, and the console beside files |
/// | `NO_COLOR` | anything | no colours on a terminal |
/// | `CUPOLA_LOG_QUEUE_BYTES` | bytes | how much may wait for the output |
/// | `CUPOLA_HOLD_BACK` | `debug` `trace` `off` | up to which level lines of a request are kept, and written if it fails: see [`crate::HeldLines`] |
/// | `CUPOLA_LOG_COLLAPSE_MS` | milliseconds | of lines of one callsite that say the same (message and fields, whatever their request) within so long only the first is written, and then one that says how many there were more (`repeated`); a thousand kinds of lines are watched at once, lines of more than 4 KiB and access lines never |
/// | `CUPOLA_PANIC_HOOK` | yes or no | a panic is a line of the log: see [`crate::Telemetry::install_panic_hook`] |
/// | `CUPOLA_WATCHDOG_MS` | milliseconds | a line for each request that is still running after so long |
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {
    /// Filter directives.
    pub filter: Option<String>,
    /// How lines look.
    pub format: Option<Format>,
    /// Which of the process's own outputs gets lines.
    pub console: Console,
    /// Whether requests have a line.
    pub api_calls: Option<bool>,
    /// No colours, even on a terminal.
    pub no_color: bool,
    /// How many bytes may wait for the output.
    pub queue_bytes: Option<usize>,
    /// Up to which level lines of a request are kept, to be written if it fails.
    pub hold_back: Option<LevelFilter>,
    /// Within how long lines that say the same are one, and a count.
    pub collapse: Option<Duration>,
    /// Whether a panic is a line of the log.
    pub panic_hook: Option<bool>,
    /// After how long a request that is still running is told of.
    pub watchdog: Option<Duration>,
}

/// The process's own output that gets lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Console {
    /// Standard output, or what the code gives in its place.
    #[default]
    Stdout,
    /// Standard error.
    Stderr,
    /// None: lines go into files alone, or nowhere.
    None,
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
    pub fn from_vars(vars: &dyn Fn(&str) -> Option<String>) -> Result<Self, VarError> {
        let vars = Vars::new(vars);
        let level = vars.read("LOG_LEVEL", "error, warn, info, debug, trace or off", level)?;
        let debug = matches!(vars.yes_or_no("DEBUG"), Ok(Some(true)));
        let level = level.or(debug.then_some("debug"));
        let filter = vars.text("RUST_LOG").or_else(|| level.map(str::to_owned));
        let console = vars.read("CUPOLA_LOG_OUTPUT", OUTPUTS, console)?.unwrap_or_default();
        if let Some(directives) = &filter {
            Filter::new(directives)?;
        }
        Ok(Self {
            filter,
            console: if debug && console == Console::None { Console::Stdout } else { console },
            format: vars.read("LOG_FORMAT", "json, pretty or text", format)?,
            api_calls: vars.yes_or_no("LOG_API_CALLS")?,
            no_color: vars.text("NO_COLOR").is_some(),
            queue_bytes: vars.read("CUPOLA_LOG_QUEUE_BYTES", "a number of bytes, at least 524288", queue_bytes)?,
            hold_back: vars.read("CUPOLA_HOLD_BACK", "debug, trace or off", hold_back)?,
            collapse: vars.milliseconds("CUPOLA_LOG_COLLAPSE_MS")?,
            panic_hook: vars.yes_or_no("CUPOLA_PANIC_HOOK")?,
            watchdog: vars.milliseconds("CUPOLA_WATCHDOG_MS")?,
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
    pub(crate) fn new(directives: &str) -> Result<Self, VarError> {
        let filter = if directives.contains('[') {
            EnvFilter::try_new(directives).ok().map(|filter| Self::Env(Box::new(filter)))
        } else {
            directives.parse().ok().map(Self::Targets)
        };
        let accepted = "directives such as `info` or `warn,my_app=debug`";
        filter.ok_or_else(|| VarError::new("RUST_LOG", directives.to_owned(), accepted))
    }
}

fn level(value: &str) -> Option<&'static str> {
    match value.to_ascii_lowercase().as_str() {
        "critical" | "fatal" | "error" => Some("error"),
        "warning" | "warn" => Some("warn"),
        "info" => Some("info"),
        "debug" => Some("debug"),
        "trace" => Some("trace"),
        "off" => Some("off"),
        _ => None,
    }
}

/// What `CUPOLA_LOG_OUTPUT` takes.
pub(crate) const OUTPUTS: &str = "stdout or stderr, files, none";

fn console(value: &str) -> Option<Console> {
    let mut console = Console::None;
    for output in value.split(',').map(|output| output.trim().to_ascii_lowercase()) {
        let one = match output.as_str() {
            "stdout" => Console::Stdout,
            "stderr" => Console::Stderr,
            "files" | "none" => continue,
            _ => return None,
        };
        // One of the two: the same lines twice on one terminal help nobody.
        if console != Console::None && console != one {
            return None;
        }
        console = one;
    }
    Some(console)
}

fn hold_back(value: &str) -> Option<LevelFilter> {
    match value.to_ascii_lowercase().as_str() {
        "debug" => Some(LevelFilter::DEBUG),
        "trace" => Some(LevelFilter::TRACE),
        "off" => Some(LevelFilter::OFF),
        _ => None,
    }
}

fn format(value: &str) -> Option<Format> {
    match value.to_ascii_lowercase().as_str() {
        "json" => Some(Format::Json),
        "pretty" | "text" => Some(Format::Pretty),
        _ => None,
    }
}

fn queue_bytes(value: &str) -> Option<usize> {
    value.parse().ok().filter(|bytes| *bytes >= MIN_QUEUE_BYTES)
}

/// Room for two lines of the longest kind.
const MIN_QUEUE_BYTES: usize = 512 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&str, &str)]) -> Result<Config, VarError> {
        Config::from_vars(&|asked| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn rust_log_is_stronger_than_log_level() {
        let config = read(&[("RUST_LOG", "warn,app=debug"), ("LOG_LEVEL", "INFO")]).unwrap();
        assert_eq!(config.filter.as_deref(), Some("warn,app=debug"));
        assert_eq!(read(&[("LOG_LEVEL", "WARNING")]).unwrap().filter.as_deref(), Some("warn"));
    }

    #[test]
    fn outputs_are_a_set() {
        let check = |pairs, expected: Console, filter: Option<&str>| {
            let config = read(pairs).unwrap();
            assert_eq!((config.console, config.filter.as_deref()), (expected, filter), "{pairs:?}");
        };
        check(&[], Console::Stdout, None);
        check(&[("CUPOLA_LOG_OUTPUT", "stdout, files")], Console::Stdout, None);
        check(&[("CUPOLA_LOG_OUTPUT", "FILES,stderr")], Console::Stderr, None);
        check(&[("CUPOLA_LOG_OUTPUT", "files")], Console::None, None);
        check(&[("CUPOLA_LOG_OUTPUT", "none"), ("DEBUG", "false")], Console::None, None);
        check(&[("CUPOLA_LOG_OUTPUT", "files"), ("DEBUG", "true")], Console::Stdout, Some("debug"));
        check(&[("DEBUG", "1"), ("LOG_LEVEL", "warn")], Console::Stdout, Some("warn"));
        check(&[("DEBUG", "express:*")], Console::Stdout, None);
    }

    #[test]
    fn a_bad_value_names_itself() {
        let check = |pairs, text: &str| assert_eq!(read(pairs).unwrap_err().to_string(), text);
        check(&[("LOG_FORMAT", "xml")], "LOG_FORMAT is `xml`; accepted: json, pretty or text");
        check(&[("LOG_LEVEL", "loud")], "LOG_LEVEL is `loud`; accepted: error, warn, info, debug, trace or off");
        check(
            &[("RUST_LOG", "app=loud")],
            "RUST_LOG is `app=loud`; accepted: directives such as `info` or `warn,my_app=debug`",
        );
        check(
            &[("CUPOLA_LOG_OUTPUT", "stdout,stderr")],
            "CUPOLA_LOG_OUTPUT is `stdout,stderr`; accepted: stdout or stderr, files, none",
        );
        check(&[("LOG_API_CALLS", "maybe")], "LOG_API_CALLS is `maybe`; accepted: true or false");
    }

    #[test]
    fn span_directives_take_the_other_filter() {
        assert!(matches!(Filter::new("info,app=debug").unwrap(), Filter::Targets(_)));
        assert!(matches!(Filter::new("info,app[request]=debug").unwrap(), Filter::Env(_)));
    }
}
