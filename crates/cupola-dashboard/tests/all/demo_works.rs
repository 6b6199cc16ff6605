//! What runs beside the requests of the demo: jobs with their attempts, executions with their parts, calls of models, the machines.

use cupola_store::{Row, Value};

use super::{At, HOUR, MINUTE, Made, SECOND, entry};

/// A model: who runs it, what a token in and out costs in millionths of a dollar, or that nobody knows; its first chunk and its answer, in ms.
struct Model {
    name: &'static str,
    provider: &'static str,
    price: Option<(f64, f64)>,
    first_ms: f64,
    ms: f64,
}

const MODELS: [Model; 4] = [
    Model { name: "gpt-5-mini", provider: "openai", price: Some((0.25, 2.0)), first_ms: 320.0, ms: 1_400.0 },
    Model { name: "claude-sonnet-4-5", provider: "anthropic", price: Some((3.0, 15.0)), first_ms: 610.0, ms: 4_800.0 },
    Model { name: "gemini-2.5-flash", provider: "gcp.gemini", price: Some((0.3, 2.5)), first_ms: 240.0, ms: 1_900.0 },
    Model { name: "qwen3-local", provider: "_OTHER", price: None, first_ms: 95.0, ms: 3_100.0 },
];

/// The parts of an execution, and how much of it is done with each.
const STEPS: [(&str, f64); 4] = [("prepare", 0.1), ("allocate", 0.35), ("install", 0.9), ("verify", 1.0)];

impl Made<'_> {
    /// A job: queued by a request, tried up to three times; in the spike it has no room.
    pub(super) fn job(&mut self, origin: At) {
        let time = origin.time;
        if time >= self.demo.now {
            return;
        }
        let kind = self.dice.pick(&["provision_vm", "snapshot", "rebuild_index"]).to_owned();
        let (id, request) = (format!("job-{:08x}", self.dice.below(1 << 32)), self.uuid());
        let version = self.version("vm-provisioner", time);
        job_row(entry(&mut self.logs, origin, time, "INFO", "vm-provisioner", version), "job queued", &kind, &id)
            .set("request_id", Value::Text(&request))
            .set("outcome", Value::Text("queued"))
            .set("duration_ms", Value::Float(0.4));
        let mut begin = time;
        for attempt in 1..=3 {
            let at = At { time, trace: self.dice.bytes(), span: self.dice.bytes() };
            let is_hit = self.demo.spike().contains(&begin);
            let waited = 35.0 * self.dice.spread() * if is_hit { 60.0 } else { 1.0 };
            let ms = 2_000.0 * self.dice.spread() * if is_hit { 3.0 } else { 1.0 };
            let failed = if is_hit { self.dice.chance(0.85) } else { self.dice.chance(0.02) };
            begin += (waited * 1e6) as i64;
            let end = begin + (ms * 1e6) as i64;
            if end >= self.demo.now {
                return;
            }
            let outcome = match (failed, attempt) {
                (false, _) => "completed",
                (true, 3) => "failed",
                (true, _) => "retried",
            };
            let error = ["placement::Restarting", "placement::NoRoom"][usize::from(is_hit)];
            if failed {
                let (host, why) = (3 + self.dice.below(3), ["is being restarted", "has no room"][usize::from(is_hit)]);
                entry(&mut self.logs, at, end - SECOND / 10, "ERROR", "vm-provisioner", version)
                    .set("target", Value::Text("vm_provisioner::jobs"))
                    .set("message", Value::Text(&format!("machine could not be placed: hypervisor hv-{host:02} {why}")))
                    .set("error_type", Value::Text(error))
                    .set("job_id", Value::Text(&id));
            }
            let level = ["INFO", "ERROR"][usize::from(outcome == "failed")];
            for (when, level, says) in
                [(begin, "INFO", "job started".to_owned()), (end, level, format!("job {outcome}"))]
            {
                let mut row =
                    job_row(entry(&mut self.logs, at, when, level, "vm-provisioner", version), &says, &kind, &id);
                row.set("attempt", Value::Int(attempt))
                    .set("max_attempts", Value::Int(3))
                    .set("queue_latency_ms", Value::Float(waited))
                    .set("origin_request_id", Value::Text(&request))
                    .set("origin_trace_id", Value::Id(&origin.trace));
                if when == end {
                    row.set("outcome", Value::Text(outcome)).set("duration_ms", Value::Float(ms));
                    row.set("db_queries", Value::Int(4));
                }
                if when == end && failed {
                    row.set("error_type", Value::Text(error));
                }
            }
            self.execution(at, (begin, end), &kind, &request, failed);
            if !failed {
                break;
            }
            begin = end + 20 * SECOND;
        }
        self.llm(time + SECOND / 2);
    }

    /// An execution with its steps and what was added up in it; now and then one that takes its time and is not over.
    fn execution(&mut self, at: At, (begin, end): (i64, i64), name: &str, request: &str, failed: bool) {
        let version = self.version("vm-provisioner", begin);
        let id = format!("{name}_{}_{:08x}", begin / SECOND, self.dice.below(1 << 32));
        let is_long = begin > self.demo.now - 12 * MINUTE && self.dice.chance(0.5);
        let reached = if failed || is_long { 1 + self.dice.below(3) as usize } else { STEPS.len() };
        let tries_again = self.dice.chance(0.08);
        let (input, output) = (200 + self.dice.below(900) as i64, 40 + self.dice.below(400) as i64);
        let mut say = |when: i64, level: &str, says: &str, fields: &[(&str, Value<'_>)]| {
            let mut row = entry(&mut self.logs, at, when, level, "vm-provisioner", version);
            row.set("target", Value::Text("cupola::execution")).set("category", Value::Text("operations"));
            row.set("message", Value::Text(says)).set("request_id", Value::Text(request));
            row.set("execution_id", Value::Text(&id)).set("execution_name", Value::Text(name));
            fields.iter().for_each(|(name, value)| {
                row.set(name, *value);
            });
        };
        let state =
            |state: &'static str| [("event", Value::Text("execution")), ("execution_state", Value::Text(state))];
        let settings = r#"{"image":"debian-13","cores":4,"token":"[REDACTED]"}"#;
        let more = [
            ("execution_mode", Value::Text("sequential")),
            ("max_retries", Value::Int(2)),
            ("execution_input", Value::Text(settings)),
            ("execution_input_bytes", Value::Int(settings.len() as i64)),
        ];
        say(begin - SECOND / 10, "INFO", "execution created", &[&state("pending")[..], &more].concat());
        let waited = [("attempt", Value::Int(1)), ("waited_ms", Value::Float(100.0))];
        say(begin, "INFO", "execution started", &[&state("running")[..], &waited].concat());
        let step_length = (end - begin) / (STEPS.len() as i64 + 1);
        if tries_again {
            let why = [
                ("attempt", Value::Int(1)),
                ("error_type", Value::Text("ssh::Refused")),
                ("error", Value::Text("the machine did not accept the key")),
            ];
            say(
                begin + step_length / 3,
                "WARN",
                "execution will be tried again",
                &[&state("pending")[..], &why].concat(),
            );
            let second = [("attempt", Value::Int(2))];
            say(begin + step_length / 2, "INFO", "execution started", &[&state("running")[..], &second].concat());
        }
        for (place, (step, progress)) in STEPS.iter().enumerate().take(reached) {
            let when = begin + step_length * (place as i64 + 1);
            let is_last = place + 1 == reached;
            let status = match (failed, is_long) {
                (true, _) if is_last => "failed",
                (_, true) if is_last => "running",
                _ => "success",
            };
            let mut fields = vec![
                ("event", Value::Text("execution_step")),
                ("step", Value::Text(step)),
                ("status", Value::Text(status)),
            ];
            if status == "success" {
                fields.push(("progress", Value::Float(*progress)));
                fields.push(("duration_ms", Value::Float(step_length as f64 / 1e6)));
            }
            say(when, if status == "failed" { "ERROR" } else { "INFO" }, &format!("execution step {status}"), &fields);
        }
        let check = [
            ("event", Value::Text("execution_check")),
            ("check", Value::Text("enough room")),
            ("validation", Value::Text(if failed { "failed" } else { "passed" })),
            ("why", Value::Text("free space of the pool")),
        ];
        say(begin + step_length / 2, "INFO", "execution check", &check);
        if is_long && !failed {
            return;
        }
        let last = [
            ("duration_ms", Value::Float((end - begin) as f64 / 1e6)),
            ("process_cpu_ms", Value::Float(412.0)),
            ("process_memory_change_bytes", Value::Int(3 << 20)),
            ("llm_input_tokens", Value::Int(input)),
            ("llm_output_tokens", Value::Int(output)),
            ("llm_cost_micros", Value::Int(input / 4 + output * 2)),
            ("db_queries", Value::Int(6)),
            ("totals", Value::Text("llm_input_tokens,llm_output_tokens,llm_cost_micros,db_queries")),
        ];
        if failed {
            let why = [
                ("error_type", Value::Text("placement::NoRoom")),
                ("error", Value::Text("no hypervisor has room for 4 cores")),
            ];
            say(end, "ERROR", "execution failed", &[&state("failed")[..], &last, &why].concat());
        } else {
            say(end, "INFO", "execution completed", &[&state("completed")[..], &last].concat());
        }
    }

    /// A model is asked; now and then it is asked too often.
    fn llm(&mut self, time: i64) {
        let at = At { time, trace: self.dice.bytes(), span: self.dice.bytes() };
        let model = &MODELS[self.dice.below(MODELS.len() as u64) as usize];
        let (input, output) = (400 + self.dice.below(5_000) as i64, 50 + self.dice.below(900) as i64);
        let failed = self.dice.chance(if model.provider == "openai" { 0.09 } else { 0.015 });
        let (first, ms) = (model.first_ms * self.dice.spread(), model.ms * self.dice.spread());
        let end = time + (ms * 1e6) as i64;
        if end >= self.demo.now {
            return;
        }
        let mut row = entry(&mut self.logs, at, end, if failed { "WARN" } else { "INFO" }, "assistant", "0.9.3");
        row.set("target", Value::Text("cupola::llm")).set("category", Value::Text("api"));
        row.set("message", Value::Text(if failed { "LLM call failed" } else { "LLM call completed" }));
        row.set("operation", Value::Text("chat")).set("provider", Value::Text(model.provider));
        row.set("model", Value::Text(model.name)).set("stream", Value::Bool(true));
        if failed {
            row.set("outcome", Value::Text("failed")).set("error_type", Value::Text("rate_limited"));
            row.set("status", Value::Int(429)).set("duration_ms", Value::Float(80.0));
            return;
        }
        row.set("outcome", Value::Text("complete")).set("status", Value::Int(200));
        row.set("input_tokens", Value::Int(input)).set("output_tokens", Value::Int(output));
        row.set("cache_read_tokens", Value::Int(input / 3)).set("finish_reasons", Value::Text("stop"));
        row.set("usage_complete", Value::Bool(true));
        row.set("first_chunk_ms", Value::Float(first)).set("duration_ms", Value::Float(ms));
        if let Some((dear_in, dear_out)) = model.price {
            let cost = input as f64 * dear_in + output as f64 * dear_out;
            row.set("cost_micros", Value::Int(cost as i64)).set("cost_source", Value::Text("table"));
        }
    }

    /// What a service's machine and its process say of themselves each minute.
    pub(super) fn system(&mut self, minute: i64) {
        for (service, size) in [("vm-provisioner", 1.0), ("assistant", 0.6)] {
            let wave = size * (minute as f64 / HOUR as f64 + size).sin();
            let up = (minute - self.demo.now + 90 * HOUR) as f64 / SECOND as f64;
            let (cpu, memory) = (0.34 + 0.18 * wave + 0.05 * self.dice.part(), 9.1e9 + 1.6e9 * wave);
            let hit = if self.demo.spike().contains(&minute) { 2.0 } else { 1.0 };
            let mut say = |name: &str, unit: &str, kind: &str, labels: &[(&str, &str)], value: f64| {
                let mut row = self.metrics.row(minute);
                row.set("metric", Value::Text(name)).set("type", Value::Text(kind)).set("unit", Value::Text(unit));
                row.set("service", Value::Text(service)).set("value", Value::Float(value));
                if kind == "sum" {
                    row.set("temporality", Value::Text("cumulative")).set("monotonic", Value::Bool(true));
                }
                labels.iter().for_each(|(name, value)| {
                    row.set(name, Value::Text(value));
                });
            };
            say("system.cpu.utilization", "1", "gauge", &[], (cpu * hit).min(0.97));
            say("system.cpu.logical.count", "{cpu}", "gauge", &[], 4.0);
            say("system.cpu.load_average.1m", "{thread}", "gauge", &[], cpu * hit * 4.0);
            say("system.memory.usage", "By", "gauge", &[("system.memory.state", "used")], memory);
            say("system.memory.usage", "By", "gauge", &[("system.memory.state", "free")], 16e9 - memory);
            say("system.memory.limit", "By", "gauge", &[], 16e9);
            say("system.memory.utilization", "1", "gauge", &[], memory / 16e9);
            for (mount, used) in [("/", 61e9), ("/var/lib/vms", 712e9)] {
                let space = |state| [("system.filesystem.mountpoint", mount), ("system.filesystem.state", state)];
                say("system.filesystem.usage", "By", "gauge", &space("used"), used + up * 900.0);
                say("system.filesystem.usage", "By", "gauge", &space("free"), used * 0.22 - up * 900.0);
            }
            for (direction, rate) in [("read", 1.2e6), ("write", 3.4e6)] {
                let labels = [("system.device", "nvme0n1"), ("disk.io.direction", direction)];
                say("system.disk.io", "By", "sum", &labels, up * rate * (1.0 + 0.001 * wave));
            }
            for (direction, rate) in [("receive", 0.8e6), ("transmit", 2.1e6)] {
                let labels = [("network.interface.name", "eth0"), ("network.io.direction", direction)];
                say("system.network.io", "By", "sum", &labels, up * rate * (1.0 + 0.001 * wave));
                say("system.network.errors", "{error}", "sum", &labels, 0.0);
            }
            say("process.cpu.utilization", "1", "gauge", &[], cpu * hit * 0.4);
            say("process.memory.usage", "By", "gauge", &[], 180e6 + 20e6 * wave);
            say("process.thread.count", "{thread}", "gauge", &[], 14.0);
            say("process.unix.file_descriptor.count", "{file_descriptor}", "gauge", &[], 92.0 + 30.0 * wave);
            say("process.unix.file_descriptor.limit", "{file_descriptor}", "gauge", &[], 1024.0);
            say("process.uptime", "s", "gauge", &[], up);
            // One of them does not show its runtime.
            if size > 0.9 {
                let runtime = [("runtime", "main")];
                say("tokio.runtime.workers", "{thread}", "gauge", &runtime, 4.0);
                say("tokio.runtime.alive_tasks", "{task}", "gauge", &runtime, 120.0 + 60.0 * wave * hit);
                say("tokio.runtime.global_queue_depth", "{task}", "gauge", &runtime, (hit - 1.0) * 20.0);
                say("tokio.runtime.busy", "s", "sum", &runtime, up * 1.1);
            }
        }
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.dice.below(1 << 32), self.dice.below(1 << 48));
        format!("0199{:04x}-{:04x}-7d3a-9c0e-{low:012x}", high >> 16, high & 0xffff)
    }
}

fn job_row<'a>(mut row: Row<'a>, says: &str, kind: &str, id: &str) -> Row<'a> {
    row.set("target", Value::Text("cupola::job")).set("category", Value::Text("operations"));
    row.set("message", Value::Text(says)).set("job_kind", Value::Text(kind)).set("job_id", Value::Text(id));
    row.set("queue", Value::Text("default"));
    row
}
