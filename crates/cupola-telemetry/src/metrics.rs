//! Metrics to a collector: a registry's, in messages of their own, now and then.
//!
//! ```
//! use std::time::Duration;
//! use cupola_metrics::Registry;
//! use cupola_telemetry::{Telemetry, metrics::MetricsConfig};
//!
//! let vars = |name: &str| match name {
//!     "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://127.0.0.1:1".to_owned()),
//!     "OTEL_METRIC_EXPORT_INTERVAL" => Some("15000".to_owned()),
//!     _ => None,
//! };
//! let config = MetricsConfig::from_vars("billing", &vars)?.expect("there is an endpoint");
//! assert_eq!(config.interval, Duration::from_secs(15));
//! let telemetry = Telemetry::builder(cupola_telemetry::Config::default()).output(std::io::sink()).build()?;
//! config.start(&telemetry, &Registry::new())?; // until the shutdown, which sends once more
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::time::Duration;

use cupola_metrics::Registry;
use cupola_metrics::otlp::{Buckets, Otlp, Temporality};
use cupola_record::{VarError, Vars};

use crate::otlp::{self, ExportError, Exporter, Message, Resource, Signal, Taker};
use crate::telemetry::Telemetry;

/// What variables say about metrics.
///
/// | variable | accepted | unset |
/// |---|---|---|
/// | `OTEL_SDK_DISABLED` | yes or no: nothing is exported at all | no |
/// | `OTEL_METRICS_EXPORTER` | `otlp`, `prometheus`, `none`; several separated by commas. Prometheus asks `/metrics`, and needs nothing sent | `otlp` where an endpoint is set, else none |
/// | `OTEL_METRIC_EXPORT_INTERVAL` | milliseconds between two messages | 60000 |
/// | `OTEL_METRIC_EXPORT_TIMEOUT` | milliseconds for which a message is tried again and again | 300000 |
/// | `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE` | `cumulative`, `delta`, `lowmemory` | `cumulative` |
/// | `OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION` | `explicit_bucket_histogram`, `base2_exponential_bucket_histogram` | the first |
///
/// Where to and how is in [`otlp::Config`]; who is, in [`Resource`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MetricsConfig {
    /// Where metrics are sent.
    pub otlp: otlp::Config,
    /// How often.
    pub interval: Duration,
    /// Since when counts are told.
    pub temporality: Temporality,
    /// How histograms are told.
    pub buckets: Buckets,
    /// Which service speaks.
    pub resource: Resource,
}

impl MetricsConfig {
    /// Reads the variables; `service` is the name that the code gives. `None` where nothing is to be sent.
    pub fn from_vars(service: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, VarError> {
        Self::with(None, service, vars)
    }

    /// The same for whoever takes metrics within the process, as the bytes of `ExportMetricsServiceRequest`s; `None` where nothing
    /// is to be exported at all.
    pub fn here(taker: Taker, service: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Option<Self>, VarError> {
        Self::with(Some(taker), service, vars)
    }

    fn with(
        here: Option<Taker>,
        service: &str,
        vars: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, VarError> {
        let read = Vars::new(vars);
        let named = read.read("OTEL_METRICS_EXPORTER", "otlp, prometheus or none", |_| {
            let names = read.list("OTEL_METRICS_EXPORTER");
            let known = names.iter().all(|name| matches!(name.as_str(), "otlp" | "prometheus" | "none"));
            known.then(|| names.iter().any(|name| name == "otlp"))
        })?;
        let disabled = read.yes_or_no("OTEL_SDK_DISABLED")? == Some(true);
        let interval = read.milliseconds("OTEL_METRIC_EXPORT_INTERVAL")?.unwrap_or(Duration::from_secs(60));
        let give_up = read.milliseconds("OTEL_METRIC_EXPORT_TIMEOUT")?;
        let (temporality, buckets) = (temporality(read)?, buckets(read)?);
        let is_wanted = here.is_some() || named.unwrap_or_else(|| otlp::has_endpoint(Signal::Metrics, read));
        if disabled || !is_wanted {
            return Ok(None);
        }
        let mut otlp = match here {
            Some(taker) => otlp::Config::here(taker),
            None => otlp::Config::from_vars(Signal::Metrics, vars)?,
        };
        otlp.give_up = give_up.unwrap_or(otlp.give_up);
        let resource = Resource::from_vars(service, vars)?;
        Ok(Some(Self { otlp, interval, temporality, buckets, resource }))
    }

    /// Sends a registry's metrics from now on, once more before the shutdown.
    pub fn start(&self, telemetry: &Telemetry, registry: &Registry) -> Result<Exporter, ExportError> {
        let exporter = telemetry.export(Signal::Metrics, &self.otlp)?;
        let otlp = Otlp::new(registry, self.resource.iter()).temporality(self.temporality).buckets(self.buckets);
        exporter.collect_every(self.interval, move |exporter| {
            // After the close nothing has come in between: what is known was sent just before.
            if exporter.is_closed() {
                return;
            }
            let batch = otlp.collect();
            if batch.points > 0 {
                exporter.offer(Message::new(batch.bytes, batch.points));
            }
        });
        Ok(exporter)
    }
}

/// Makes a registry the one into which the process's own meter records: that of OpenTelemetry's interface, version 0.33.
/// Whoever has a meter already keeps it, so this belongs at the start.
#[cfg(feature = "otel_0_33")]
pub fn install_meter(registry: &Registry) -> cupola_metrics::otel_0_33::MeterProvider {
    let provider = cupola_metrics::otel_0_33::MeterProvider::new(registry);
    opentelemetry::global::set_meter_provider(provider.clone());
    provider
}

/// Makes a registry the one into which the `metrics` facade, version 0.24, records.
///
/// # Errors
/// Where the process has a recorder already.
#[cfg(feature = "metrics_0_24")]
pub fn install_recorder(registry: &Registry) -> Result<(), crate::AlreadyInstalled> {
    let recorder = cupola_metrics::metrics_0_24::Recorder::new(registry);
    metrics::set_global_recorder(recorder).map_err(|_| crate::AlreadyInstalled)
}

fn temporality(vars: Vars<'_>) -> Result<Temporality, VarError> {
    let name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    let read = vars.read(name, "cumulative, delta or lowmemory", |text| match text.to_ascii_lowercase().as_str() {
        "cumulative" => Some(Temporality::Cumulative),
        // What differs between the two is not made here: sums that are only observed, and go up.
        "delta" | "lowmemory" => Some(Temporality::Delta),
        _ => None,
    })?;
    Ok(read.unwrap_or_default())
}

fn buckets(vars: Vars<'_>) -> Result<Buckets, VarError> {
    let name = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";
    let accepted = "explicit_bucket_histogram or base2_exponential_bucket_histogram";
    let read = vars.read(name, accepted, |text| match text.to_ascii_lowercase().as_str() {
        "explicit_bucket_histogram" => Some(Buckets::Explicit),
        "base2_exponential_bucket_histogram" => Some(Buckets::Exponential),
        _ => None,
    })?;
    Ok(read.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Option<MetricsConfig>, VarError> {
        let value = |asked: &str| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
        MetricsConfig::from_vars("hello", &value)
    }

    #[test]
    fn metrics_go_where_the_variables_say() {
        let check = |pairs: &[(&str, &str)], expected: Option<&str>| {
            let config = read(pairs).unwrap();
            assert_eq!(config.map(|config| config.otlp.endpoint.to_string()).as_deref(), expected, "{pairs:?}");
        };
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        check(&[], None);
        check(&[endpoint], Some("http://collector:4318/v1/metrics"));
        check(&[("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics/in")], Some("http://metrics/in"));
        check(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://spans/in")], None);
        check(&[("OTEL_METRICS_EXPORTER", "otlp,prometheus")], Some("http://localhost:4318/v1/metrics"));
        check(&[("OTEL_METRICS_EXPORTER", "prometheus"), endpoint], None);
        check(&[("OTEL_METRICS_EXPORTER", "none"), endpoint], None);
        check(&[("OTEL_SDK_DISABLED", "true"), endpoint], None);
    }

    #[test]
    fn they_are_told_as_the_variables_say() {
        let config = read(&[
            ("OTEL_METRICS_EXPORTER", "otlp"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "250"),
            ("OTEL_METRIC_EXPORT_TIMEOUT", "30000"),
            ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta"),
            ("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", "base2_exponential_bucket_histogram"),
        ]);
        let config = config.unwrap().unwrap();
        assert_eq!((config.interval.as_millis(), config.otlp.give_up.as_secs()), (250, 30));
        assert_eq!((config.temporality, config.buckets), (Temporality::Delta, Buckets::Exponential));
    }

    #[test]
    fn a_bad_value_names_itself() {
        let check = |name, value, text: &str| assert_eq!(read(&[(name, value)]).unwrap_err().to_string(), text);
        let exporter = "OTEL_METRICS_EXPORTER is `statsd`; accepted: otlp, prometheus or none";
        check("OTEL_METRICS_EXPORTER", "statsd", exporter);
        let preference = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
        check(preference, "both", &format!("{preference} is `both`; accepted: cumulative, delta or lowmemory"));
    }
}
