//! Metrics to a collector, where this build can send them.

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
