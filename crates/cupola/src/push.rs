//! Metrics and log records to a collector, where this build can send them.

use cupola_record::VarError;
use cupola_telemetry::Builder;

use crate::who::Who;

#[cfg(feature = "otel")]
pub(crate) fn logs(
    telemetry: Builder,
    who: Who<'_>,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Result<Builder, VarError> {
    use cupola_telemetry::logs::LogsConfig;
    Ok(match LogsConfig::from_vars(who.service, vars)? {
        Some(mut config) => {
            who.complete(&mut config.resource);
            telemetry.logs(config)
        }
        None => telemetry,
    })
}

/// Somebody who wants log records sent is not to wait for them in vain.
#[cfg(not(feature = "otel"))]
pub(crate) fn logs(telemetry: Builder, _: Who<'_>, vars: &dyn Fn(&str) -> Option<String>) -> Result<Builder, VarError> {
    let accepted = "console or none, since this build is without the feature `otel`";
    let known = |name: &str| matches!(name, "none" | "console").then_some(());
    cupola_record::Vars::new(vars).read("OTEL_LOGS_EXPORTER", accepted, known)?;
    Ok(telemetry)
}

/// Metrics that nobody sends anywhere are stored at least so often.
#[cfg(feature = "otel")]
const STORED_EVERY: std::time::Duration = std::time::Duration::from_secs(15);

#[cfg(feature = "otel")]
pub(crate) fn start(
    parts: &crate::cupola::Parts,
    who: Who<'_>,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Result<(), crate::InitError> {
    use cupola_telemetry::metrics::MetricsConfig;
    if let Some(mut config) = MetricsConfig::from_vars(who.service, vars)? {
        who.complete(&mut config.resource);
        config.start(&parts.telemetry, &parts.registry)?;
    }
    if let Some(taker) = parts.keeping.metrics()
        && let Some(mut config) = MetricsConfig::here(taker, who.service, vars)?
    {
        config.interval = config.interval.min(STORED_EVERY);
        who.complete(&mut config.resource);
        config.start(&parts.telemetry, &parts.registry)?;
    }
    Ok(())
}

/// Somebody who wants metrics sent is not to wait for them in vain.
#[cfg(not(feature = "otel"))]
pub(crate) fn start(
    _: &crate::cupola::Parts,
    _: Who<'_>,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Result<(), crate::InitError> {
    let accepted = "prometheus or none, since this build is without the feature `otel`";
    let known = |name: &str| matches!(name, "none" | "prometheus").then_some(());
    cupola_record::Vars::new(vars).read("OTEL_METRICS_EXPORTER", accepted, known)?;
    Ok(())
}
