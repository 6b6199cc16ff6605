//! The start-up summary: what is in force, and which variables have a say in it.

use std::fmt::Write as _;

use cupola_context::TrustPolicy;
use cupola_record::Vars;
use cupola_redact::{KeyPolicy, REDACTED};

use crate::machine::{PLATFORM, RUNTIME};

/// Every variable that is read, so that the summary can name those that are set.
const VARIABLES: &[&str] = &[
    "OTEL_SERVICE_NAME",
    "OTEL_PROPAGATORS",
    "OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS",
    "OTEL_SEMCONV_STABILITY_OPT_IN",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
    "OTEL_TRACE_SAMPLE_RATE",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SDK_DISABLED",
    "OTEL_TRACES_EXPORTER",
    "OTEL_EXPORT_CONSOLE",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    "OTEL_EXPORTER_OTLP_COMPRESSION",
    "OTEL_EXPORTER_OTLP_INSECURE",
    "OTEL_EXPORTER_OTLP_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
    "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
    "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    "OTEL_METRICS_EXPORTER",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_METRIC_EXPORT_TIMEOUT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
    "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
    "OTEL_EXPORTER_OTLP_METRICS_INSECURE",
    "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
    "CUPOLA_STORE",
    "CUPOLA_STORE_DAYS",
    "CUPOLA_STORE_MAX_BYTES",
    "OTEL_LOGS_EXPORTER",
    "OTEL_BLRP_SCHEDULE_DELAY",
    "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BLRP_MAX_QUEUE_SIZE",
    "OTEL_BLRP_EXPORT_TIMEOUT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_PROTOCOL",
    "OTEL_EXPORTER_OTLP_LOGS_HEADERS",
    "OTEL_EXPORTER_OTLP_LOGS_TIMEOUT",
    "OTEL_EXPORTER_OTLP_LOGS_COMPRESSION",
    "OTEL_EXPORTER_OTLP_LOGS_INSECURE",
    "OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE",
    "OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY",
    "OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE",
    "RUST_LOG",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "LOG_API_CALLS",
    "LOG_BACKUP_COUNT",
    "LOG_DIR",
    "LOG_FILE",
    "LOG_MAX_BYTES",
    "DEBUG",
    "NO_COLOR",
    "CUPOLA_BODIES",
    "CUPOLA_BODY_BYTES",
    "CUPOLA_BUSY_TIME",
    "CUPOLA_CALL_ATTEMPTS",
    "CUPOLA_CALL_BODIES",
    "CUPOLA_CALL_DEADLINE_MS",
    "CUPOLA_CALL_HEADERS",
    "CUPOLA_FOREIGN_SAMPLED_PER_SECOND",
    "CUPOLA_HEADERS",
    "CUPOLA_HOLD_BACK",
    "CUPOLA_HOST_METRICS",
    "CUPOLA_HOST_SAMPLE_MS",
    "CUPOLA_LLM_CONTENT",
    "CUPOLA_LOG_COLLAPSE_MS",
    "CUPOLA_LOG_INDEX",
    "CUPOLA_LOG_LAYOUT",
    "CUPOLA_LOG_MAX_AGE_DAYS",
    "CUPOLA_LOG_OUTPUT",
    "CUPOLA_LOG_PACK",
    "CUPOLA_LOG_PER_SERVICE",
    "CUPOLA_LOG_QUEUE_BYTES",
    "CUPOLA_LOG_SAMPLE",
    "CUPOLA_LOG_SYNC",
    "CUPOLA_LOG_SYSTEM",
    "CUPOLA_LOG_TOTAL_BYTES",
    "CUPOLA_OTLP_QUEUE_BYTES",
    "CUPOLA_PANIC_HOOK",
    "CUPOLA_PROPAGATE_TO",
    "CUPOLA_REQUEST_ID",
    "CUPOLA_REQUEST_START",
    "CUPOLA_SERVER_TIMING",
    "CUPOLA_SHUTDOWN_MS",
    "CUPOLA_SKIP",
    "CUPOLA_SLOW_MS",
    "CUPOLA_SLOW_QUERY_MS",
    "CUPOLA_TIMEOUT_MS",
    "CUPOLA_TRACERESPONSE",
    "CUPOLA_TRUST",
    "CUPOLA_WATCHDOG_MS",
];

/// Those that say who is told of alerts, and which of them are read depends on which are set.
const OF_ALERTS: &[&str] = &[
    "CUPOLA_ALERTS",
    "CUPOLA_MONITORING",
    "ENABLE_SLACK_ALERTS",
    "SLACK_WEBHOOK_URL",
    "SLACK_WEBHOOK_URL_FILE",
    "SLACK_BOT_TOKEN",
    "SLACK_BOT_TOKEN_FILE",
    "SLACK_CHANNEL",
    "SLACK_API_URL",
    "ENABLE_EMAIL_ALERTS",
    "SMTP_SERVER",
    "SMTP_PORT",
    "SMTP_USERNAME",
    "SMTP_PASSWORD",
    "SMTP_PASSWORD_FILE",
    "SMTP_TLS",
    "SMTP_CA_FILE",
    "ALERT_FROM_EMAIL",
    "ALERT_TO_EMAILS",
    "CUPOLA_HEARTBEAT_URL",
    "CUPOLA_HEARTBEAT_URL_FILE",
    "CUPOLA_WEBHOOK_URL",
    "CUPOLA_WEBHOOK_URL_FILE",
    "CUPOLA_WEBHOOK_SECRET",
    "CUPOLA_WEBHOOK_SECRET_FILE",
    "CUPOLA_ALERTMANAGER_URL",
    "CUPOLA_ALERTMANAGER_TOKEN",
    "CUPOLA_ALERTMANAGER_TOKEN_FILE",
];

/// Those that say where the pages are shown, and where backups go that are asked for over the API.
const OF_DASHBOARD: &[&str] =
    &["CUPOLA_DASHBOARD", "CUPOLA_DASHBOARD_TOKEN", "CUPOLA_DASHBOARD_TOKEN_FILE", "CUPOLA_STORE_BACKUPS"];

/// Addresses that are secrets themselves: who knows them may write there.
const SECRET_ADDRESSES: [&str; 3] = ["SLACK_WEBHOOK_URL", "CUPOLA_WEBHOOK_URL", "CUPOLA_HEARTBEAT_URL"];

pub(crate) struct Summary {
    settings: String,
    trust: String,
    chosen: String,
    version: Option<String>,
}

pub(crate) fn of(vars: Vars<'_>, policy: &KeyPolicy, trust: &TrustPolicy) -> Summary {
    let mut settings = String::new();
    for name in VARIABLES.iter().chain(OF_ALERTS).chain(OF_DASHBOARD).copied() {
        if let Some(value) = vars.text(name) {
            // Headers often have a key in their value, if not in their name.
            let is_of_headers = name.ends_with("_HEADERS") && name.starts_with("OTEL_EXPORTER_OTLP_");
            // A file's name is none, whatever is in it.
            let is_file = name.ends_with("_FILE");
            let hidden = is_of_headers || SECRET_ADDRESSES.contains(&name) || policy.denies(name) && !is_file;
            let value = if hidden { REDACTED.to_owned() } else { value };
            let space = if settings.is_empty() { "" } else { " " };
            write!(settings, "{space}{name}={value}").expect("a String takes all");
        }
    }
    // What is no policy is the error of the start, which comes next.
    let set = vars.text("CUPOLA_TRUST").and_then(|value| value.parse::<TrustPolicy>().ok());
    Summary { settings, trust: set.as_ref().unwrap_or(trust).to_string(), chosen: String::new(), version: None }
}

impl Summary {
    /// What the code has chosen, and the service's own version.
    pub(crate) fn chosen(self, chosen: &[String], version: Option<&str>) -> Self {
        Self { chosen: chosen.join(" "), version: version.map(str::to_owned), ..self }
    }

    pub(crate) fn write(&self, service: &str) {
        tracing::info!(
            target: "cupola",
            service,
            service_version = self.version,
            version = env!("CARGO_PKG_VERSION"),
            runtime = RUNTIME,
            platform = PLATFORM,
            trust = self.trust,
            settings = (!self.settings.is_empty()).then_some(self.settings.as_str()),
            chosen = (!self.chosen.is_empty()).then_some(self.chosen.as_str()),
            "cupola is on"
        );
    }
}

/// Variables of ours that nobody reads: most likely misspelt.
pub(crate) fn tell_of_unknown(names: impl Iterator<Item = String>) {
    let is_read = |name: &str| VARIABLES.contains(&name) || OF_ALERTS.contains(&name) || OF_DASHBOARD.contains(&name);
    for name in names.filter(|name| name.starts_with("CUPOLA_") && !is_read(name)) {
        tracing::warn!(target: "cupola", variable = name, "this variable is set, and nothing reads it");
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails here is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn keys_of_collectors_are_not_shown() {
        let vars = |name: &str| name.ends_with("_HEADERS").then(|| "api-key=hunter2".to_owned());
        let settings = of(Vars::new(&vars), &KeyPolicy::default(), &TrustPolicy::Never).settings;
        assert!(settings.contains("OTEL_EXPORTER_OTLP_HEADERS=[REDACTED]"), "{settings}");
        assert!(settings.contains("OTEL_EXPORTER_OTLP_TRACES_HEADERS=[REDACTED]"), "{settings}");
        assert!(!settings.contains("OTLP_HEADERS=api"), "{settings}");
    }

    /// Whoever adds a variable adds its name here, or the log says that nobody reads it.
    #[cfg(feature = "otel")]
    #[test]
    fn every_variable_that_is_read_is_listed_and_no_other() {
        let asked = std::sync::Arc::new(std::sync::Mutex::new(std::collections::BTreeSet::new()));
        let seen = asked.clone();
        let vars = move |name: &str| {
            seen.lock().unwrap().insert(name.to_owned());
            // Some are read only where there is a collector, and one where it has files.
            (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "http://127.0.0.1:1".to_owned())
        };
        drop(crate::Cupola::builder("hello").vars(vars).output(std::io::sink()).build().unwrap());
        let asked = asked.lock().unwrap();
        let (of_alerts, others): (Vec<&str>, Vec<&str>) =
            asked.iter().map(String::as_str).partition(|name| OF_ALERTS.contains(name) || OF_DASHBOARD.contains(name));
        let mut listed = VARIABLES.to_vec();
        listed.sort_unstable();
        assert_eq!(others, listed);
        assert!(of_alerts.contains(&"CUPOLA_MONITORING"));
    }

    #[test]
    fn where_alerts_go_is_no_secret_but_for_what_opens_the_door() {
        let vars = |name: &str| OF_ALERTS.contains(&name).then(|| format!("value of {}", name.to_lowercase()));
        let settings = of(Vars::new(&vars), &KeyPolicy::default(), &TrustPolicy::Never).settings;
        for hidden in
            ["SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN", "SMTP_PASSWORD", "CUPOLA_WEBHOOK_SECRET", "CUPOLA_WEBHOOK_URL"]
        {
            assert!(settings.contains(&format!("{hidden}=[REDACTED]")), "{settings}");
        }
        for shown in ["SMTP_SERVER", "SMTP_PASSWORD_FILE", "ALERT_TO_EMAILS", "CUPOLA_ALERTMANAGER_URL"] {
            assert!(settings.contains(&format!("{shown}=value of ")), "{settings}");
        }
    }

    #[test]
    fn the_trust_in_force_is_named() {
        let trust = |set: &'static str| {
            let vars = move |name: &str| (name == "CUPOLA_TRUST").then(|| set.to_owned());
            of(Vars::new(&vars), &KeyPolicy::default(), &TrustPolicy::Never).trust
        };
        assert_eq!(trust(""), "never");
        assert_eq!(trust("always"), "always");
        assert_eq!(trust("PEERS: 10.0.0.0/8 ;hops=1"), "peers:10.0.0.0/8;hops=1");
    }
}
