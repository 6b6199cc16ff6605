//! A day of a small company: five services, an afternoon's bad deployment, jobs that fail, models that are asked. The same for the same seed.

#[path = "demo_works.rs"]
mod works;

use std::time::Duration;

use cupola_store::{Batch, Row, Signal, Store, Value};

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// How much is made, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demo {
    /// Nanoseconds since 1970; it ends here.
    pub(crate) now: i64,
    /// How many hours are told.
    pub(crate) hours: i64,
    /// Requests a minute, in the busiest hour.
    pub(crate) per_minute: u64,
}

/// A service's route, its share of requests, how long it takes as a rule.
struct Route {
    service: &'static str,
    method: &'static str,
    route: &'static str,
    share: u64,
    ms: f64,
}

const ROUTES: [Route; 12] = [
    Route { service: "gateway", method: "GET", route: "/", share: 18, ms: 3.0 },
    Route { service: "gateway", method: "POST", route: "/session", share: 6, ms: 42.0 },
    Route { service: "gateway", method: "GET", route: "/search", share: 9, ms: 88.0 },
    Route { service: "vm-provisioner", method: "GET", route: "/api/v1/vms", share: 14, ms: 21.0 },
    Route { service: "vm-provisioner", method: "GET", route: "/api/v1/vms/{id}", share: 22, ms: 9.0 },
    Route { service: "vm-provisioner", method: "POST", route: "/api/v1/vms", share: 8, ms: 310.0 },
    Route { service: "vm-provisioner", method: "DELETE", route: "/api/v1/vms/{id}", share: 3, ms: 140.0 },
    Route { service: "billing", method: "GET", route: "/invoices/{id}", share: 6, ms: 34.0 },
    Route { service: "billing", method: "POST", route: "/invoices", share: 2, ms: 190.0 },
    Route { service: "templates", method: "GET", route: "/templates", share: 7, ms: 12.0 },
    Route { service: "assistant", method: "POST", route: "/chat", share: 4, ms: 2_400.0 },
    Route { service: "assistant", method: "GET", route: "/chat/{id}", share: 1, ms: 16.0 },
];

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end.max(1)
    }

    fn part(&mut self) -> f64 {
        self.below(1 << 32) as f64 / f64::from(u32::MAX)
    }

    fn chance(&mut self, share: f64) -> bool {
        self.part() < share
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.below(256) as u8)
    }

    /// Most are near, few are far: as durations are.
    fn spread(&mut self) -> f64 {
        (0.55 + 0.5 * self.part() + 0.3 * self.part()) * if self.chance(0.03) { 2.0 + 6.0 * self.part() } else { 1.0 }
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }
}

/// What is being made.
struct Made<'a> {
    store: &'a Store,
    dice: Dice,
    logs: Batch,
    spans: Batch,
    metrics: Batch,
    demo: Demo,
}

/// Where something happens.
#[derive(Clone, Copy)]
struct At {
    time: i64,
    trace: [u8; 16],
    span: [u8; 8],
}

impl Demo {
    /// The bad deployment.
    pub(crate) fn spike(&self) -> std::ops::Range<i64> {
        self.now - 38 * MINUTE..self.now - 14 * MINUTE
    }

    /// Fills a store.
    pub(crate) fn fill(self, store: &Store) {
        let batch = Batch::new;
        let mut made = Made {
            store,
            dice: Dice(7),
            logs: batch(Signal::Logs),
            spans: batch(Signal::Spans),
            metrics: batch(Signal::Metrics),
            demo: self,
        };
        let begin = (self.now - self.hours * HOUR).div_euclid(MINUTE) * MINUTE;
        let mut minute = begin;
        while minute < self.now {
            made.minute(minute);
            minute += MINUTE;
        }
        made.give(1);
        assert!(store.flush(), "the demo's store is not sealed");
    }
}

impl Made<'_> {
    fn minute(&mut self, minute: i64) {
        // People sleep.
        let hour = (minute.div_euclid(HOUR).rem_euclid(24)) as f64;
        let busy = 0.45 + 0.55 * (1.0 - ((hour - 14.0).abs() / 12.0).min(1.0));
        let requests = (self.demo.per_minute as f64 * busy * (0.8 + 0.4 * self.dice.part())) as u64;
        for _ in 0..requests.max(1) {
            let time = minute + self.dice.below(MINUTE as u64) as i64;
            if time < self.demo.now {
                self.request(time);
            }
        }
        if self.dice.chance(0.4) {
            let time = minute + self.dice.below(MINUTE as u64) as i64;
            let origin = At { time, trace: self.dice.bytes(), span: self.dice.bytes() };
            self.job(origin);
        }
        self.system(minute);
        self.give(8_000);
    }

    fn request(&mut self, time: i64) {
        let mut place = self.dice.below(ROUTES.iter().map(|route| route.share).sum());
        let route = ROUTES
            .iter()
            .find(|route| {
                let is_here = place < route.share;
                place = place.saturating_sub(route.share);
                is_here
            })
            .unwrap_or(&ROUTES[0]);
        let at = At { time, trace: self.dice.bytes(), span: self.dice.bytes() };
        let is_hit = self.demo.spike().contains(&time) && route.service == "vm-provisioner" && route.method == "POST";
        let mut ms = route.ms * self.dice.spread();
        let mut status = match self.dice.below(1_000) {
            0..=2 => 500,
            3..=24 => 404,
            25..=30 => 422,
            _ if route.method == "POST" => 201,
            _ => 200,
        };
        if is_hit {
            ms = ms * 6.0 + 900.0;
            status = if self.dice.chance(0.42) { 503 } else { status };
        }
        let version = self.version(route.service, time);
        let failed = status >= 500;
        let is_pool = route.service != "vm-provisioner";
        let error_type = if is_pool { "sqlx::PoolTimedOut" } else { "hypervisor::Unreachable" };
        let message = if is_pool {
            format!("no connection to the database within {} ms", 500 + self.dice.below(400))
        } else {
            format!("hypervisor hv-{:02} did not answer within {} s", 3 + self.dice.below(3), 2 + self.dice.below(4))
        };
        if failed {
            let mut row = entry(&mut self.logs, at, time + (ms * 0.9e6) as i64, "ERROR", route.service, version);
            row.set("target", Value::Text(&format!("{}::api", route.service.replace('-', "_"))))
                .set("message", Value::Text(&message))
                .set("error_type", Value::Text(error_type))
                .set("error", Value::Text(&format!("{message}\ncaused by: connection refused (os error 111)")))
                .set("route", Value::Text(route.route));
        } else if self.dice.chance(0.03) {
            let slow = [
                "cache is cold, asking the database",
                "retrying after a short wait",
                "the answer is larger than usual",
            ];
            let says = self.dice.pick(&slow).to_owned();
            entry(&mut self.logs, at, time + (ms * 0.5e6) as i64, "WARN", route.service, version)
                .set("message", Value::Text(&says));
        } else if self.dice.chance(0.1) {
            let says = format!("machine vm-{:04} is up", self.dice.below(9_000));
            entry(&mut self.logs, at, time + (ms * 0.5e6) as i64, "INFO", route.service, version)
                .set("message", Value::Text(&says));
        }
        if self.dice.chance(0.06) {
            entry(&mut self.logs, at, time, "DEBUG", route.service, version)
                .set("message", Value::Text("the session is known"));
        }
        let user = format!("user-{:03}", self.dice.below(240));
        let level = if failed {
            "ERROR"
        } else if status >= 400 {
            "WARN"
        } else {
            "INFO"
        };
        let end = time + (ms * 1e6) as i64;
        entry(&mut self.logs, at, end, level, route.service, version)
            .set("target", Value::Text("cupola::http"))
            .set("category", Value::Text("api"))
            .set("message", Value::Text("request completed"))
            .set("method", Value::Text(route.method))
            .set("route", Value::Text(route.route))
            .set("path", Value::Text(&route.route.replace("{id}", "vm-0042")))
            .set("status", Value::Int(status))
            .set("outcome", Value::Text("complete"))
            .set("duration_ms", Value::Float(ms))
            .set("user_id", Value::Text(&user));
        self.trace(route, at, ms, status, version, (error_type, &message));
        // Who had no machine has one made later, which is what fails then.
        if is_hit && failed {
            self.job(At { time: end, ..at });
        }
    }

    /// The spans of a request: its own, a query's or two, and a call's to the hypervisor with its attempts.
    fn trace(&mut self, route: &Route, at: At, ms: f64, status: i64, version: &str, (error_type, error): (&str, &str)) {
        let failed = status >= 500;
        let mut server = span(
            &mut self.spans,
            at,
            None,
            route.service,
            &format!("{} {}", route.method, route.route),
            "server",
            0.0,
            ms,
        );
        server
            .set("route", Value::Text(route.route))
            .set("method", Value::Text(route.method))
            .set("status", Value::Int(status))
            .set("service_version", Value::Text(version));
        if failed {
            server.set("otel.status_code", Value::Text("ERROR")).set("error_type", Value::Text(error_type));
        }
        let query = At { span: self.dice.bytes(), ..at };
        span(&mut self.spans, query, Some(at.span), route.service, "SELECT vms", "client", ms * 0.08, ms * 0.14)
            .set("db_system", Value::Text("postgresql"))
            .set("db_statement", Value::Text("SELECT id, state FROM vms WHERE owner = $1"));
        if route.method != "POST" {
            return;
        }
        let attempts = if failed { 3 } else { 1 };
        for attempt in 0..attempts {
            let call = At { span: self.dice.bytes(), ..at };
            let (begin, long) = (ms * (0.25 + 0.22 * attempt as f64), ms * 0.2);
            let mut row =
                span(&mut self.spans, call, Some(at.span), route.service, "POST /machines", "client", begin, long);
            row.set("dependency", Value::Text("hypervisor")).set("attempt", Value::Int(attempt + 1));
            if failed {
                row.set("otel.status_code", Value::Text("ERROR"))
                    .set("error_type", Value::Text(error_type))
                    .set("error", Value::Text(error));
            } else {
                row.set("status", Value::Int(201));
                let inner = At { span: self.dice.bytes(), ..at };
                span(
                    &mut self.spans,
                    inner,
                    Some(call.span),
                    "hypervisor",
                    "POST /machines",
                    "server",
                    begin + 2.0,
                    (long - 4.0).max(0.5),
                );
            }
        }
    }

    fn version(&self, service: &str, time: i64) -> &'static str {
        match service {
            "vm-provisioner" if time >= self.demo.spike().start => "2.4.0",
            "vm-provisioner" => "2.3.7",
            "assistant" => "0.9.3",
            _ => "1.12.0",
        }
    }

    /// Brings what is there into the store, once there is as much.
    fn give(&mut self, least: usize) {
        for batch in [&mut self.logs, &mut self.spans, &mut self.metrics] {
            if batch.rows() >= least {
                let full = std::mem::replace(batch, Batch::new(batch.signal()));
                self.store.writer().wait_for_room(&full, Duration::from_secs(60));
                self.store.writer().offer(full);
            }
        }
    }
}

fn entry<'a>(logs: &'a mut Batch, at: At, time: i64, level: &str, service: &str, version: &str) -> Row<'a> {
    let mut row = logs.row(time);
    row.set("level", Value::Text(level))
        .set("service", Value::Text(service))
        .set("service_version", Value::Text(version));
    row.set("trace_id", Value::Id(&at.trace)).set("span_id", Value::Id(&at.span));
    row
}

#[allow(clippy::too_many_arguments, reason = "a span has as many parts")]
fn span<'a>(
    spans: &'a mut Batch,
    at: At,
    parent: Option<[u8; 8]>,
    service: &str,
    name: &str,
    kind: &str,
    begin: f64,
    ms: f64,
) -> Row<'a> {
    let mut row = spans.row(at.time + (begin * 1e6) as i64);
    row.set("name", Value::Text(name)).set("kind", Value::Text(kind)).set("service", Value::Text(service));
    row.set("trace_id", Value::Id(&at.trace)).set("span_id", Value::Id(&at.span)).set("duration_ms", Value::Float(ms));
    if let Some(parent) = parent {
        row.set("parent_span_id", Value::Id(&parent));
    }
    row
}
