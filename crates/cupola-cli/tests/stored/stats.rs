//! Figures of a store, held against those of the file that it was filled from.

use serde_json::Value;

use super::support::Folder;
use super::{Settings, Signal, Store, batch_of};

const LINES: i64 = 3_000;

/// Lines of the last hour: requests, calls to others, and lines that are neither.
fn lines() -> String {
    let start = jiff::Timestamp::now().as_microsecond() - 3_600_000_000;
    let mut seed = 7_u64;
    let mut below = |end: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % end
    };
    let line = |number: i64| {
        let time = cupola_line::Timestamp::new().unix_micros(start + number * 900_000).as_str().to_owned();
        let status = [200, 200, 201, 404, 503][below(5) as usize];
        let (level, rest) = match below(10) {
            0 => ("DEBUG", r#""message":"a note","user_id":"nobody","status":500"#.to_owned()),
            1 => ("ERROR", r#""message":"no route","error_type":"timeout","duration_ms":3.5"#.to_owned()),
            2 => ("WARN", format!(r#""message":"x","method":"GET","status":{status},"duration_ms":{}"#, below(900))),
            _ => {
                let route = ["/vms", "/vms/{id}", "/login"][below(3) as usize];
                let user = below(9);
                let rest = format!(
                    r#""message":"m","method":"GET","route":"{route}","status":{status},"duration_ms":{}.25,"user_id":{user},"client_ip":"10.0.0.{user}""#,
                    below(100) * below(100)
                );
                (if status == 503 { "ERROR" } else { "INFO" }, rest)
            }
        };
        let target = if below(20) == 0 { cupola_line::schema::CALL_TARGET } else { "app" };
        format!(r#"{{"timestamp":"{time}","level":"{level}","target":"{target}","category":"general",{rest}}}"#) + "\n"
    };
    (0..LINES).map(line).collect()
}

/// A file of lines, and a store of the same.
fn folder() -> Folder {
    let (folder, lines) = (Folder::new(), lines());
    let store = Store::open(&folder.path().join("data"), &Settings::default(), &|_, _| Ok(Vec::new())).unwrap();
    store.writer().offer(batch_of(Signal::Logs, &lines));
    store.close().unwrap();
    folder.write("log", lines);
    folder
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let shown = folder.run(&[&["stats", "--json", "-n", "40"], arguments].concat());
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{arguments:?}");
    serde_json::from_str(&shown.stdout).unwrap()
}

/// Holds durations of a store, which are told to one per cent, against those of a file; and takes both away.
fn hold_durations(of_store: &mut Value, of_file: &mut Value) {
    let (told, exact) = (of_store["duration_ms"].take(), of_file["duration_ms"].take());
    assert_eq!((&told["count"], &told["max"]), (&exact["count"], &exact["max"]));
    for name in ["p50", "p90", "p95", "p99", "mean"] {
        let (told, exact) = (told[name].as_f64().unwrap(), exact[name].as_f64().unwrap());
        assert!((told - exact).abs() <= exact * 0.015, "{name}: {told}, not {exact}");
    }
}

#[test]
fn figures_are_those_of_the_file() {
    let folder = folder();
    let check = |arguments: &[&str]| {
        let mut of_store = json(&folder, &[&["--store", "data"], arguments].concat());
        let mut of_file = json(&folder, &[&["log"], arguments].concat());
        assert_eq!(of_store["not_told"], serde_json::json!(["files", "lines", "not_counted", "slowest"]));
        assert!(of_store["entries"].as_u64().unwrap() > 100, "{of_store}");
        hold_durations(&mut of_store["requests"], &mut of_file["requests"]);
        let groups = of_store["groups"].as_array().unwrap().len();
        assert!(groups > 1, "{arguments:?}");
        (0..groups).for_each(|group| hold_durations(&mut of_store["groups"][group], &mut of_file["groups"][group]));
        for name in ["files", "lines", "not_counted", "slowest"] {
            assert!(of_file.as_object_mut().unwrap().remove(name).is_some());
            assert_eq!(of_store.get(name), None);
        }
        of_store.as_object_mut().unwrap().retain(|name, _| name != "store" && name != "not_told");
        assert_eq!(of_store, of_file, "{arguments:?}");
    };
    check(&[]);
    check(&["route=/vms*"]);
    check(&["--level", "warn", "--by", "status", "duration_ms>=0"]);
    let since = (jiff::Timestamp::now() - jiff::SignedDuration::from_mins(30)).to_string();
    check(&["--since", &since, "--by", "user_id", "duration_ms>=0", "status!="]);
}

#[test]
fn they_are_shown_as_those_of_files_are() {
    let folder = folder();
    let of_store = folder.run(&["stats", "--store", "data"]).stdout;
    let of_file = folder.run(&["stats", "log"]).stdout;
    let without_durations = |shown: &str| -> Vec<String> {
        let lines = shown.lines().skip(1).take_while(|line| !line.starts_with("Route"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(without_durations(&of_store), without_durations(&of_file));
    let head = of_store.lines().next().unwrap();
    assert!(head.starts_with("3,000 lines in the store data  ") && head.contains("UTC"), "{head}");
    for part in ["/vms/{id}", "all", "Client", "10.0.0.", "User", "does not tell which requests were the slowest"] {
        assert!(of_store.contains(part), "{part}: {of_store}");
    }
    assert_eq!(folder.run(&["stats", "--store", "data", "route=/none"]).code, 1);
    let check = |arguments: &[&str], part: &str| {
        let shown = folder.run(&[&["stats", "--store"], arguments].concat());
        assert!(shown.code == 2 && shown.stderr.contains(part) && shown.stdout.is_empty(), "{shown:?}");
    };
    check(&["never"], "no store in never");
    check(&["data", "log"], "either files are counted or a store");
    check(&["data", "--by", "method,status"], "one field is asked for");
    check(&["data", "--redact"], "masked on its way in");
}
