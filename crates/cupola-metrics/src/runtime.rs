//! The tokio runtime: its workers, how busy they are, and what waits for them.
//!
//! Feature `tokio`. What is shown is what tokio counts in its stable interface, read when somebody asks.

use tokio::runtime::{Handle, RuntimeMetrics};

use crate::encoder::Encoder;
use crate::family::Family;
use crate::registry::Registry;

const WORKERS: Family = Family::up_down("tokio.runtime.workers", "Worker threads.").unit("{thread}");
const TASKS: Family =
    Family::up_down("tokio.runtime.alive_tasks", "Tasks that were spawned and have not ended.").unit("{task}");
const QUEUE: Family =
    Family::up_down("tokio.runtime.global_queue_depth", "Tasks that wait in the queue that all workers share.")
        .unit("{task}");
const BUSY: Family = Family::counter(
    "tokio.runtime.busy",
    "Time that workers were busy: over the workers and the time that has passed, it is their busy ratio.",
)
.unit("s");
const PARKS: Family = Family::counter("tokio.runtime.parks", "How often workers had nothing to do.").unit("{park}");

/// Shows a runtime in a registry, under a name of its own where there are several. The handle does not keep the runtime
/// alive.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let registry = cupola_metrics::Registry::new();
/// cupola_metrics::runtime::watch(&registry, "main", &tokio::runtime::Handle::current());
/// assert!(registry.render().contains("tokio_runtime_workers{runtime=\"main\"} 1\n"));
/// # }
/// ```
pub fn watch(registry: &Registry, name: &str, runtime: &Handle) {
    let (name, metrics) = (name.to_owned(), runtime.metrics());
    registry.source(move |encoder| encode(encoder, &name, &metrics));
}

fn encode(encoder: &mut Encoder<'_>, name: &str, metrics: &RuntimeMetrics) {
    let label = [("runtime", name)];
    encoder.family(&WORKERS).value(&label, metrics.num_workers() as u64);
    encoder.family(&TASKS).value(&label, metrics.num_alive_tasks() as u64);
    encoder.family(&QUEUE).value(&label, metrics.global_queue_depth() as u64);
    encode_workers(encoder, &label, metrics);
}

#[cfg(target_has_atomic = "64")]
fn encode_workers(encoder: &mut Encoder<'_>, label: &[(&str, &str)], metrics: &RuntimeMetrics) {
    let workers = 0..metrics.num_workers();
    let busy: f64 = workers.clone().map(|worker| metrics.worker_total_busy_duration(worker).as_secs_f64()).sum();
    encoder.family(&BUSY).value(label, busy);
    encoder.family(&PARKS).value(label, workers.map(|worker| metrics.worker_park_count(worker)).sum::<u64>());
}

#[cfg(not(target_has_atomic = "64"))]
fn encode_workers(_: &mut Encoder<'_>, _: &[(&str, &str)], _: &RuntimeMetrics) {}
