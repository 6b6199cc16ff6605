//! Whether spans are exported, where to, and how many at once.

use std::time::Duration;

use cupola_record::{VarError, Vars};

use crate::otlp::{self, Resource, Signal, Taker};

/// What variables say about spans.
///
/// | variable | accepted | unset |
/// |---|---|---|
/// | `OTEL_SDK_DISABLED` | yes or no: nothing is exported at all | no |
/// | `OTEL_TRACES_EXPORTER` | `otlp`, `console`, `none`; several separated by commas | `otlp` where an endpoint is set, else none |
/// | `OTEL_EXPORT_CONSOLE` | yes or no: older name of `console` | no |
/// | `OTEL_BSP_SCHEDULE_DELAY` | milliseconds after which what has gathered is sent | 5000 |
/// | `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` | spans of one message | 512 |
/// | `OTEL_BSP_MAX_QUEUE_SIZE` | spans that may wait | as many as there is room for in bytes |
/// | `OTEL_BSP_EXPORT_TIMEOUT` | milliseconds for which a message is tried again and again | 300000 |
///
/// Where to and how is in [`otlp::Config`]; who is, in [`Resource`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TracesConfig {
    /// Where spans are sent, if anywhere.
    pub otlp: Option<otlp::Config>,
    /// Who takes spans within the process, as the bytes of `ExportTraceServiceRequest`s.
    pub here: Option<Taker>,
    /// Whether spans are lines of the log.
    pub console: bool,
    /// After how long what has gathered is sent.
    pub schedule_delay: Duration,
    /// The most spans of one message.
    pub batch_spans: usize,
    /// Which service speaks.
    pub resource: Resource,
}

impl TracesConfig {
    /// Reads the variables; `service` is the name that the code gives. `None` where nothing is to be exported.
    pub fn from_vars(service: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, VarError> {
        Self::with(None, service, vars)
    }

    /// The same, but that spans go to whoever takes them within the process too; `None` where nothing is to be exported at all.
    pub fn here(taker: Taker, service: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, VarError> {
        Self::with(Some(taker), service, vars)
    }

    fn with(
        here: Option<Taker>,
        service: &str,
        vars: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, VarError> {
        let read = Vars::new(vars);
        let mut kinds = exporters(read)?;
        kinds.console |= read.yes_or_no("OTEL_EXPORT_CONSOLE")? == Some(true);
        let disabled = read.yes_or_no("OTEL_SDK_DISABLED")? == Some(true);
        let spans = |name| read.read(name, "a number of spans, at least 1", number);
        let batch_spans = spans("OTEL_BSP_MAX_EXPORT_BATCH_SIZE")?;
        let queue_spans = spans("OTEL_BSP_MAX_QUEUE_SIZE")?;
        let give_up = read.milliseconds("OTEL_BSP_EXPORT_TIMEOUT")?;
        let config = Self {
            otlp: kinds.otlp.then(|| otlp::Config::from_vars(Signal::Traces, vars)).transpose()?,
            here,
            console: kinds.console,
            schedule_delay: read.milliseconds("OTEL_BSP_SCHEDULE_DELAY")?.unwrap_or(Duration::from_secs(5)),
            // No message is larger than what may wait.
            batch_spans: batch_spans.unwrap_or(512).min(queue_spans.unwrap_or(usize::MAX)),
            resource: Resource::from_vars(service, vars)?,
        };
        let otlp = config.otlp.map(|mut otlp| {
            otlp.queue_items = queue_spans.map(|spans| spans as u64);
            otlp.give_up = give_up.unwrap_or(otlp.give_up);
            otlp
        });
        let is_wanted = config.here.is_some() || otlp.is_some() || config.console;
        Ok(Some(Self { otlp, ..config }).filter(|_| is_wanted && !disabled))
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Kinds {
    otlp: bool,
    console: bool,
}

fn exporters(vars: Vars<'_>) -> Result<Kinds, VarError> {
    let named = vars.read("OTEL_TRACES_EXPORTER", "otlp, console or none", |_| {
        let mut kinds = Kinds::default();
        for name in vars.list("OTEL_TRACES_EXPORTER") {
            match name.as_str() {
                "otlp" => kinds.otlp = true,
                "console" => kinds.console = true,
                "none" => {}
                _ => return None,
            }
        }
        Some(kinds)
    })?;
    Ok(named.unwrap_or_else(|| Kinds { otlp: otlp::has_endpoint(Signal::Traces, vars), console: false }))
}

fn number(text: &str) -> Option<usize> {
    text.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<TracesConfig>, VarError> {
        let value = |asked: &str| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
        TracesConfig::from_vars("hello", &value)
    }

    #[test]
    fn spans_go_where_the_variables_say() {
        let check = |pairs: &[(&str, &str)], expected: Option<(bool, bool)>| {
            let config = read(pairs).unwrap();
            let found = config.map(|config| (config.otlp.is_some(), config.console));
            assert_eq!(found, expected, "{pairs:?}");
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        check(&[], None);
        check(&[endpoint], Some((true, false)));
        check(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://spans/in")], Some((true, false)));
        check(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics/in")], None);
        check(&[("OTEL_TRACES_EXPORTER", "otlp")], Some((true, false)));
        check(&[("OTEL_TRACES_EXPORTER", "console"), endpoint], Some((false, true)));
        check(&[("OTEL_TRACES_EXPORTER", "otlp, console")], Some((true, true)));
        check(&[("OTEL_TRACES_EXPORTER", "none"), endpoint], None);
        check(&[("OTEL_EXPORT_CONSOLE", "true")], Some((false, true)));
        check(&[("OTEL_EXPORT_CONSOLE", "true"), endpoint], Some((true, true)));
        check(&[("OTEL_SDK_DISABLED", "true"), endpoint], None);
    }

    #[test]
    fn batches_as_the_specification_names_them() {
        let config = read(&[
            ("OTEL_TRACES_EXPORTER", "otlp"),
            ("OTEL_BSP_SCHEDULE_DELAY", "250"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1000"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "30000"),
        ]);
        let config = config.unwrap().unwrap();
        let otlp = config.otlp.unwrap();
        assert_eq!((config.schedule_delay.as_millis(), config.batch_spans), (250, 100));
        assert_eq!((otlp.queue_items, otlp.give_up.as_secs()), (Some(100), 30));
    }

    #[test]
    fn a_bad_value_names_itself() {
        let check = |name, value, text: &str| assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), text);
        check("OTEL_TRACES_EXPORTER", "zipkin", "OTEL_TRACES_EXPORTER is `zipkin`; accepted: otlp, console or none");
        check(
            "OTEL_BSP_MAX_QUEUE_SIZE",
            "0",
            "OTEL_BSP_MAX_QUEUE_SIZE is `0`; accepted: a number of spans, at least 1",
        );
        check("OTEL_SDK_DISABLED", "maybe", "OTEL_SDK_DISABLED is `maybe`; accepted: true or false");
    }
}
