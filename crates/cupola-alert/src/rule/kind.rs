//! What a rule looks at.

use std::time::Duration;

use cupola_store::{How, Level, Signal};

/// What a rule looks at; each gives a number for each of what it tells apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Requests, from what was added up of them.
    Requests { measure: Measure, scope: Scope },
    /// How many times faster than allowed errors use up what an objective leaves for them, over a long and a short window.
    BurnRate { objective: f64, short: Duration, scope: Scope },
    /// How far requests are from what they were in the same hour of earlier days, in robust deviations.
    Baseline { measure: Measure, scope: Scope, days: u32 },
    /// How many entries there were.
    Logs { signal: Signal, filter: Option<String>, by: Option<String> },
    /// Errors of a group that was not there before.
    NewError { filter: Option<String>, level: Level, lookback: Duration },
    /// How many times as many errors of a group there are as before.
    ErrorSpike { filter: Option<String>, level: Level, lookback: Duration, min_count: u64 },
    /// That nothing came.
    Absence { of: Awaited },
    /// A metric.
    Metric { metric: String, how: How, service: Option<String>, only: Vec<(String, String)>, by: Vec<String> },
    /// How busy the machine's cores are.
    Cpu { service: Option<String> },
    /// How much of the machine's memory is used.
    Memory { service: Option<String> },
    /// How full file systems are.
    Disk { service: Option<String>, mountpoint: Option<String> },
    /// Services that said something lately, and say nothing now.
    ServiceDown { service: Option<String>, known: Duration },
    /// Telemetry that was to be kept or sent, and was dropped.
    TelemetryDropped { service: Option<String> },
    /// Rules that cannot be evaluated.
    RuleBroken,
    /// Always: that alerts live.
    Heartbeat,
}

/// What is measured of requests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measure {
    /// How many a second.
    Rate,
    /// How many of a hundred failed.
    ErrorRatio,
    /// Below how many milliseconds this share of them was.
    Latency(f64),
}

/// Which requests.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scope {
    /// As log entries or as spans tell of them; as log entries do, and where there are none as spans do.
    pub(crate) signal: Option<Signal>,
    pub(crate) service: Option<String>,
    pub(crate) route: Option<String>,
    pub(crate) by: Apart,
    /// Of fewer requests nothing is told, but how many they are.
    pub(crate) min_requests: u64,
}

/// What is told apart of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Apart {
    Nothing,
    Service,
    Route,
}

/// What is missed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Awaited {
    Entries { signal: Signal, filter: Option<String> },
    Requests(Scope),
    Metric { metric: String, service: Option<String> },
}

impl Kind {
    /// As a rule names it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Requests { measure, .. } => measure.name(),
            Self::BurnRate { .. } => "burn_rate",
            Self::Baseline { .. } => "baseline",
            Self::Logs { .. } => "logs",
            Self::NewError { .. } => "new_error",
            Self::ErrorSpike { .. } => "error_spike",
            Self::Absence { .. } => "absence",
            Self::Metric { .. } => "metric",
            Self::Cpu { .. } => "cpu",
            Self::Memory { .. } => "memory",
            Self::Disk { .. } => "disk",
            Self::ServiceDown { .. } => "service_down",
            Self::TelemetryDropped { .. } => "telemetry_dropped",
            Self::RuleBroken => "rule_broken",
            Self::Heartbeat => "heartbeat",
        }
    }

    /// The unit of its numbers, and so of thresholds.
    pub(crate) fn unit(&self) -> &'static str {
        match self {
            Self::Requests { measure, .. } => measure.unit(),
            Self::BurnRate { .. } | Self::ErrorSpike { .. } => "×",
            Self::Baseline { .. } => "σ",
            Self::Cpu { .. } | Self::Memory { .. } | Self::Disk { .. } => "%",
            Self::Logs { .. } | Self::NewError { .. } | Self::TelemetryDropped { .. } => "",
            Self::Absence { .. } | Self::Metric { .. } | Self::ServiceDown { .. } => "",
            Self::RuleBroken | Self::Heartbeat => "",
        }
    }

    /// Whether what is not there is zero, as long as somebody was there to see it. Of other kinds it is not known.
    pub(crate) fn is_zero_when_missing(&self) -> bool {
        match self {
            Self::Requests { measure, .. } => *measure == Measure::Rate,
            Self::Logs { .. } | Self::NewError { .. } | Self::ErrorSpike { .. } => true,
            Self::TelemetryDropped { .. } | Self::RuleBroken | Self::Heartbeat => true,
            _ => false,
        }
    }

    /// Whether a number would be larger where more is known of its time: then a time of which not all is known tells nothing but that it is
    /// at least so large.
    pub(crate) fn is_sum(&self) -> bool {
        matches!(
            self,
            Self::Requests { measure: Measure::Rate, .. }
                | Self::Logs { .. }
                | Self::ErrorSpike { .. }
                | Self::TelemetryDropped { .. }
        )
    }

    /// Whether it tells that something is not there: of a time of which not all is known it tells nothing.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, Self::Absence { .. } | Self::ServiceDown { .. })
    }

    /// Whether a rule of this kind has a threshold of its own.
    pub(crate) fn has_threshold(&self) -> bool {
        !matches!(self, Self::Absence { .. } | Self::ServiceDown { .. } | Self::Heartbeat)
    }

    /// The share whose quantile it asks for.
    pub(crate) fn share(&self) -> Option<f64> {
        match self {
            Self::Requests { measure: Measure::Latency(share), .. }
            | Self::Baseline { measure: Measure::Latency(share), .. } => Some(*share),
            _ => None,
        }
    }
}

impl Measure {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rate => "request_rate",
            Self::ErrorRatio => "error_ratio",
            Self::Latency(_) => "latency",
        }
    }

    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Rate => "/s",
            Self::ErrorRatio => "%",
            Self::Latency(_) => "ms",
        }
    }
}
