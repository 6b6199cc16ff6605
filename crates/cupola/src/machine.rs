//! The machine and the runtime under the service: sampled in the background, shown on `/metrics`.

use std::time::Duration;

use cupola_metrics::runtime;
use cupola_record::{VarError, Vars};
use cupola_telemetry::SystemFields;
use tokio::runtime::Handle;

use crate::cupola::Cupola;

/// What this program was built for.
pub(crate) const PLATFORM: &str = env!("CUPOLA_PLATFORM");

/// What it was built with.
pub(crate) const RUNTIME: &str = env!("CUPOLA_RUSTC");

/// What variables say about samples.
#[derive(Debug)]
pub(crate) struct Machine {
    #[cfg_attr(not(feature = "host"), expect(dead_code, reason = "a bad value is an error in every build"))]
    period: Option<Duration>,
    /// What lines end with, where they are to say how the system is.
    pub(crate) lines: Option<SystemFields>,
}

impl Machine {
    pub(crate) fn from_vars(vars: Vars<'_>) -> Result<Self, VarError> {
        let wanted = vars.yes_or_no("CUPOLA_HOST_METRICS")?.unwrap_or(true);
        let period = vars.milliseconds("CUPOLA_HOST_SAMPLE_MS")?.unwrap_or(Duration::from_secs(30));
        let lines = vars.yes_or_no("CUPOLA_LOG_SYSTEM")? == Some(true);
        Ok(Self { period: (wanted || lines).then_some(period), lines: lines.then(SystemFields::new) })
    }

    /// Begins to watch: the runtime that this is called in, the host, this process, and GPUs.
    pub(crate) fn watch(&self, cupola: &Cupola) {
        if let Ok(handle) = Handle::try_current() {
            runtime::watch(cupola.registry(), "main", &handle);
        }
        #[cfg(feature = "host")]
        if let Some(period) = self.period {
            host::watch(cupola, period, self.lines.clone());
        }
    }
}

#[cfg(feature = "host")]
mod host {
    use std::time::Duration;

    use cupola_metrics::host::{Host, SystemSnapshot};
    use cupola_telemetry::SystemFields;

    use super::{PLATFORM, RUNTIME};
    use crate::cupola::Cupola;

    pub(super) fn watch(cupola: &Cupola, period: Duration, lines: Option<SystemFields>) {
        // Without a thread of its own there are no samples; the log's thread could be started, so this is rare.
        let Ok(background) = cupola.telemetry().background() else { return };
        let host = Host::new(cupola.registry());
        #[cfg(feature = "nvidia")]
        let gpus = cupola_metrics::gpu::Gpus::find(cupola.registry());
        let sample = move || {
            host.sample();
            if let (Some(lines), Some(system)) = (&lines, host.snapshot()) {
                tell(lines, &system);
            }
            #[cfg(feature = "nvidia")]
            gpus.iter().for_each(cupola_metrics::gpu::Gpus::sample);
        };
        let first = sample.clone();
        background.spawn(async move { first() });
        background.every(period, sample);
    }

    /// Shares from 0 to 1, and the load, to three decimals; what is not known is absent.
    fn tell(lines: &SystemFields, system: &SystemSnapshot) {
        let share = |used: u64, total: u64| (total > 0).then(|| used as f64 / total as f64);
        let numbers = [
            ("cpu", system.cpu),
            ("memory", share(system.memory_used, system.memory_total)),
            ("disk", share(system.disk_used, system.disk_total)),
            ("load", system.load),
        ];
        let known = numbers.into_iter().filter_map(|(name, number)| Some((name, (number? * 1000.0).round() / 1000.0)));
        let host = system.host.as_deref().map(|host| ("host", host));
        let texts = [("platform", PLATFORM), ("runtime", RUNTIME)];
        lines.set(&known.collect::<Vec<_>>(), &host.into_iter().chain(texts).collect::<Vec<_>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_taken_unless_a_variable_says_otherwise() {
        let period = |pairs: &'static [(&str, &str)]| {
            let vars =
                |asked: &str| pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
            Machine::from_vars(Vars::new(&vars)).map(|machine| machine.period.map(|period| period.as_millis()))
        };
        assert_eq!(period(&[]), Ok(Some(30_000)));
        assert_eq!(period(&[("CUPOLA_HOST_SAMPLE_MS", "250")]), Ok(Some(250)));
        assert_eq!(period(&[("CUPOLA_HOST_METRICS", "no")]), Ok(None));
        let lines_only = [("CUPOLA_HOST_METRICS", "no"), ("CUPOLA_LOG_SYSTEM", "yes")];
        assert_eq!(period(Box::leak(Box::new(lines_only))), Ok(Some(30_000)), "lines need samples too");
        assert!(period(&[("CUPOLA_HOST_SAMPLE_MS", "0")]).is_err());
    }
}
