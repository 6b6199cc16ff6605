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

/// The types that this crate makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    /// A gauge in Prometheus; a sum that also goes down in OpenTelemetry.
    UpDown,
    Histogram,
    /// What is known, in the labels of one series. OpenTelemetry has it as the resource of all metrics.
    Info,
}

impl Family {
    /// Something that only goes up.
    pub const fn counter(name: &'static str, help: &'static str) -> Self {
        Self::of(Kind::Counter, name, help, "")
    }

    /// Something that is measured, and goes up and down.
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::of(Kind::Gauge, name, help, "")
    }

    /// Something that is counted up and down: the series of several processes add up.
    pub const fn up_down(name: &'static str, help: &'static str) -> Self {
        Self::of(Kind::UpDown, name, help, "")
    }

    pub(crate) const fn info(name: &'static str, help: &'static str) -> Self {
        Self::of(Kind::Info, name, help, "")
    }

    pub(crate) const fn durations(name: &'static str, help: &'static str) -> Self {
        Self::of(Kind::Histogram, name, help, "s")
    }

    pub(crate) const fn of(kind: Kind, name: &'static str, help: &'static str, unit: &'static str) -> Self {
        Self { name, help, unit, kind }
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

    /// The name, as OpenTelemetry writes it.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}
