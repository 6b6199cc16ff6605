//! `--follow`, while files grow, are renamed and truncated.

use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::support::{Folder, entry};

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(30);

struct Following {
    child: Child,
    lines: Receiver<String>,
}

impl Following {
    fn new(folder: &Folder, arguments: &[&str]) -> Self {
        let mut child = folder.command(&[&["view"], arguments, &["--follow", "--json"]].concat()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines }
    }

    #[track_caller]
    fn expect(&self, part: &str) {
        let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{part} did not come"));
        assert!(line.contains(part), "{line} is not {part}");
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn line(message: &str) -> String {
    entry("03:46:01", "INFO", &format!(r#""message":"{message}""#))
}

fn append(path: &str, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn growth_rotation_and_truncation() {
    let folder = Folder::new();
    let file = folder.write("api.log", line("old") + &line("first"));
    let following = Following::new(&folder, &[&file, "-n", "1"]);
    following.expect("first");
    append(&file, &line("second"));
    following.expect("second");
    // A line that comes in pieces is shown when it is whole.
    let third = line("third");
    append(&file, &third[..20]);
    append(&file, &third[20..]);
    following.expect("third");
    fs::rename(&file, format!("{file}.1")).unwrap();
    append(&format!("{file}.1"), &line("late"));
    append(&file, &line("fourth"));
    following.expect("late");
    following.expect("fourth");
    fs::write(&file, "").unwrap();
    // It takes a look at the empty file to see that it was cut.
    append(&file, &line("5"));
    following.expect("\"5\"");
    fs::remove_file(&file).unwrap();
    assert!(!Path::new(&file).exists());
    append(&file, &line("sixth"));
    following.expect("sixth");
}

#[test]
fn filters_and_several_files() {
    let folder = Folder::new();
    folder.write("logs/api.log", line("one"));
    let following = Following::new(&folder, &["--log-dir", "logs", "message!=skipped"]);
    following.expect("one");
    let api = folder.path().join("logs/api.log");
    append(api.to_str().unwrap(), &(line("skipped") + &line("two")));
    following.expect("two");
}
