//! The three signals, and what each is called: in variables, in paths, in gRPC.

use std::fmt;

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Data points.
    Metrics,
    /// Log records.
    Logs,
}

/// The names of a signal's own variables, which win over the general ones.
#[derive(Debug)]
pub(crate) struct VarNames {
    pub(crate) endpoint: [&'static str; 2],
    pub(crate) protocol: [&'static str; 2],
    pub(crate) headers: [&'static str; 2],
    pub(crate) timeout: [&'static str; 2],
    pub(crate) compression: [&'static str; 2],
    pub(crate) insecure: [&'static str; 2],
    pub(crate) certificate: [&'static str; 2],
    pub(crate) client_key: [&'static str; 2],
    pub(crate) client_certificate: [&'static str; 2],
}

macro_rules! var_names {
    ($signal:literal) => {
        VarNames {
            endpoint: var_names!($signal, "ENDPOINT"),
            protocol: var_names!($signal, "PROTOCOL"),
            headers: var_names!($signal, "HEADERS"),
            timeout: var_names!($signal, "TIMEOUT"),
            compression: var_names!($signal, "COMPRESSION"),
            insecure: var_names!($signal, "INSECURE"),
            certificate: var_names!($signal, "CERTIFICATE"),
            client_key: var_names!($signal, "CLIENT_KEY"),
            client_certificate: var_names!($signal, "CLIENT_CERTIFICATE"),
        }
    };
    ($signal:literal, $what:literal) => {
        [concat!("OTEL_EXPORTER_OTLP_", $signal, "_", $what), concat!("OTEL_EXPORTER_OTLP_", $what)]
    };
}

static TRACES: VarNames = var_names!("TRACES");
static METRICS: VarNames = var_names!("METRICS");
static LOGS: VarNames = var_names!("LOGS");

impl Signal {
    /// The signal's name in variables, metrics and lines, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }

    pub(crate) const fn var_names(self) -> &'static VarNames {
        match self {
            Self::Traces => &TRACES,
            Self::Metrics => &METRICS,
            Self::Logs => &LOGS,
        }
    }

    /// Below an endpoint that is meant for all signals.
    pub(crate) const fn http_path(self) -> &'static str {
        match self {
            Self::Traces => "v1/traces",
            Self::Metrics => "v1/metrics",
            Self::Logs => "v1/logs",
        }
    }

    pub(crate) const fn grpc_path(self) -> &'static str {
        match self {
            Self::Traces => "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
