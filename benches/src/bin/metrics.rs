//! The metrics' hot structures: `metrics [--quick] [--peers]`.
//!
//! A row is a figure: nanoseconds a record through a handle that is kept, how many times as many records two threads make
//! in one cell, milliseconds a scrape. With `--peers` the same work is done by the peers, in a package of their own
//! (`benches/peers`), and each row shows how many times ours goes into theirs.

use std::process::{Command, ExitCode};

use cupola::metrics::{DURATION_BUCKETS, Format, Label, Registry, Values};

#[path = "../hot.rs"]
#[allow(unreachable_pub, reason = "both packages compile it as they are")]
mod hot;

use hot::Effort;

fn main() -> ExitCode {
    if std::env::args().any(|arg| arg == "--peers") {
        return peers();
    }
    let effort = Effort::from_args();
    record(effort);
    scrape(effort);
    ExitCode::SUCCESS
}

fn peers() -> ExitCode {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/Cargo.toml");
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--release", "--bin", "metrics", "--manifest-path", manifest, "--"]);
    let status = cargo.args(std::env::args().skip(1).filter(|arg| arg != "--peers")).status();
    if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn registry() -> Registry {
    Registry::with_series_limit(1_000_000)
}

fn record(effort: Effort) {
    let registry = registry();
    let durations = hot::durations();
    let counter = registry.counter("jobs.done", "Jobs that are done.", "{job}").expect("the name is free");
    hot::record("counter", effort, |_| counter.increment());
    let waits = registry.duration_histogram("wait", "How long.", &DURATION_BUCKETS).expect("the name is free");
    hot::record("histogram", effort, |call| waits.observe(durations[call as usize % 4096]));
    let gauge = registry.gauge("depth", "Jobs that wait.", "{job}").expect("the name is free");
    hot::record("gauge", effort, |call| gauge.set(call as i64));
    let scraped = || registry.render().len();
    hot::pause(
        "histogram, scraped all the time",
        effort,
        |call| waits.observe(durations[call as usize % 4096]),
        scraped,
    );
}

struct Number(String);

impl Label for Number {
    const NAME: &str = "number";
    const VALUES: Values = Values::AtMost(1_000_000);

    fn value(&self) -> &str {
        &self.0
    }
}

struct State(usize);

impl Label for State {
    const NAME: &str = "state";
    const VALUES: Values = Values::Only(&["running", "stopped"]);

    fn value(&self) -> &str {
        ["running", "stopped"][self.0 % 2]
    }
}

fn scrape(effort: Effort) {
    let counters = registry();
    let by = counters.counter_by::<(Number, State)>("jobs", "Jobs, by number.", "{job}").expect("the name is free");
    (0..effort.series).for_each(|number| by.with(&(Number(number.to_string()), State(number))).add(number as u64));
    hot::scrape("scrape, counters", effort, || counters.render().len());
    hot::scrape("scrape, counters, protobuf", effort, || counters.encode(Format::Protobuf).len());

    // A histogram of 14 bounds is 17 series to Prometheus.
    let lines = histograms(effort.series / 17);
    hot::scrape("scrape, histograms of as many lines", effort, || lines.render().len());
    let native = histograms(effort.series);
    hot::scrape("scrape, native histograms, protobuf", effort, || native.encode(Format::Protobuf).len());
    hot::scrape("scrape, histograms", effort, || native.render().len());
}

fn histograms(count: usize) -> Registry {
    let (registry, durations) = (registry(), hot::durations());
    let by = registry.duration_histogram_by::<(Number, State)>("wait", "How long.", &DURATION_BUCKETS);
    let by = by.expect("the name is free");
    for number in 0..count.max(1) {
        let histogram = by.with(&(Number(number.to_string()), State(number)));
        durations.iter().skip(number % 100).step_by(41).for_each(|duration| histogram.observe(*duration));
    }
    registry
}
