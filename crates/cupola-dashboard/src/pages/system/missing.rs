//! Areas of what machines say, and how each is switched on.

use maud::{Markup, html};

/// What belongs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Area {
    Cpu,
    Memory,
    Space,
    Disk,
    Network,
    Process,
    Runtime,
    Gpu,
}

impl Area {
    pub(super) const ALL: [Self; 8] =
        [Self::Cpu, Self::Memory, Self::Space, Self::Disk, Self::Network, Self::Process, Self::Runtime, Self::Gpu];

    pub(super) const fn says(self) -> &'static str {
        match self {
            Self::Cpu => "Processors.",
            Self::Memory => "Memory.",
            Self::Space => "Space of file systems.",
            Self::Disk => "Reads and writes of disks.",
            Self::Network => "Network.",
            Self::Process => "The process itself.",
            Self::Runtime => "The tokio runtime.",
            Self::Gpu => "GPUs.",
        }
    }

    /// How it is switched on.
    pub(super) fn how(self) -> Markup {
        match self {
            Self::Runtime => html! {
                "A service whose " code { "init" } " is called within a tokio runtime tells of it; metrics leave with an endpoint, or with "
                code { "OTEL_METRICS_EXPORTER=otlp" } "."
            },
            Self::Gpu => html! {
                "The feature " code { "nvidia" } " of the crate " code { "cupola" } " tells of them where NVIDIA's library is there."
            },
            _ => html! {
                "The feature " code { "host" } " of the crate " code { "cupola" } ", which is on, samples it every " code { "CUPOLA_HOST_SAMPLE_MS" }
                " unless " code { "CUPOLA_HOST_METRICS=false" } "; metrics leave with an endpoint, or with " code { "OTEL_METRICS_EXPORTER=otlp" }
                ". Of other machines the collector's receiver " code { "hostmetrics" } " tells."
            },
        }
    }
}
