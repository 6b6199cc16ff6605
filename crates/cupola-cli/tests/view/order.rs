//! Several files in one order of time.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::support::{Folder, entry};

fn line(second: usize) -> String {
    entry(&format!("03:{:02}:{:02}", second / 60, second % 60), "INFO", &format!(r#""message":"m{second}.""#))
}

fn numbers(shown: &str) -> Vec<usize> {
    shown.lines().map(|line| line.split(":\"m").nth(1).unwrap().split('.').next().unwrap().parse().unwrap()).collect()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

#[test]
fn rotated_and_compressed_files_and_standard_input() {
    let folder = Folder::new();
    let part = |step: usize| (0..30).skip(step).step_by(4).map(line).collect::<String>();
    folder.write("logs/api.log", part(0));
    folder.write("logs/api.log.1.gz", gzip(&part(1)));
    folder.write("logs/api.log.2.zst", zstd::encode_all(part(2).as_bytes(), 3).unwrap());
    folder.write("logs/notes.txt", "not a log\n");
    let shown = folder.view_of(&["logs", "-", "--json"], part(3).as_bytes());
    assert_eq!(numbers(&shown.stdout), (0..30).collect::<Vec<_>>(), "{}", shown.stderr);
    let shown = folder.view_of(&["logs", "-", "--json", "-n", "7"], part(3).as_bytes());
    assert_eq!(numbers(&shown.stdout), (23..30).collect::<Vec<_>>());
}

#[test]
fn several_blocks_of_several_files_that_overlap() {
    let folder = Folder::new();
    let mut texts = vec![String::new(); 3];
    let pad = "x".repeat(900);
    for number in 0..6_000_usize {
        // Somewhat out of order within each file, too.
        let late = if number % 7 == 0 { number.saturating_sub(20) } else { number };
        let time = format!("{:02}:{:02}:{:02}.{:06}", 3 + late / 3600, late / 60 % 60, late % 60, number);
        texts[number % 3].push_str(&entry(&time, "INFO", &format!(r#""message":"m{number}.","pad":"{pad}""#)));
    }
    for (number, text) in texts.iter().enumerate() {
        folder.write(&format!("{number}.log"), text);
    }
    let shown = folder.view(&["0.log", "1.log", "2.log", "--json"]);
    let times: Vec<_> = shown.stdout.lines().map(|line| line[14..41].to_owned()).collect();
    assert_eq!(times.len(), 6_000);
    assert!(times.is_sorted(), "not in order");
}

#[test]
fn entries_of_other_loggers_fall_into_place() {
    let folder = Folder::new();
    folder.write("own.log", entry("03:46:02", "INFO", r#""message":"m2.""#));
    folder.write("pino.log", "{\"level\":30,\"time\":1795232761000,\"msg\":\"m1.\",\"req\":{\"id\":\"r-1\"}}\n");
    folder
        .write("py.log", "{\"event\": \"m3.\", \"level\": \"error\", \"timestamp\": \"2026-11-21T04:46:03+01:00\"}\n");
    let shown = folder.view(&["own.log", "py.log", "pino.log", "--color", "never"]);
    let messages: Vec<_> = shown.stdout.lines().map(|line| &line[line.len().min(25)..]).collect();
    assert_eq!(messages.len(), 3);
    assert!(messages[0].contains("m1.") && messages[0].contains("request_id=r-1"), "{messages:?}");
    assert!(messages[1].contains("m2.") && messages[2].contains("m3."), "{messages:?}");
    assert!(shown.stdout.lines().nth(2).unwrap().contains("ERROR"));
    assert_eq!(numbers(&folder.view(&["pino.log", "own.log", "--request", "r-1", "--json"]).stdout), [1]);
}

#[test]
fn what_stands_in_two_files_of_a_folder_is_shown_once() {
    let folder = Folder::new();
    let error = entry("03:00:05", "ERROR", r#""message":"m5.""#);
    folder.write("logs/api.log", format!("{}{error}{error}{}", line(1), line(9)));
    folder.write("logs/errors.log", format!("{error}{error}"));
    folder.write("logs/api/2026-11-21.jsonl", format!("{}{error}{error}", line(1)));
    let shown = folder.view(&["logs", "--json"]);
    assert_eq!(numbers(&shown.stdout), [1, 5, 5, 9]);
    assert_eq!(shown.stderr, "cupola: 9 lines, 5 not shown: 5 shown once already\n");
}
