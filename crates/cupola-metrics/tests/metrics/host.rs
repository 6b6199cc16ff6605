//! The host, the process and the runtime: what they tell is plausible, and the text that tells it is whole.

use cupola_metrics::host::Host;
use cupola_metrics::{Registry, runtime};

use crate::support::{lines, sum};

#[test]
fn a_sample_tells_of_this_machine_and_this_process() {
    let registry = Registry::new();
    let host = Host::new(&registry);
    assert!(lines(&registry, "system_").is_empty() && lines(&registry, "process_").is_empty());
    host.sample();
    assert!(lines(&registry, "system_cpu_utilization").is_empty(), "one reading has nothing to compare with");
    let busy: u64 = (0..30_000_000_u64).fold(0, |sum, number| std::hint::black_box(sum ^ number));
    host.sample();
    let text = registry.render();
    let one = |name: &str| sum(&registry, name);
    assert!((0.0..=1.01).contains(&one("system_cpu_utilization_ratio ")), "{busy} {text}");
    assert!(one("system_cpu_logical ") >= 1.0, "{text}");
    assert!(
        one("system_memory_usage_bytes{") > 0.0
            && one("system_memory_usage_bytes{") <= one("system_memory_limit_bytes ") * 1.01
    );
    assert!(one("process_memory_usage_bytes ") > 1e6 && one("process_memory_usage_bytes ") < 1e11, "{text}");
    assert!(one("process_cpu_time_seconds_total ") > 0.0, "{text}");
    assert!(one("process_uptime_seconds ") < 3_600.0, "{text}");
    if cfg!(target_os = "linux") {
        assert!(one("process_thread ") >= 2.0, "{text}");
        assert!(one("process_unix_file_descriptor ") >= 3.0, "{text}");
        assert!(!lines(&registry, "system_network_io_bytes_total{").is_empty(), "{text}");
        assert!(!lines(&registry, "system_cpu_load_average_1m").is_empty(), "{text}");
    }
    assert_eq!(sum(&registry, "cupola_metrics_refused_total"), 0.0, "{text}");
    let system = host.snapshot().unwrap();
    assert!(system.cpu.is_some() && system.memory_used > 0 && system.memory_total > system.memory_used, "{system:?}");
}

#[test]
fn a_runtime_tells_of_its_workers_and_tasks() {
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let registry = Registry::new();
    runtime::watch(&registry, "main", tokio.handle());
    let waits = tokio.spawn(std::future::pending::<()>());
    tokio
        .block_on(async { tokio::spawn(async { (0..1_000).fold(0, |a, b| std::hint::black_box(a ^ b)) }).await })
        .unwrap();
    assert_eq!(sum(&registry, "tokio_runtime_workers{runtime=\"main\"}"), 2.0);
    // The one that has ended may be counted for a moment more.
    assert!((1.0..=2.0).contains(&sum(&registry, "tokio_runtime_alive_tasks{runtime=\"main\"}")));
    assert_eq!(lines(&registry, "tokio_runtime_busy_seconds_total{").len(), 1);
    waits.abort();
}
