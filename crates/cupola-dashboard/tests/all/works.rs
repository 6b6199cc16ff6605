//! The pages of what runs beside requests: jobs, executions, calls of models, machines.

use cupola_store::{Batch, Signal, Value};

use crate::pages::{answers, demo, pages, shown};
use crate::support::{House, now};

/// A text that would do something where it is no text.
const EVIL: &str = "\"><img src=x onerror=alert(1)></script><script>alert(1)</script>'`{{7*7}}\u{202e}";

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The first address on a page that begins so.
fn link<'a>(page: &'a str, start: &str) -> &'a str {
    let place = page.find(start).unwrap_or_else(|| panic!("no link to {start}"));
    page[place..].split('"').next().unwrap()
}

#[tokio::test]
async fn jobs_are_told_by_kind_and_lead_to_their_lines_and_traces() {
    let (house, _) = demo();
    let pages = pages(&house);
    let page = shown(&pages, "/cupola/jobs").await;
    for says in ["Runs by outcome", "Wait in the queue", "provision_vm", "snapshot", "retried", "placement::NoRoom"] {
        assert!(page.contains(says), "{says} is not on the page");
    }
    assert!(link(&page, "/cupola/jobs/job").len() > 20, "to one job");
    assert!(link(&page, "/cupola/traces/").len() > 40, "to the trace of a job");
    for path in ["/cupola/jobs", "/cupola/executions", "/cupola/llm", "/cupola/system"] {
        let page = shown(&pages, path).await;
        assert!(page.contains("2.4.0 began to work"), "{path}: the deployment is marked");
        assert!(page.contains("path class=\"line s5 before\""), "{path}: the time before lies under it");
    }
    let failed = shown(&pages, "/cupola/jobs?outcome=failed").await;
    let newest = &failed[failed.find("Newest runs").unwrap()..];
    assert!(newest.contains("3 of 3"), "a job fails at its last attempt");
    assert!(!newest.contains("badge-good"), "and nothing else is listed");
}

#[tokio::test]
async fn a_job_is_put_together_from_its_lines() {
    let (house, _) = demo();
    let pages = pages(&house);
    let failed = shown(&pages, "/cupola/jobs?outcome=failed").await;
    let newest = &failed[failed.find("Newest runs").unwrap()..];
    let one = shown(&pages, link(newest, "/cupola/jobs/job")).await;
    assert!(one.contains("<dd class=\"bad\">failed"), "{one}");
    let attempts = &one[one.find("<h2>Attempts").unwrap()..one.find("<h2>Its lines").unwrap()];
    for says in ["1 of 3", "2 of 3", "3 of 3", "retried", ">failed</span>", "/cupola/traces/", "placement::NoRoom"] {
        assert!(attempts.contains(says), "{says} is not there: {attempts}");
    }
    assert_eq!(attempts.matches("<tr").count(), 4, "a line each");
    let lines = &one[one.find("<h2>Its lines").unwrap()..];
    for says in ["job queued", "job started", "job retried", "job failed", "machine could not be placed"] {
        assert!(lines.contains(says), "{says} is no line of it");
    }
    assert!(
        one.contains("query=request_id%3D%22") && one.contains("That request&#39;s trace")
            || one.contains("That request's trace"),
        "who asked"
    );
    let completed = shown(&pages, "/cupola/jobs?outcome=completed").await;
    let newest = &completed[completed.find("Newest runs").unwrap()..];
    assert!(shown(&pages, link(newest, "/cupola/jobs/job")).await.contains("<dd class=\"good\">completed"));
    answers(&pages, "/cupola/jobs/none", 404, "No job of this id is stored").await;
}

#[tokio::test]
async fn a_job_that_waits_or_works_says_so() {
    let house = House::new();
    let start = now().cast_signed() - 120_000_000_000;
    let mut logs = Batch::new(Signal::Logs);
    for (id, attempt, outcome) in [
        ("a", None, "queued"),
        ("b", Some(1), ""),
        ("c", Some(1), "retried"),
        ("d", Some(1), "timed_out"),
        (EVIL, Some(1), EVIL),
    ] {
        let mut row = logs.row(start);
        row.set("target", Value::Text("cupola::job")).set("job_kind", Value::Text(id)).set("job_id", Value::Text(id));
        row.set("outcome", Value::Text(outcome)).set("error_type", Value::Text(id)).set("message", Value::Text(id));
        attempt.into_iter().for_each(|attempt| _ = row.set("attempt", Value::Int(attempt)));
    }
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    let pages = pages(&house);
    for (id, says) in [
        ("a", "<dd class=\"\">queued"),
        ("b", "<dd class=\"\">running"),
        ("c", "<dd class=\"fair\">waits to be tried again"),
        ("d", "<dd class=\"bad\">timed out"),
    ] {
        let page = shown(&pages, &format!("/cupola/jobs/{id}")).await;
        assert!(page.contains(says), "{id}: {page}");
        // What is not over is looked at again.
        assert_eq!(page.contains("data-refresh=\"30\""), id != "d", "{id}");
    }
    let evil = shown(&pages, &format!("/cupola/jobs/{}", encoded(EVIL))).await;
    assert!(!evil.contains("<img") && !evil.contains("<script>") && evil.contains("&lt;img src=x"));
}

#[tokio::test]
async fn a_job_that_was_queued_is_no_run() {
    let house = House::new();
    let start = now().cast_signed() - 120_000_000_000;
    let mut logs = Batch::new(Signal::Logs);
    for (outcome, attempt) in [("queued", None), ("completed", Some(1)), ("panicked", Some(1))] {
        let mut row = logs.row(start);
        row.set("target", Value::Text("cupola::job")).set("job_kind", Value::Text("mail"));
        row.set("outcome", Value::Text(outcome)).set("duration_ms", Value::Float(250.0));
        attempt.into_iter().for_each(|attempt| {
            row.set("attempt", Value::Int(attempt)).set("queue_latency_ms", Value::Float(40.0));
        });
    }
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    let page = shown(&pages(&house), "/cupola/jobs").await;
    assert!(page.contains("<dd class=\"bad\">50 %"), "one of two runs failed");
    assert!(page.contains("2 runs, 1 failed"));
    assert!(page.contains("2 runs ended"), "beside what was queued");
    let failed = shown(&pages(&house), "/cupola/jobs?kind=mail&outcome=failed").await;
    let newest = &failed[failed.find("Newest runs").unwrap()..];
    assert!(newest.contains("panicked") && !newest.contains("completed</span>"), "nothing else is listed");
    assert!(shown(&pages(&house), "/cupola/jobs?kind=other").await.contains("Only some jobs are shown"));
}

#[tokio::test]
async fn an_execution_is_put_together_from_its_lines() {
    let (house, _) = demo();
    let pages = pages(&house);
    let list = shown(&pages, "/cupola/executions?state=failed").await;
    let newest = &list[list.find("Newest executions").unwrap()..];
    assert!(newest.contains("placement::NoRoom") && !newest.contains(">completed</span>"));
    let one = shown(&pages, link(newest, "/cupola/executions/")).await;
    for says in ["no hypervisor has room for 4 cores", "enough room", "[REDACTED]", "llm_input_tokens", "sequential"] {
        assert!(one.contains(says), "{says} is not on the page: {one}");
    }
    assert!(one.contains("1 of 3") || one.contains("2 of 3"), "attempts");
    assert!(one.contains("query=execution_id%3D%22"), "its lines");
    assert!(one.contains("/cupola/traces/") && one.contains("query=request_id%3D%22"), "its trace, its request");
    let completed = shown(&pages, "/cupola/executions?state=completed").await;
    let newest = &completed[completed.find("Newest executions").unwrap()..];
    assert!(newest.contains("aria-label=\"100 % done\"") && newest.contains("4 done"));
}

#[tokio::test]
async fn executions_show_those_that_run_inside_them() {
    let house = House::new();
    let start = now().cast_signed() - 120_000_000_000;
    let mut logs = Batch::new(Signal::Logs);
    for (id, parent, time) in [("outer_1", None, 0), ("inner_2", Some("outer_1"), 1_000_000)] {
        for (state, later) in [("pending", 0), ("completed", 5_000_000)] {
            let mut row = logs.row(start + time + later);
            row.set("target", Value::Text("cupola::execution")).set("event", Value::Text("execution"));
            row.set("execution_id", Value::Text(id)).set("execution_name", Value::Text(&id[..5]));
            row.set("execution_state", Value::Text(state));
            if let Some(parent) = parent.filter(|_| state == "pending") {
                row.set("parent_execution_id", Value::Text(parent));
            }
        }
    }
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    let pages = pages(&house);
    let outer = shown(&pages, "/cupola/executions/outer_1").await;
    let inside = &outer[outer.find("Inside it").unwrap()..];
    assert!(inside.contains("/cupola/executions/inner%5F2") && inside.contains(">completed</span>"), "{inside}");
    assert!(outer.contains("<dd class=\"\">unknown"), "what it cost is not known, which is not nothing");
    assert!(shown(&pages, "/cupola/executions/inner_2").await.contains("/cupola/executions/outer%5F1"));
}

#[tokio::test]
async fn what_was_stored_of_work_is_text_and_nothing_else() {
    let house = House::new();
    let start = now().cast_signed() - 120_000_000_000;
    let mut logs = Batch::new(Signal::Logs);
    for (target, event, state) in [
        ("cupola::job", "", ""),
        ("cupola::execution", "execution", "pending"),
        ("cupola::execution", "execution", "failed"),
        ("cupola::execution", "execution_step", ""),
        ("cupola::execution", "execution_check", ""),
        ("cupola::execution", "file_operation", ""),
        ("cupola::execution", "config_change", ""),
    ] {
        let mut row = logs.row(start);
        for name in [
            "service",
            "error",
            "error_type",
            "job_kind",
            "job_id",
            "queue",
            "trace_id",
            "request_id",
            "outcome",
            "origin_trace_id",
            "execution_id",
            "execution_name",
            "execution_mode",
            "parent_execution_id",
            "depends_on",
            "execution_input",
            "execution_output",
            "step",
            "check",
            "why",
            "file_path",
            "config_scope",
            "changes",
        ] {
            row.set(name, Value::Text(EVIL));
        }
        row.set("target", Value::Text(target)).set("attempt", Value::Int(1)).set("duration_ms", Value::Float(7.0));
        row.set("execution_input_bytes", Value::Int(7)).set("execution_output_bytes", Value::Int(7));
        row.set("event", Value::Text(event)).set("execution_state", Value::Text(state));
        row.set("status", Value::Text("success")).set("validation", Value::Text("passed"));
        row.set("file_kind", Value::Text("read")).set("progress", Value::Float(9.0));
        row.set(EVIL, Value::Int(7)).set("totals", Value::Text(EVIL));
    }
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    let (pages, evil) = (pages(&house), encoded(EVIL));
    for path in [
        "/cupola/jobs".to_owned(),
        format!("/cupola/jobs?kind={evil}&queue={evil}&service={evil}"),
        "/cupola/executions".to_owned(),
        format!("/cupola/executions?name={evil}&service={evil}"),
        format!("/cupola/executions/{evil}"),
    ] {
        let page = shown(&pages, &path).await;
        assert!(!page.contains("<img") && !page.contains("<script>"), "{path}");
        assert!(page.contains("&lt;img src=x onerror=alert"), "{path} shows it as it was");
    }
}

#[tokio::test]
async fn where_there_is_no_work_that_is_said() {
    let house = House::new();
    let pages = pages(&house);
    let check = async |path: &str, status: u16, says: &str| answers(&pages, path, status, says).await;
    check("/cupola/jobs", 200, "No job has ended in this time").await;
    check("/cupola/jobs?kind=none", 200, "Only some jobs are shown").await;
    check("/cupola/jobs?outcome=good", 400, "Accepted: all, failed, retried, completed.").await;
    check("/cupola/executions", 200, "No execution in this time").await;
    check("/cupola/executions?state=odd", 400, "Accepted: all, running").await;
    check("/cupola/executions/none", 404, "No execution of this id is stored").await;
}

#[tokio::test]
async fn calls_of_models_cost_what_is_known_and_no_less() {
    let house = House::new();
    let start = now().cast_signed() - 120_000_000_000;
    let mut logs = Batch::new(Signal::Logs);
    for (model, outcome, cost) in [
        ("dear", "complete", Some(1_500_000)),
        ("dear", "complete", None),
        ("free", "complete", None),
        ("dear", "failed", None),
        ("dear", "", None),
    ] {
        let mut row = logs.row(start);
        row.set("target", Value::Text("cupola::llm")).set("model", Value::Text(model));
        if outcome == "complete" {
            row.set("input_tokens", Value::Int(1_000)).set("output_tokens", Value::Int(200));
            row.set("cache_read_tokens", Value::Int(250)).set("first_chunk_ms", Value::Float(410.0));
        }
        if outcome == "failed" {
            row.set("error_type", Value::Text("rate_limited"));
        }
        // That a client was configured is no call.
        if !outcome.is_empty() {
            row.set("outcome", Value::Text(outcome)).set("duration_ms", Value::Float(900.0));
        }
        cost.into_iter().for_each(|cost| {
            row.set("cost_micros", Value::Int(cost));
        });
    }
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    let pages = pages(&house);
    let page = shown(&pages, "/cupola/llm").await;
    assert!(page.contains("$1.50") && page.contains("and 2 calls of unknown cost"), "{page}");
    assert!(page.contains("$1.50<span class=\"note-line\">+ 1 unknown"), "of the model itself too");
    assert!(page.contains("25 % cached") && page.contains("rate_limited") && page.contains("410"));
    assert!(page.contains("title=\"3 calls\"") && !page.contains("title=\"4 calls\""));
    let free = shown(&pages, "/cupola/llm?model=free").await;
    assert!(free.contains("unknown") && !free.contains('$'), "what is not known is not nothing");
    let failed = shown(&pages, "/cupola/llm?outcome=failed").await;
    assert!(!failed[failed.find("Newest calls").unwrap()..].contains("badge-good"));
}

#[tokio::test]
async fn machines_say_how_they_are_and_what_they_do_not_say_is_told() {
    let (house, _) = demo();
    let pages = pages(&house);
    let page = shown(&pages, "/cupola/system").await;
    for says in [
        "of 4 cores",
        "/var/lib/vms",
        "class=\"bad-text\">8",
        "of 1024",
        "vm-provisioner receive",
        "Busy workers of the runtime",
    ] {
        assert!(page.contains(says), "{says} is not on the page");
    }
    let missing = &page[page.find("What is not told").unwrap()..];
    assert!(missing.contains("nvidia") && !missing.contains("CUPOLA_HOST_METRICS"), "all but GPUs is told");
    let one = shown(&pages, "/cupola/system?service=assistant").await;
    assert!(one[one.find("What is not told").unwrap()..].contains("The tokio runtime."), "this one does not");
    assert!(!one.contains("Tasks that wait for a worker"));
}

#[tokio::test]
async fn what_was_stored_of_models_and_machines_is_text_and_nothing_else() {
    let house = House::new();
    let start = now().cast_signed() - 120_000_000_000;
    let (mut logs, mut metrics) = (Batch::new(Signal::Logs), Batch::new(Signal::Metrics));
    let mut row = logs.row(start);
    for name in [
        "model",
        "provider",
        "operation",
        "outcome",
        "error_type",
        "error_code",
        "finish_reasons",
        "service",
        "trace_id",
    ] {
        row.set(name, Value::Text(EVIL));
    }
    row.set("target", Value::Text("cupola::llm")).set("cost_micros", Value::Float(f64::INFINITY));
    row.set("input_tokens", Value::Float(-1.0)).set("duration_ms", Value::Float(7.0));
    for (metric, value) in
        [("system.cpu.utilization", f64::NAN), ("system.filesystem.usage", -7.0), ("system.network.io", 1e300)]
    {
        let mut row = metrics.row(start);
        row.set("metric", Value::Text(metric)).set("type", Value::Text("gauge")).set("value", Value::Float(value));
        for name in ["service", "system.filesystem.mountpoint", "network.io.direction", "unit"] {
            row.set(name, Value::Text(EVIL));
        }
    }
    // What is a histogram elsewhere is not told here, and takes nothing else with it.
    metrics.row(start).set("metric", Value::Text("process.uptime")).set("type", Value::Text("histogram"));
    house.store().writer().offer(logs);
    house.store().writer().offer(metrics);
    assert!(house.store().flush());
    let (pages, evil) = (pages(&house), encoded(EVIL));
    for path in [
        "/cupola/llm".to_owned(),
        format!("/cupola/llm?model={evil}&provider={evil}&error_type={evil}"),
        "/cupola/system".to_owned(),
        format!("/cupola/system?service={evil}"),
    ] {
        let page = shown(&pages, &path).await;
        assert!(!page.contains("<img") && !page.contains("<script>"), "{path}");
        assert!(page.contains("&lt;img src=x onerror=alert"), "{path} shows it as it was");
    }
}

#[tokio::test]
async fn where_there_are_no_models_and_machines_that_is_said() {
    let house = House::new();
    let pages = pages(&house);
    let check = async |path: &str, status: u16, says: &str| answers(&pages, path, status, says).await;
    check("/cupola/llm", 200, "No call in this time").await;
    check("/cupola/llm?model=none", 200, "Only some calls are shown").await;
    check("/cupola/llm?outcome=good", 400, "Accepted: all, failed, abandoned, refused.").await;
    check("/cupola/system", 200, "No service says how its machine is").await;
    check("/cupola/system", 200, "CUPOLA_HOST_METRICS=false").await;
    check("/cupola/system?service=none", 200, "No service says").await;
}
