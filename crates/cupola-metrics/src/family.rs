//! A family: what all series of one metric have in common.

/// The name, meaning, unit and type of a metric. The name and the unit are as OpenTelemetry writes them.
///
/// ```
/// use cupola_metrics::Family;
///
/// const WRITTEN: Family = Family::counter("cupola.log.written", "Lines written.").unit("{line}");
/// assert_eq!(WRITTEN.exposed_name(), "cupola_log_written_total");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) kind: Kind,
}

/// The types that Prometheus text knows and this crate makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Family {
    /// Something that only goes up.
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: "", kind: Kind::Counter }
    }

    /// Something that goes up and down.
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: "", kind: Kind::Gauge }
    }

    pub(crate) const fn durations(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: "s", kind: Kind::Histogram }
    }

    /// The unit, as UCUM writes it: `s`, `By`, `1`; what stands in braces, as `{request}`, is for the reader only.
    #[must_use]
    pub const fn unit(mut self, unit: &'static str) -> Self {
        self.unit = unit;
        self
    }

    /// The name that Prometheus sees.
    pub fn exposed_name(&self) -> String {
        crate::name::exposed(self)
    }
}
