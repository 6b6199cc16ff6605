//! Crews: several agents over the model, as one execution that its lines tell whole.

use std::path::Path;

use cupola::context::FieldValue;
use cupola::record::Execution;
use cupola::redact::KeyPolicy;
use serde_json::{Value, json};

use super::common::{Gateway, Said, Upstream};

const ANA: [(&str, &str); 1] = [("x-user-id", "ana")];

fn begin(gateway: &Gateway, crew: &str, body: &Value) -> (u16, Value) {
    let answer = gateway.post(&format!("/api/v1/crews/{crew}/runs?wait=20"), &ANA, &body.to_string());
    (answer.status, answer.json())
}

fn field(line: &Value, name: &str) -> Option<FieldValue> {
    match line.get(name)? {
        Value::String(text) => Some(text.clone().into()),
        Value::Bool(flag) => Some((*flag).into()),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Some(number.into()),
            (_, Some(number)) => Some(number.into()),
            _ => number.as_f64().map(FieldValue::from),
        },
        _ => None,
    }
}

/// What the lines alone tell of an execution.
fn rebuilt(said: &Said, id: &str) -> Value {
    let (mut facts, policy) = (Execution::default(), KeyPolicy::default());
    let of_it = said.lines.iter().filter(|line| line["execution_id"] == id);
    let events = of_it.filter_map(|line| Execution::read_event(&policy, &|name| field(line, name)));
    events.for_each(|event| facts.apply(event));
    json!(facts)
}

/// The executions inside another, by their names.
fn inside(said: &Said, id: &str) -> Vec<Value> {
    let first = said.lines.iter().filter(|line| line["parent_execution_id"] == id);
    first.map(|line| rebuilt(said, line["execution_id"].as_str().unwrap())).collect()
}

fn folder() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("reports").to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_crew_works_as_one_execution_and_its_lines_tell_all_of_it() {
    let (_folder, reports) = folder();
    let gateway = Gateway::start(&["--reports", &reports]);
    let overrides = json!({ "temperature": 0.5, "max_tokens": 200 });
    let (status, run) = begin(&gateway, "report", &json!({ "topic": "a wishing well", "overrides": overrides }));
    assert_eq!(status, 200, "{run}");
    let facts = &run["execution"];
    let id = facts["id"].as_str().unwrap();
    let again = gateway.get(run["self"].as_str().unwrap());
    assert_eq!(again.status, 404, "somebody else's run is nobody's");
    let metrics = gateway.get("/metrics").body;
    let said = gateway.stop();

    assert_eq!((&facts["state"], &facts["mode"], &facts["attempt"]), (&"completed".into(), &"crew".into(), &1.into()));
    assert_eq!(rebuilt(&said, id), *facts, "its lines are all that there is to know");
    assert_eq!(facts["overrides"][0]["changes"], "temperature: 0 → 0.5\nmax_tokens: 400 → 200");
    let steps: Vec<_> =
        facts["steps"].as_array().unwrap().iter().map(|step| (&step["name"], &step["status"])).collect();
    assert_eq!(steps.len(), 3);
    assert!(steps.iter().all(|(_, status)| **status == "success") && steps[2].0 == "writer", "{steps:?}");
    assert_eq!(facts["checks"], json!([{ "name": "report", "verdict": "passed" }]));
    for known in ["cpu_ms", "memory_change_bytes", "written_bytes"] {
        assert!(facts["process"][known].is_number(), "no {known} in {facts}");
    }

    let path = facts["files"][0]["path"].as_str().unwrap();
    let written: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(written, run["report"]);
    assert_eq!(Path::new(path).file_stem().unwrap().to_str(), Some(id));

    // Every agent is an execution inside, and the sums of all are those of the crew.
    let agents = inside(&said, id);
    assert_eq!(agents.len(), 3);
    for sum in ["llm_calls", "llm_input_tokens", "llm_output_tokens", "llm_cost_micros"] {
        let of_agents: u64 = agents.iter().map(|agent| agent["totals"][sum].as_u64().unwrap()).sum();
        assert_eq!(facts["totals"][sum].as_u64(), Some(of_agents), "{sum}");
    }
    assert_eq!(facts["totals"]["llm_calls"], 3);
    // Whatever was said on the way has the ids of the request and of the execution.
    let request = &said.of("cupola::http")[0]["request_id"];
    let calls: Vec<_> = said.of("cupola::llm").into_iter().filter(|line| line["outcome"] == "complete").collect();
    assert_eq!(calls.len(), 3);
    for call in &calls {
        assert!(call["request_id"] == *request && call["user_id"] == "ana" && call["crew_name"] == "report", "{call}");
        assert!(agents.iter().any(|agent| agent["id"] == call["execution_id"]), "{call}");
    }
    let counted = r#"cupola_execution_duration_seconds_count{cupola_execution_name="report",cupola_execution_state="completed"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

#[test]
fn a_report_that_is_none_is_asked_for_again_and_at_last_done_without() {
    let (_folder, reports) = folder();
    let gateway = Gateway::start(&["--reports", &reports]);
    let (_, stumbles) = begin(&gateway, "brief", &json!({ "topic": "how to stumble on stairs" }));
    let (_, mumbles) = begin(&gateway, "brief", &json!({ "topic": "how to mumble" }));
    let said = gateway.stop();

    let facts = &stumbles["execution"];
    assert_eq!((&facts["state"], &facts["attempt"]), (&"completed".into(), &2.into()), "{facts}");
    assert_eq!(facts["retries"][0]["error_type"], "invalid_report");
    assert_eq!(
        facts["checks"][0],
        json!({ "name": "report", "verdict": "failed", "why": "there is no JSON object in the answer" })
    );
    assert_eq!(facts["checks"][1]["verdict"], "passed");
    assert_eq!(rebuilt(&said, facts["id"].as_str().unwrap()), *facts);

    let facts = &mumbles["execution"];
    assert_eq!(
        (&facts["state"], &facts["attempt"], &facts["max_retries"]),
        (&"completed".into(), &3.into(), &2.into())
    );
    assert_eq!(facts["checks"][3]["verdict"], "skipped");
    assert_eq!(rebuilt(&said, facts["id"].as_str().unwrap()), *facts);
    let fallback = said.events("fallback").next().unwrap();
    assert_eq!((&fallback["execution_id"], &fallback["from"]), (&facts["id"], &"the report".into()));
    assert_eq!(mumbles["report"]["title"], "how to mumble");
}

#[test]
fn an_agent_whose_model_fails_is_asked_again_and_then_with_the_usual_model() {
    let (_folder, reports) = folder();
    let upstream = Upstream::start();
    let gateway = Gateway::start(&["--upstream", &upstream.url(), "--model", "fine", "--reports", &reports]);
    let (status, helped) = begin(&gateway, "brief", &json!({ "topic": "tea", "overrides": { "model": "broken" } }));
    assert_eq!(status, 200);
    let said = gateway.stop();
    let id = helped["execution"]["id"].as_str().unwrap();
    let reader = &inside(&said, id)[0];
    assert_eq!((&reader["attempt"], &reader["state"]), (&2.into(), &"completed".into()), "{reader}");
    assert_eq!(reader["retries"][0]["error_type"], "server");
    assert!(said.events("fallback").any(|line| line["execution_id"] == reader["id"] && line["to"] == "fine"));

    let gateway = Gateway::start(&["--upstream", &upstream.url(), "--model", "broken", "--reports", &reports]);
    let (status, failed) = begin(&gateway, "report", &json!({ "topic": "tea" }));
    let said = gateway.stop();
    let facts = &failed["execution"];
    assert_eq!((status, &facts["state"], &facts["error_type"]), (200, &"failed".into(), &"server".into()));
    assert_eq!(facts["error"], "the provider has failed");
    assert!(failed["report"].is_null());
    assert_eq!(rebuilt(&said, facts["id"].as_str().unwrap()), *facts);
    // The other agent was called off, and its last line says so.
    assert!(
        inside(&said, facts["id"].as_str().unwrap()).iter().all(|agent| agent["state"] != "running"),
        "{}",
        said.text
    );
}

#[test]
fn a_folder_that_cannot_be_written_fails_the_run_and_says_so() {
    let folder = tempfile::NamedTempFile::new().unwrap();
    let gateway = Gateway::start(&["--reports", folder.path().to_str().unwrap()]);
    let (_, run) = begin(&gateway, "brief", &json!({ "topic": "tea" }));
    let said = gateway.stop();
    let facts = &run["execution"];
    assert_eq!((&facts["state"], &facts["error_type"]), (&"failed".into(), &"file".into()));
    assert_eq!(facts["files"][0]["status"], "failed");
    assert_eq!(rebuilt(&said, facts["id"].as_str().unwrap()), *facts);
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let gateway = Gateway::start(&[]);
    for (crew, body, status) in [
        ("nobody", json!({ "topic": "tea" }), 404),
        ("brief", json!({ "topic": " " }), 400),
        ("brief", json!({ "theme": "tea" }), 400),
        ("brief", json!({ "topic": "tea", "overrides": { "speed": 3 } }), 400),
    ] {
        let (given, said) = begin(&gateway, crew, &body);
        assert_eq!((given, said["error"]["message"].is_string()), (status, true), "{body}");
    }
    let crews = gateway.get("/api/v1/crews").json();
    assert_eq!(crews["crews"][0]["agents"][2]["depends_on"], json!(["researcher", "critic"]));
    let said = gateway.stop();
    assert!(said.of("cupola::execution").is_empty(), "nothing was begun");
}

#[test]
fn a_run_that_takes_its_time_is_accepted_and_looked_at_later() {
    let (_folder, reports) = folder();
    let gateway = Gateway::start(&["--think", "10", "--reports", &reports]);
    let body = json!({ "topic": "tea" }).to_string();
    let accepted = gateway.post("/api/v1/crews/brief/runs", &ANA, &body);
    assert_eq!(accepted.status, 202);
    let link = accepted.header("location").unwrap().to_owned();
    let ended = gateway.get_as(&format!("{link}?wait=20"), &ANA);
    assert_eq!((ended.status, &ended.json()["execution"]["state"]), (200, &"completed".into()));
    // What is still going on when the gateway is told to end is waited for, and called off after a while; no run ends in silence.
    let quick = gateway.post("/api/v1/crews/brief/runs", &ANA, &body).json();
    let long = json!({ "topic": "tea", "overrides": { "max_tokens": 9 } }).to_string();
    let slow = Gateway::start(&["--think", "2000", "--reports", &reports]);
    let slow_run = slow.post("/api/v1/crews/brief/runs", &ANA, &long).json();
    let state = |said: &Said, run: &Value| rebuilt(said, run["execution"]["id"].as_str().unwrap())["state"].clone();
    assert_eq!(state(&gateway.stop(), &quick), "completed");
    assert_eq!(state(&slow.stop(), &slow_run), "cancelled");
}
