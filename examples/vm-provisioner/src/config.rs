//! What the command line and the environment say.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use cupola::record::ConfigChange;

use crate::marketplace::stub::Scenario;
use crate::role::Role;
use crate::secret::Secret;
use crate::traffic::Plan;
use crate::vm::Step;
use crate::worker::{CrashAt, Place};

const LISTEN: &str = "127.0.0.1:3000";
const DATA: &str = "./data";
const TRAFFIC_RATE: &str = "20";

/// A VM-provisioning API, watched by Cupola.
#[derive(Clone, Debug, Parser)]
#[command(name = "vm-provisioner", version)]
pub struct Config {
    /// Where to listen.
    #[arg(long, env = "LISTEN", default_value = LISTEN, value_name = "ADDR")]
    pub listen: String,
    /// The folder of the store; it is made where it is missing.
    #[arg(long, default_value = DATA, value_name = "DIR")]
    pub data: PathBuf,
    /// Where jobs wait, instead of a file in the data folder: `postgres://…` or `redis://…`.
    #[arg(long, env = "QUEUE_URL", value_name = "URL", hide_env_values = true, value_parser = secret)]
    pub queue: Option<Secret>,
    /// What this process does of the service's work.
    #[arg(long, env = "ROLE", value_name = "ROLE", value_enum, default_value_t)]
    pub role: Role,
    /// After how much silence a worker is lost, so that another takes up its jobs.
    #[arg(long, env = "LOST_AFTER", value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(2..))]
    pub lost_after: u64,
    /// Kill this process after a step of a job: for tests.
    #[arg(long, env = "CRASH_AT", value_name = "STEP", hide = true, value_parser = step)]
    pub crash_at: Option<Step>,
    /// Send requests of many kinds to itself, so that there is something to see.
    #[arg(long)]
    pub traffic: bool,
    /// How many requests a second.
    #[arg(long, default_value = TRAFFIC_RATE, value_name = "N", requires = "traffic", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub traffic_rate: u32,
    /// End the traffic, and with it the service, after so many seconds.
    #[arg(long, value_name = "SECONDS", requires = "traffic")]
    pub traffic_for: Option<u64>,
    /// End the traffic, and with it the service, after so many scenes: 110 show all there are, however slow the machine is.
    #[arg(long, value_name = "N", requires = "traffic", conflicts_with = "traffic_for")]
    pub traffic_scenes: Option<usize>,
    /// Where GPUs are rented, `https://console.vast.ai` for example; without it a stub stands in.
    #[arg(long, env = "MARKETPLACE_URL", value_name = "URL", requires = "marketplace_key")]
    pub marketplace_url: Option<String>,
    /// The key that opens it.
    #[arg(long, env = "MARKETPLACE_KEY", value_name = "KEY", hide_env_values = true, value_parser = secret)]
    pub marketplace_key: Option<Secret>,
    /// What goes wrong in the stub: calm, busy, busy-polite, flaky, slow, broken or storm.
    #[arg(long, default_value = "calm", value_name = "NAME", value_parser = scenario)]
    pub marketplace_faults: Scenario,
    /// Add `POST /test`, which calls any address for anybody: for suites that check trace headers.
    #[arg(long)]
    pub conformance: bool,
    /// What makes and runs the machines.
    #[command(flatten)]
    pub machines: crate::hypervisor::Options,
    /// What configures them.
    #[command(flatten)]
    pub configuration: crate::ansible::Options,
}

fn scenario(name: &str) -> Result<Scenario, String> {
    Scenario::named(name).ok_or_else(|| format!("accepted: {}", Scenario::NAMES.join(", ")))
}

/// Any text: what is wrong with it is said later, by whoever knows how to do that without showing it.
#[expect(clippy::unnecessary_wraps, reason = "it is what a parser of clap's gives")]
fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text.to_owned()))
}

fn step(name: &str) -> Result<Step, String> {
    Step::named(name).ok_or_else(|| format!("accepted: {}", Step::NAMES.join(", ")))
}

impl Config {
    /// After how much silence a worker is lost.
    pub const fn lost_after(&self) -> Duration {
        Duration::from_secs(self.lost_after)
    }

    /// Where jobs wait, if that is no file. An empty URL is none.
    ///
    /// # Errors
    /// Where the URL is none of a queue; the URL itself, which may hold a password, is not repeated.
    pub fn queue(&self) -> anyhow::Result<Option<Place>> {
        let url = self.queue.as_ref().map(Secret::reveal).filter(|url| !url.is_empty());
        url.map(Place::parse).transpose().context("--queue or QUEUE_URL names no queue")
    }

    /// After which step the process ends.
    pub const fn crash_at(&self) -> CrashAt {
        CrashAt(self.crash_at)
    }

    /// Says what is not as it is by default.
    pub fn say(&self) {
        let (data, rate) = (self.data.display().to_string(), self.traffic_rate.to_string());
        let settings = [("listen", LISTEN, &self.listen), ("data", DATA, &data), ("traffic_rate", TRAFFIC_RATE, &rate)];
        let loaded = ConfigChange::new("vm-provisioner").source("command line and environment");
        let changed = settings.into_iter().filter(|(_, usual, chosen)| usual != chosen);
        changed.fold(loaded, |change, (name, usual, chosen)| change.changed(name, Some(usual), Some(chosen))).emit();
    }

    /// The traffic that is asked for.
    pub fn plan(&self) -> Option<Plan> {
        let length = self.traffic_for.map(Duration::from_secs);
        self.traffic.then_some(Plan { per_second: self.traffic_rate, length, scenes: self.traffic_scenes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traffic_is_off_unless_asked_for() {
        let parse = |arguments: &[&str]| Config::try_parse_from(["vm-provisioner"].iter().chain(arguments));
        assert!(parse(&[]).unwrap().plan().is_none());
        let plan = parse(&["--traffic", "--traffic-for", "3"]).unwrap().plan().unwrap();
        assert_eq!((plan.per_second, plan.length), (20, Some(Duration::from_secs(3))));
        assert!(parse(&["--traffic-for", "3"]).is_err(), "it says nothing without --traffic");
        let plan = parse(&["--traffic", "--traffic-scenes", "110"]).unwrap().plan().unwrap();
        assert_eq!((plan.length, plan.scenes), (None, Some(110)));
        assert!(parse(&["--traffic", "--traffic-rate", "0"]).is_err());
    }
}
