//! The real binary, under its own traffic: what a newcomer sees, checked line by line.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::Value;
use vm_provisioner::traffic::SECRETS;

/// What one run of the binary left behind.
struct Run {
    text: String,
    lines: Vec<Value>,
    metrics: String,
}

impl Run {
    /// Runs the binary through every scene of its traffic, and asks for its metrics in the middle of it.
    fn of(variables: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("vm-provisioner-{}", uuid::Uuid::now_v7().simple()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_vm-provisioner"));
        command.args([
            "--listen",
            "127.0.0.1:0",
            "--traffic",
            "--traffic-scenes",
            "110",
            "--traffic-rate",
            "60",
            "--data",
        ]);
        command
            .arg(folder.join("data"))
            .env_clear()
            .env("LOG_DIR", folder.join("logs"))
            .envs(variables.iter().copied())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();

        let schema = schema();
        let (mut run, mut address) = (Self { text: String::new(), lines: Vec::new(), metrics: String::new() }, None);
        for line in BufReader::new(process.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            assert_eq!(cupola_line::schema::check(line.as_bytes()), Ok(()), "{line}");
            let json: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            schema.validate(&json).unwrap_or_else(|error| panic!("{error}: {line}"));
            if json["message"] == "listening" {
                address = json["address"].as_str().map(str::to_owned);
            }
            run.text.push_str(&line);
            run.text.push('\n');
            run.lines.push(json);
            if run.lines.len() == 60 {
                run.metrics = get(address.as_deref().unwrap(), "/metrics");
            }
        }
        assert!(process.wait().unwrap().success());
        std::fs::remove_dir_all(folder).unwrap();
        run
    }

    fn access(&self) -> impl Iterator<Item = &Value> {
        self.lines.iter().filter(|line| line["target"] == "cupola::http")
    }

    fn told(&self, field: &str) -> u64 {
        let last = self.lines.iter().find(|line| line["message"] == "traffic ended").expect("it says so");
        last[field].as_u64().unwrap()
    }
}

/// The schema that users are given, read by a validator that is not ours.
fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../docs/log-line.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

#[test]
fn the_schema_refuses_what_is_no_line() {
    let refuses = |line: Value| schema().validate(&line).unwrap_err().to_string();
    let line = |level: &str, more: &str| {
        let line = format!(
            r#"{{"timestamp":"2026-11-26T14:30:53.509765Z","level":"{level}","target":"t","category":"c","message":"m"{more}}}"#
        );
        serde_json::from_str::<Value>(&line).unwrap()
    };
    assert!(schema().is_valid(&line("INFO", "")));
    assert!(refuses(line("LOUD", "")).contains("LOUD"));
    assert!(refuses(line("INFO", r#","trace_id":"7""#)).contains("7"));
    assert!(refuses(serde_json::json!({ "level": "INFO" })).contains("timestamp"));
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn text<'a>(line: &'a Value, field: &str) -> &'a str {
    line[field].as_str().unwrap_or_else(|| panic!("no {field}: {line}"))
}

#[test]
fn one_correct_line_per_request() {
    let run = Run::of(&[]);
    let access: Vec<&Value> = run.access().collect();

    // Callers who left early may have left before their request arrived.
    let (sent, abandoned) = (run.told("requests"), run.told("abandoned"));
    assert!((sent - abandoned..=sent).contains(&(access.len() as u64)), "{} lines, {sent} requests", access.len());
    let ids: HashSet<&str> = access.iter().map(|line| text(line, "request_id")).collect();
    assert_eq!(ids.len(), access.len(), "each request has its own id");

    for line in &access {
        assert_eq!((text(line, "trace_id").len(), text(line, "span_id").len()), (32, 16), "{line}");
        assert!(line["duration_ms"].as_f64().is_some_and(|duration| duration >= 0.0), "{line}");
        assert!(line.get("user_id").is_none() || line["action"] == "http.request", "{line}");
        assert!(line["status"].is_u64() || line["outcome"] == "closed_before_head", "{line}");
        match text(line, "path").strip_prefix("/api/v1/") {
            Some(_) => assert!(text(line, "route").starts_with("/api/v1/"), "{line}"),
            None => assert!(line.get("route").is_none(), "an unmatched path is no route: {line}"),
        }
    }
    let statuses: HashSet<u64> = access.iter().filter_map(|line| line["status"].as_u64()).collect();
    assert!([200, 202, 400, 401, 404, 405].iter().all(|status| statuses.contains(status)), "{statuses:?}");

    workers_lines_belong_to_their_requests(&run);
    lines_of_a_request_are_few(&run);
    the_vocabulary_is_used(&run);
    requests_tell_what_they_asked_of_the_store(&run);
    no_secret_is_seen(&run);
    assert!(run.metrics.starts_with("HTTP/1.1 200"), "{}", run.metrics);
    for name in [
        "http_server_request_duration_seconds",
        "vm_machines{vm_state=\"running\"}",
        "vm_addresses_free ",
        "process_cpu_time_seconds_total ",
        "db_client_operation_duration_seconds_count{db_system_name=\"sqlite\",db_operation_name=\"SELECT\",cupola_dependency=\"store\"}",
    ] {
        assert!(run.metrics.contains(name), "no {name}: {}", run.metrics);
    }
}

fn workers_lines_belong_to_their_requests(run: &Run) {
    let asks = run.access().filter(|line| line.get("vm_id").is_some());
    let asked: HashMap<&str, &Value> = asks.map(|line| (text(line, "request_id"), line)).collect();
    let job = |line: &&Value| line["target"] == "cupola::job" && line.get("attempt").is_some();
    for line in run.lines.iter().filter(job) {
        assert_eq!(text(line, "origin_trace_id"), text(asked[text(line, "request_id")], "trace_id"), "{line}");
    }
    let worker: Vec<&Value> = run.lines.iter().filter(|line| line.get("step").is_some()).collect();
    assert!(run.lines.iter().any(|line| line["message"] == "job completed"), "something was made");
    let failed = ["job will be tried again", "machine failed"];
    let fails = |line: &&Value| failed.contains(&text(line, "message")) && line["template_name"] == "broken";
    assert!(run.lines.iter().any(|line| fails(&line)), "and something failed");
    for line in worker {
        let post = asked.get(text(line, "request_id")).unwrap_or_else(|| panic!("no request asked for this: {line}"));
        assert_eq!(text(line, "trace_id").len(), 32, "{line}");
        for field in ["vm_id", "user_id", "user_name", "template_name"] {
            assert_eq!(text(line, field), text(post, field), "{field}: {line}");
        }
        assert_eq!(text(line, "action"), "background.task", "{line}");
    }
}

/// One line where something is read, two where something is done or wrong, and at most so many where a job is asked for that is
/// done at once: two changes of state, five steps, its performance, three of the job itself, and the request's own. One more for a call of the marketplace; that rented machines
/// have moved on is told by whoever looks first.
fn lines_of_a_request_are_few(run: &Run) {
    const WITH_A_JOB: usize = 12;
    let mut lines: HashMap<&str, usize> = HashMap::new();
    let is_of_one = |line: &&Value| line.get("request_id").is_some() && line["subject"] != "gpu_instance";
    for line in run.lines.iter().filter(is_of_one) {
        *lines.entry(text(line, "request_id")).or_default() += 1;
    }
    let again = |line: &&Value| line["message"] == "job will be tried again";
    let again: HashSet<&str> = run.lines.iter().filter(again).map(|line| text(line, "request_id")).collect();
    for line in run.access().filter(|line| !again.contains(text(line, "request_id"))) {
        let is_read = line["method"] == "GET" && line["level"] != "ERROR";
        let rents = line["route"].as_str().is_some_and(|route| route.starts_with("/api/v1/gpus"));
        let bound = if line["status"] == 202 { WITH_A_JOB } else { 2 - usize::from(is_read) + usize::from(rents) };
        let count = lines[text(line, "request_id")];
        assert!((1..=bound).contains(&count), "{count} lines, at most {bound}: {line}");
    }
    let at_once = lines.iter().filter(|(id, _)| !again.contains(*id)).map(|(_, count)| count);
    assert_eq!(at_once.max(), Some(&WITH_A_JOB), "the bound is what a whole job needs");
}

fn the_vocabulary_is_used(run: &Run) {
    for (event, category, field) in [
        ("config_change", "operations", "changed_keys"),
        ("file_operation", "operations", "file_path"),
        ("operation", "operations", "operation_kind"),
        ("state_change", "instances", "subject_id"),
        ("performance", "performance", "speed"),
    ] {
        let said = run.lines.iter().find(|line| line["event"] == event).unwrap_or_else(|| panic!("no {event}"));
        assert!(said["category"] == category && said.get(field).is_some(), "{said}");
    }
    for (operation, found) in [
        ("query_offers", "offers"),
        ("query_offers", "filters"),
        ("create_instance", "instance_id"),
        ("show_instance", "instance_status"),
        ("list_instances", "instances"),
        ("list_instances", "instances_running"),
        ("destroy_instance", "operation_id"),
    ] {
        let call = |line: &&Value| line["target"] == "cupola::client" && line["operation"] == operation;
        let said = run.lines.iter().filter(call).any(|line| line.get(found).is_some());
        assert!(said, "no {found} of {operation}");
    }
    for given_up in run.lines.iter().filter(|line| line["message"] == "machine failed") {
        let of_it = |line: &&Value| line["to"] == "failed" && line["subject_id"] == given_up["vm_id"];
        let changed = run.lines.iter().find(of_it).unwrap_or_else(|| panic!("no change of state: {given_up}"));
        assert_eq!(text(changed, "why"), text(given_up, "error"), "{changed}");
    }
}

/// A machine is asked for in one transaction: it begins, looks, writes, reads and ends.
fn requests_tell_what_they_asked_of_the_store(run: &Run) {
    let queries = |line: &Value| line["db_queries"].as_u64().unwrap_or_default();
    let made: Vec<&Value> = run.access().filter(|line| line["method"] == "POST" && line["status"] == 202).collect();
    assert!(!made.is_empty() && made.iter().all(|line| queries(line) >= 5), "{made:?}");
    assert!(run.access().all(|line| line["db_ms"].is_number() == (queries(line) > 0)));
    assert!(run.access().any(|line| line.get("route").is_none() && queries(line) == 0), "not every request asks");
}

#[test]
fn a_slow_query_is_a_line_of_its_request() {
    let run = Run::of(&[("CUPOLA_SLOW_QUERY_MS", "1")]);
    let queries: Vec<&Value> = run.lines.iter().filter(|line| line["target"] == "cupola::db").collect();
    assert!(!queries.is_empty(), "of hundreds one takes a millisecond");
    let ids: HashSet<&str> = run.access().map(|line| text(line, "request_id")).collect();
    for line in &queries {
        assert!(line["slow"] == true || line["outcome"] == "failed", "{line}");
        assert_eq!((text(line, "dependency"), text(line, "db_system")), ("store", "sqlite"), "{line}");
        assert!(!text(line, "db_statement").contains(['\'', '\n']), "{line}");
        assert!(line.get("request_id").is_none_or(|id| ids.contains(id.as_str().unwrap())), "{line}");
    }
    no_secret_is_seen(&run);
}

fn no_secret_is_seen(run: &Run) {
    for secret in SECRETS {
        let line = run.text.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is seen: {line:?}");
    }
}

#[test]
fn no_secret_is_seen_with_bodies_and_headers_on() {
    let run = Run::of(&[("CUPOLA_BODIES", "true"), ("CUPOLA_HEADERS", "true"), ("CUPOLA_REQUEST_START", "true")]);
    assert!(run.access().any(|line| line.get("request_body").is_some()), "bodies are on");
    assert!(run.access().any(|line| line.get("response_body").is_some()), "of answers too");
    assert!(run.access().any(|line| line.get("request_headers").is_some()), "headers are on");
    no_secret_is_seen(&run);
}

#[test]
fn an_address_that_is_taken_is_a_clear_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_vm-provisioner")).args(["--listen", &address]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(said.contains(&format!("cannot listen on \"{address}\"")) && said.contains("--listen"), "{said}");
}
