//! Metrics and log records to a collector, where this build can send them.

use cupola_record::VarError;
use cupola_telemetry::Builder;

#[cfg(feature = "otel")]
pub(crate) fn logs(
    telemetry: Builder,
    service: &str,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Result<Builder, VarError> {
    use cupola_telemetry::logs::LogsConfig;
    Ok(match LogsConfig::from_vars(service, vars)? {
        Some(config) => telemetry.logs(config),
        None => telemetry,
    })
}

/// Somebody who wants log records sent is not to wait for them in vain.
#[cfg(not(feature = "otel"))]
pub(crate) fn logs(telemetry: Builder, _: &str, vars: &dyn Fn(&str) -> Option<String>) -> Result<Builder, VarError> {
    let accepted = "console or none, since this build is without the feature `otel`";
    let known = |name: &str| matches!(name, "none" | "console").then_some(());
    cupola_record::Vars::new(vars).read("OTEL_LOGS_EXPORTER", accepted, known)?;
    Ok(telemetry)
}

#[cfg(feature = "otel")]
pub(crate) fn start(
    parts: &crate::cupola::Parts,
    vars: &dyn Fn(&str) -> Option<String>,
) -> Result<(), crate::InitError> {
    use cupola_telemetry::metrics::MetricsConfig;
    if let Some(config) = MetricsConfig::from_vars(&parts.service, vars)? {
        config.start(&parts.telemetry, &parts.registry)?;
    }
    Ok(())
}

/// Somebody who wants metrics sent is not to wait for them in vain.
#[cfg(not(feature = "otel"))]
pub(crate) fn start(_: &crate::cupola::Parts, vars: &dyn Fn(&str) -> Option<String>) -> Result<(), crate::InitError> {
    let accepted = "prometheus or none, since this build is without the feature `otel`";
    let known = |name: &str| matches!(name, "none" | "prometheus").then_some(());
    cupola_record::Vars::new(vars).read("OTEL_METRICS_EXPORTER", accepted, known)?;
    Ok(())
}
