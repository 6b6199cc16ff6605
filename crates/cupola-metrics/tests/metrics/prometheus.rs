//! A real Prometheus scrapes each format, and computes the quantiles of what was recorded.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use cupola_metrics::{DURATION_BUCKETS, Registry, RouteMetrics};
use cupola_record::{Exchange, Outcome, Record, Sink};
use serde_json::Value;

use crate::serving::{Running, free_address, get, serve};
use crate::support::{ended, exchange};

/// Durations as services have them: most are short, a few are long.
fn durations() -> Vec<f64> {
    let mut seed = 7_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut durations: Vec<f64> = (0..20_000).map(|_| 0.004 - 0.030 * (1.0 - next()).ln()).collect();
    durations.sort_by(f64::total_cmp);
    durations
}

fn record(registry: &Registry, durations: &[f64]) -> Exchange {
    let metrics = RouteMetrics::new(registry);
    let mut exchange = exchange("GET", Some("/vms/{id}"));
    exchange.started = SystemTime::now();
    let mut ended = ended(&exchange, Some(200), Outcome::Complete, Duration::ZERO);
    for duration in durations {
        ended.total = Duration::from_secs_f64(*duration);
        metrics.record(Record::Exchange(&exchange, &ended));
    }
    exchange
}

struct Prometheus {
    address: SocketAddr,
    folder: std::path::PathBuf,
    _running: Running,
}

impl Prometheus {
    fn start(target: SocketAddr) -> Self {
        let address = free_address();
        let folder = std::env::temp_dir().join(format!("cupola-prometheus-{}", address.port()));
        std::fs::create_dir_all(&folder).unwrap();
        let job = |name: &str| {
            format!("- job_name: {name}\n  metrics_path: /{name}\n  static_configs: [{{targets: ['{target}']}}]\n")
        };
        let jobs = ["text", "openmetrics", "native"].map(job).concat();
        std::fs::write(folder.join("p.yml"), format!("global: {{scrape_interval: 1s}}\nscrape_configs:\n{jobs}"))
            .unwrap();
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", folder.join("p.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--enable-feature=exemplar-storage,native-histograms");
        Self { address, folder, _running: Running::start(&mut command) }
    }

    fn ask(&self, path: &str) -> Value {
        get(self.address, path).and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default()
    }

    /// The value of a query, as soon as there is one.
    #[allow(clippy::disallowed_methods, reason = "another process takes real time")]
    fn query(&self, query: &str) -> f64 {
        let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            let answer = self.ask(&format!("/api/v1/query?query={query}"));
            if let Some(value) = answer["data"]["result"][0]["value"][1].as_str() {
                return value.parse().unwrap();
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("{query} has no result: {}", self.ask("/api/v1/targets"))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn near(found: f64, expected: f64, share: f64) -> bool {
    (found - expected).abs() <= expected * share
}

#[test]
#[ignore = "needs prometheus"]
fn a_real_prometheus_computes_the_quantiles_that_were_recorded() {
    let (registry, durations) = (Registry::new(), durations());
    let exchange = record(&registry, &durations);
    let prometheus = Prometheus::start(serve(registry));
    let name = "http_server_request_duration_seconds";
    for job in ["text", "openmetrics"] {
        assert_eq!(prometheus.query(&format!("{name}_count{{job=\"{job}\"}}")), 20_000.0);
        let sum = prometheus.query(&format!("{name}_sum{{job=\"{job}\"}}"));
        assert!(near(sum, durations.iter().sum(), 1e-9), "{sum}");
    }
    for quantile in [0.5, 0.9, 0.99] {
        let recorded = durations[(quantile * durations.len() as f64) as usize];
        let native = prometheus.query(&format!("histogram_quantile({quantile}, {name}{{job=\"native\"}})"));
        assert!(near(native, recorded, 0.05), "p{quantile}: native {native}, recorded {recorded}");
        for job in ["text", "openmetrics"] {
            let classic = format!("histogram_quantile({quantile}, {name}_bucket{{job=\"{job}\"}})");
            let classic = prometheus.query(&classic);
            let bucket = |value: f64| DURATION_BUCKETS.partition_point(|bound| *bound < value);
            assert_eq!(bucket(classic), bucket(recorded), "p{quantile}: {job} {classic}, recorded {recorded}");
        }
    }
    assert_eq!(prometheus.query(&format!("histogram_count({name}{{job=\"native\"}})")), 20_000.0);
    let exemplars = prometheus.ask(&format!("/api/v1/query_exemplars?query={name}_bucket&start=0&end=9999999999"));
    let labels = &exemplars["data"][0]["exemplars"][0]["labels"];
    assert_eq!(labels["trace_id"], exchange.context.trace().trace_id.to_string(), "{exemplars}");
}
