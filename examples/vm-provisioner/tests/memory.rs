//! What store, alerts and dashboard take of the process that they are in, at the demo's load and with their pages asked for.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;

const MIB: u64 = 1 << 20;
const TOKEN: &str = "a-token-of-this-test";
const PAGES: [&str; 8] =
    ["", "/logs", "/traces", "/errors", "/jobs", "/system", "/alerts", "/service?service=vm-provisioner"];

fn start(folder: &Path, vars: &[(&str, &str)]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_vm-provisioner"))
        .current_dir(folder)
        .args(["--listen", "127.0.0.1:0", "--traffic", "--traffic-scenes", "100", "--traffic-rate", "10"])
        .env_remove("LOG_DIR")
        .envs(vars.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Where its pages are, once they are shown; what else it says is read away.
fn pages_of(process: &mut Child) -> String {
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let shown = lines.find(|line| line["message"] == "the dashboard is shown").unwrap();
    thread::spawn(move || lines.for_each(drop));
    shown["address"].as_str().unwrap().to_owned()
}

fn ask(address: &str, page: &str) {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!("GET /cupola{page} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.0 200"), "{page}: {}", answer.lines().next().unwrap_or_default());
}

/// The most that it had in memory, in bytes; `None` once it has ended.
fn most(process: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kib| kib * 1_024)
}

#[test]
fn the_monitor_beside_the_service_takes_less_than_fifty_megabytes() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let vars = [("CUPOLA_STORE", "store"), ("CUPOLA_DASHBOARD", "127.0.0.1:0"), ("CUPOLA_DASHBOARD_TOKEN", TOKEN)];
    let (mut with, mut without) = (start(folders[0].path(), &vars), start(folders[1].path(), &[]));
    let address = pages_of(&mut with);
    let away = BufReader::new(without.stdout.take().unwrap());
    thread::spawn(move || away.lines().for_each(drop));
    let (mut watched, mut bare, mut asked) = (0, 0, 0);
    while with.try_wait().unwrap().is_none() {
        watched = watched.max(most(&with).unwrap_or_default());
        bare = bare.max(most(&without).unwrap_or_default());
        if asked < 5 * PAGES.len() {
            ask(&address, PAGES[asked % PAGES.len()]);
            asked += 1;
        }
        // Other processes: their time goes by as it does.
        thread::sleep(Duration::from_millis(100));
    }
    assert!(with.wait().unwrap().success() && without.wait().unwrap().success());
    assert_eq!(asked, 5 * PAGES.len(), "every page was asked for while it worked");
    let taken = watched.saturating_sub(bare);
    assert!((MIB..50_000_000).contains(&taken), "{} MiB more than {} MiB", taken / MIB, bare / MIB);
}
