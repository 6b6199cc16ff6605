//! One request, across files.

use super::hostile::{hostile_lines, is_harmful};
use super::support::{Folder, entry};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A request with a job, a call of another service in the same trace, and another request.
fn service() -> Folder {
    let folder = Folder::new();
    let access = |time, id: &str, trace: &str, rest: &str| {
        let line = entry(
            time,
            "INFO",
            &format!(r#""message":"request completed","request_id":"{id}","trace_id":"{trace}",{rest}"#),
        );
        line.replace("\"target\":\"app\"", "\"target\":\"cupola::http\"")
    };
    let told = format!(
        r#""message":"machine is made","vm_id":"vm-7","request_id":"r-1","trace_id":"{TRACE}","span_id":"00f067aa0ba902b7""#
    );
    let told = entry("03:46:02.020000", "INFO", &told);
    let done = access(
        "03:46:02.100000",
        "r-1",
        TRACE,
        r#""span_id":"00f067aa0ba902b7","method":"POST","route":"/vms","status":201,"duration_ms":100.0"#,
    );
    let other = access(
        "03:46:02.110000",
        "r-2",
        "ffffffffffffffffffffffffffffffff",
        r#""method":"GET","route":"/vms","status":200,"duration_ms":1.0"#,
    );
    folder.write("logs/api.log", format!("{told}{done}{other}"));
    // The drawer of its category holds the same line.
    folder.write("logs/api/2026-11-21.jsonl", &done);
    let job = entry(
        "03:46:02.180000",
        "WARN",
        &format!(r#""message":"job done","duration_ms":50.0,"request_id":"r-1","job_id":"j-3","trace_id":"{TRACE}""#),
    );
    folder.write("logs/operations.log.1", job);
    let call = access(
        "03:46:02.075000",
        "r-9",
        TRACE,
        r#""span_id":"1111111111111111","parent_span_id":"00f067aa0ba902b7","method":"GET","route":"/images/{id}","status":404,"duration_ms":25.0"#,
    );
    folder.write("logs/images.log", call);
    folder
}

#[test]
fn a_request_is_a_waterfall() {
    let said = service().run(&["trace", "r-1"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let expected = "\
POST /vms 201 100.0ms
trace_id=4bf92f3577b34da6a3ce929d0e0e4736 vm_id=vm-7 job_id=j-3
2026-11-21T03:46:02.000000Z  4 lines in 4 files, 180.0ms

        0  100.0ms ━━━━━━━━━━━━━             INFO  POST /vms 201 100ms request completed  request_id=r-1
  +20.0ms             │                        INFO  machine is made  request_id=r-1  (app)
  +50.0ms   25.0ms        ━━━                  INFO  GET /images/{id} 404 25ms request completed  request_id=r-9
 +130.0ms   50.0ms                  ━━━━━━━  WARN  job done  duration_ms=50.0 request_id=r-1  (app)
";
    assert_eq!(said.stdout, expected);
}

#[test]
fn a_trace_is_found_by_its_own_id_and_through_a_pipe() {
    let folder = service();
    let by_trace = folder.run(&["trace", TRACE, "logs"]);
    assert_eq!(by_trace.stdout, folder.run(&["trace", "r-1"]).stdout);
    let lines = std::fs::read(folder.path().join("logs/api.log")).unwrap();
    let piped = folder.run_on(&["trace", "r-1", "-", "logs/images.log"], &lines);
    assert!(piped.stdout.contains("3 lines in 2 files"), "{}", piped.stdout);
    let json = folder.run(&["trace", "r-1", "--json"]).stdout;
    let messages: Vec<serde_json::Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((messages.len(), &messages[0]["vm_id"]), (4, &"vm-7".into()));
}

#[test]
fn exit_codes_are_those_of_grep() {
    let folder = service();
    let said = folder.run(&["trace", "r-3"]);
    assert_eq!((said.code, said.stdout.as_str()), (1, ""));
    let said = folder.run(&["trace", "r-1", "missing.log"]);
    assert!(said.code == 2 && said.stderr.starts_with("cupola: missing.log: "), "{}", said.stderr);
    assert_eq!(folder.run(&["trace", "", "logs"]).code, 2);
    assert_eq!(Folder::new().run(&["trace", "r-1"]).code, 2);
}

#[test]
fn hostile_lines_do_no_harm() {
    let folder = Folder::new();
    folder.write("a.log", hostile_lines());
    let said = folder.run(&["trace", "r-1", "a.log"]);
    assert!(!is_harmful(&said.stdout) && said.code == 0);
    assert!(said.stdout.contains("\n    │ 2026-11-21 03:46:05 ERROR forged"), "{:.2000}", said.stdout);
    assert_eq!(said.stderr, "cupola: 12 lines, 2 not shown: 1 unparsable, 1 torn\n");
}
