//! Executions, put together from lines.

use super::hostile::{hostile_lines, is_harmful};
use super::support::{Folder, entry};

fn line(time: &str, id: &str, rest: &str) -> String {
    let line = entry(time, "INFO", &format!(r#""message":"x","execution_id":"{id}","execution_name":"{id}",{rest}"#));
    line.replace("\"target\":\"app\"", "\"target\":\"cupola::execution\"")
}

fn service() -> Folder {
    let folder = Folder::new();
    let lines = [
        line(
            "03:46:02.000000",
            "crew",
            r#""event":"execution","execution_state":"pending","execution_mode":"crew","max_retries":1,"execution_input":"{\"topic\":\"tea\"}","execution_input_bytes":15"#,
        ),
        line(
            "03:46:02.100000",
            "crew",
            r#""event":"execution","execution_state":"running","attempt":1,"waited_ms":100.0"#,
        ),
        line(
            "03:46:02.150000",
            "writer",
            r#""event":"execution","execution_state":"pending","parent_execution_id":"crew","depends_on":"a,b","max_retries":0"#,
        ),
        line("03:46:02.160000", "writer", r#""event":"execution","execution_state":"running","attempt":1"#),
        line(
            "03:46:02.200000",
            "crew",
            r#""event":"file_operation","file_kind":"write","file_path":"/srv/r.json","file_bytes":7,"status":"success","validation":"passed""#,
        ),
        line("03:46:02.300000", "crew", r#""event":"execution_step","step":"write","status":"running","progress":0"#),
        line(
            "03:46:02.400000",
            "crew",
            r#""event":"execution_step","step":"write","status":"success","progress":0.5,"duration_ms":100.0"#,
        ),
        line(
            "03:46:02.500000",
            "crew",
            r#""event":"execution_check","check":"schema","validation":"failed","why":"no title""#,
        ),
        line(
            "03:46:02.600000",
            "writer",
            r#""event":"execution","execution_state":"completed","duration_ms":440.0,"llm_input_tokens":1200,"llm_output_tokens":34,"llm_cost_micros":1500,"totals":"llm_input_tokens,llm_output_tokens,llm_cost_micros""#,
        ),
        line(
            "03:46:02.700000",
            "crew",
            r#""event":"execution","execution_state":"failed","duration_ms":600.0,"error_type":"invalid_output","error":"no title","process_cpu_ms":12.5,"process_memory_change_bytes":-4096,"llm_input_tokens":1200,"totals":"llm_input_tokens""#,
        ),
    ];
    folder.write("logs/api.log", lines.concat());
    // The drawer of their category holds the same lines.
    folder.write("logs/operations/2026-11-21.jsonl", lines.concat());
    folder
}

#[test]
fn they_are_a_table() {
    let said = service().run(&["executions"]);
    let expected = "
  began                state      name      took  attempt  tokens       cost  id      error
  2026-11-21 03:46:02  failed     crew   600.0ms      1/2   1,200             crew    invalid_output
  2026-11-21 03:46:02  completed  writer  440.0ms       1   1,234  $0.001500  writer
";
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let words = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
    assert_eq!(words(&said.stdout), words(expected), "{}", said.stdout);
}

#[test]
fn one_is_shown_with_all_that_is_known_and_with_those_inside() {
    let said = service().run(&["executions", "--id", "crew"]);
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    let expected = "\
crew failed 600.0ms
id=crew attempt=1/2 mode=crew error_type=invalid_output waited=100.0ms began=\"2026-11-21 03:46:02\"
no title

steps
  write  success  50%  100.0ms

inside
  writer  completed  440.0ms  $0.001500  writer

checks
  schema  failed  no title

files
  write  /srv/r.json  7 bytes  passed

sums
  llm_input_tokens  1200

the process meanwhile
  cpu     12.5ms
  memory  -4096 bytes

input (15 bytes)
  {\"topic\":\"tea\"}
";
    assert_eq!(said.stdout, expected);
}

#[test]
fn as_json_what_is_not_known_is_absent() {
    let said = service().run(&["executions", "--json"]);
    let all: Vec<serde_json::Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(all.len(), 2);
    assert_eq!((&all[0]["state"], &all[0]["steps"][0]["progress"]), (&"failed".into(), &0.5.into()));
    assert_eq!((&all[1]["depends_on"][1], &all[1]["totals"]["llm_cost_micros"]), (&"b".into(), &1500.into()));
    assert!(all[1].get("input").is_none() && all[1].get("steps").is_none());
}

#[test]
fn the_beginning_may_be_gone() {
    let folder = Folder::new();
    folder.write(
        "logs/api.log",
        line("03:46:02.000000", "late", r#""event":"execution","execution_state":"completed","duration_ms":1.0"#),
    );
    let said = folder.run(&["executions", "--json"]);
    assert!(said.stdout.contains(r#""id":"late","name":"?","state":"completed""#), "{}", said.stdout);
    assert_eq!(folder.run(&["executions", "--id", "other"]).code, 1, "there is none");
}

#[test]
fn whatever_the_lines_say_nothing_harms_a_terminal() {
    let folder = Folder::new();
    let own = line(
        "03:46:02.000000",
        "own",
        r#""event":"execution","execution_state":"failed","error_type":"\u001b[2J","error":"\u001b]0;x\u0007\u202e""#,
    );
    folder.write("logs/api.log", [own.into_bytes(), hostile_lines()].concat());
    for arguments in [&["executions"][..], &["executions", "--id", "own"], &["executions", "--json"]] {
        let said = folder.run(arguments);
        assert!(!is_harmful(&said.stdout) && said.stdout.contains("own"), "{:?}", said.stdout);
    }
}
