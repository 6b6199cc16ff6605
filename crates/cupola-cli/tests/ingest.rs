//! Log files taken into a store: each entry once, whatever is done to the files and to the process.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

#[path = "support/folder.rs"]
mod folder;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use cupola_store::{Entry, Query as _, Reader, Search, Selection, Signal};
use folder::Folder;

/// Lines of the last hour, numbered.
fn lines(numbers: std::ops::Range<u32>) -> String {
    let now = jiff::Timestamp::now();
    let line = |number: u32| {
        let time = now - jiff::SignedDuration::from_micros(3_600_000_000 - i64::from(number));
        format!(
            r#"{{"timestamp":"{time:.6}","level":"INFO","target":"vms","category":"api","message":"n {number}","number":{number}}}"#
        ) + "\n"
    };
    numbers.map(line).collect()
}

fn stored(folder: &Folder) -> Vec<Entry> {
    let reader = Reader::open(folder.path().join("store")).unwrap();
    let mut search = Search { selection: Selection::of(Signal::Logs), limit: 10_000, cursor: None };
    let mut entries = Vec::new();
    loop {
        let found = reader.search(&search).unwrap();
        assert_eq!(found.partial, None);
        entries.extend(found.entries);
        search.cursor = found.cursor;
        if search.cursor.is_none() {
            return entries;
        }
    }
}

/// The numbers of all that is stored, in order.
fn numbers(folder: &Folder) -> Vec<u32> {
    let number = |entry: &Entry| entry.get("number").unwrap().text().parse().unwrap();
    let mut numbers: Vec<u32> = stored(folder).iter().map(number).collect();
    numbers.sort_unstable();
    numbers
}

const INGEST: [&str; 4] = ["ingest", "--store", "store", "--quiet"];

#[test]
fn lines_that_cannot_be_read_are_told_by_their_numbers_and_the_others_are_kept() {
    let folder = Folder::new();
    let text = lines(0..3);
    let [first, second, third] = text.lines().collect::<Vec<_>>()[..] else { panic!("three lines") };
    let path = folder.write(
        "api.log",
        format!("{first}\nListening on 80\n\n{second}\n{{\"level\":\n{{\"message\":\"when?\"}}\n{third}\n"),
    );
    let said = folder.run(&["ingest", "--store", "store", "--service", "vms", &path]);
    assert_eq!((said.code, said.stdout.as_str()), (1, "3 entries of 1 file; 3 lines cannot be read\n"));
    let told: Vec<_> = said.stderr.lines().map(|line| line.rsplit_once("api.log:").unwrap().1).collect();
    let expected = ["2: no JSON object", "5: a JSON object without its end"];
    assert!(told[..2] == expected && told[2].starts_with("6: no time"), "{told:?}");
    let entries = stored(&folder);
    assert_eq!(numbers(&folder), [0, 1, 2]);
    assert!(entries.iter().all(|entry| entry.get("service").unwrap().text() == "vms"));
    let mode = fs::metadata(folder.path().join("store")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "what is logged is for its owner");
}

#[test]
fn a_file_goes_on_where_it_ended_whatever_it_is_called_by_then() {
    let folder = Folder::new();
    let (text, rest) = (lines(0..2000), lines(2000..2010));
    let path = folder.write("api.log", &text);
    let run = |path: &str| {
        let said = folder.run(&["ingest", "--store", "store", path]);
        assert_eq!((said.code, said.stderr.as_str()), (0, ""));
        said.stdout
    };
    assert_eq!(run(&path), "2000 entries of 1 file\n");
    assert_eq!(run(&path), "0 entries of 1 file\n");

    // What is half written is read when it is whole.
    let (torn, end) = rest.split_at(rest.len() - 20);
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(torn.as_bytes()).unwrap();
    assert_eq!(run(&path), "9 entries of 1 file\n");
    file.write_all(end.as_bytes()).unwrap();
    assert_eq!(run(&path), "1 entry of 1 file\n");

    assert!(Command::new("gzip").arg(&path).status().unwrap().success());
    fs::rename(format!("{path}.gz"), folder.path().join("old.log.1.gz")).unwrap();
    let other = folder.write("api.log", lines(2010..2020));
    assert_eq!(run(folder.path().to_str().unwrap()), "10 entries of 2 files\n");
    assert_eq!(run(&other), "0 entries of 1 file\n");
    assert_eq!(numbers(&folder), (0..2020).collect::<Vec<_>>());
}

#[test]
fn of_a_services_folder_each_line_is_taken_in_once() {
    let folder = Folder::new();
    let text = lines(0..10);
    let (older, newer) = text.split_at(text.len() / 2);
    folder.write("logs/api.log", newer);
    folder.write("logs/api.2026-11-21.001.log", older);
    folder.write("logs/errors.log", text.lines().next().unwrap().to_owned() + "\n");
    folder.write("logs/api/2026-11-21.jsonl", &text);
    let said = folder.run(&["ingest", "--store", "store", "logs"]);
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (0, "10 entries of 2 files; 2 files left out: api.log has their lines, unless it was deleted before them\n")
    );
    assert_eq!(numbers(&folder), (0..10).collect::<Vec<_>>());
}

#[test]
fn nothing_is_lost_or_doubled_when_it_is_killed() {
    const LINES: u32 = 60_000;
    let folder = Folder::new();
    let path = folder.write("api.log", lines(0..LINES));
    let progress = folder.path().join("store/ingested");
    let mut last = String::new();
    for _ in 0..6 {
        let mut child = folder.command(&[&INGEST[..], &[&path]].concat()).spawn().unwrap();
        // Killed as soon as it has come further than the one before.
        while child.try_wait().unwrap().is_none() {
            let now = fs::read_to_string(&progress).unwrap_or_default();
            if now.len() > 20 && now != last {
                last = now;
                child.kill().unwrap();
                child.wait().unwrap();
                break;
            }
        }
    }
    let said = folder.run(&[&INGEST[..], &[&path]].concat());
    assert_eq!((said.code, said.stderr.as_str()), (0, ""));
    assert_eq!(numbers(&folder), (0..LINES).collect::<Vec<_>>());
}

#[test]
fn what_others_wrote_is_masked() {
    let folder = Folder::new();
    let time = jiff::Timestamp::now().as_millisecond();
    let path =
        folder.write("pino.log", format!(r#"{{"level":30,"time":{time},"msg":"up","password":"hunter2"}}"#) + "\n");
    assert_eq!(folder.run(&[&INGEST[..], &[&path]].concat()).code, 0);
    let entries = stored(&folder);
    let text = |name: &str| entries[0].get(name).unwrap().text().into_owned();
    assert_eq!((text("level"), text("message"), text("password")), ("INFO".into(), "up".into(), "[REDACTED]".into()));
}

#[test]
fn what_is_too_old_is_refused_and_said() {
    let folder = Folder::new();
    let line = r#"{"timestamp":"2020-01-01T00:00:00Z","level":"INFO","message":"long ago","number":1}"#;
    let path = folder.write("api.log", format!("{line}\n{}", lines(2..3)));
    let said = folder.run(&["ingest", "--store", "store", &path]);
    assert_eq!((said.code, said.stdout.as_str()), (1, "1 entry of 1 file; 1 line too old for --retention\n"));
    assert_eq!(numbers(&folder), [2]);
}

#[test]
fn wrong_usage_says_what_is_wrong() {
    let folder = Folder::new();
    let check = |arguments: &[&str], code, part: &str| {
        let said = folder.run(arguments);
        assert!(said.code == code && said.stderr.contains(part), "{said:?}");
    };
    check(&["ingest", "--store", "store"], 2, "<FILE>");
    check(&["ingest", "api.log"], 2, "--store");
    check(&["ingest", "--store", "store", "absent.log"], 2, "absent.log");
    let other = folder.write("file", "");
    check(&["ingest", "--store", &other, "absent.log"], 2, &other);
}
