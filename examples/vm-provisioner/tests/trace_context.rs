//! W3C Trace Context Level 2, over sockets and through the real binary: what it sends on for what it is sent.
//!
//! The W3C's own suite is not in any registry; these are its 41 cases, each in words and values of our own. Where the
//! suite is at hand, `--conformance` is what it asks for: `SPEC_LEVEL=2 python3 test/test.py http://127.0.0.1:3000/test`.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";

type Headers = Vec<(String, String)>;

/// The binary, and whoever it is told to call.
struct Demo {
    process: Child,
    address: SocketAddr,
    called: SocketAddr,
    calls: Receiver<Headers>,
    data: std::path::PathBuf,
}

impl Demo {
    fn start() -> Self {
        let data = std::env::temp_dir().join(format!("vm-provisioner-{}", uuid::Uuid::now_v7().simple()));
        let mut command = Command::new(env!("CARGO_BIN_EXE_vm-provisioner"));
        command.args(["--listen", "127.0.0.1:0", "--conformance", "--data"]).arg(&data).env_clear();
        command.env("LOG_DIR", data.join("logs"));
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map(|line| line.unwrap());
        let listening = lines.find_map(|line| {
            let line: Value = serde_json::from_str(&line).unwrap();
            line["address"].as_str().filter(|_| line["message"] == "listening").map(|text| text.parse().unwrap())
        });
        // Read to the end, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        let (called, calls) = receive();
        Self { process, address: listening.unwrap(), called, calls, data }
    }

    /// Sends these header lines as they are, and gives the headers of each of so many calls.
    fn calls(&self, lines: &[String], count: usize) -> Vec<Headers> {
        let call = |number| json!({"url": format!("http://{}/{number}", self.called), "arguments": []});
        let body = Value::from_iter((0..count).map(call)).to_string();
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "POST /test HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n").unwrap();
        lines.iter().for_each(|line| write!(stream, "{line}\r\n").unwrap());
        write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        (0..count).map(|_| self.calls.try_recv().unwrap()).collect()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// Answers every call, and passes its headers on, names in lower case.
fn receive() -> (SocketAddr, Receiver<Headers>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (send, calls) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut lines = stream.by_ref().lines().map(|line| line.unwrap());
            let split =
                |line: String| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
            let headers: Headers = lines.by_ref().skip(1).map_while(split).collect();
            let length = headers.iter().find(|(name, _)| name == "content-length").unwrap().1.parse().unwrap();
            stream.read_exact(&mut vec![0; length]).unwrap();
            send.send(headers).unwrap();
            stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    (address, calls)
}

/// The only value of a header that must be there once.
fn only<'a>(headers: &'a Headers, name: &str) -> &'a str {
    let values: Vec<&str> =
        headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect();
    let [value] = values[..] else { panic!("{name}: {values:?}") };
    value
}

/// Trace id, span id and flags of a call, which must be well formed.
fn parent(headers: &Headers) -> [&str; 3] {
    let value = only(headers, "traceparent");
    let parts: Vec<&str> = value.split('-').collect();
    let hex = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    assert!(parts.iter().map(|part| part.len()).eq([2, 32, 16, 2]) && parts.iter().all(hex), "{value}");
    assert!(parts[0] == "00" && parts[1] != "0".repeat(32) && parts[2] != "0".repeat(16), "{value}");
    [parts[1], parts[2], parts[3]]
}

fn state(headers: &Headers) -> &str {
    if headers.iter().any(|(name, _)| name == "tracestate") { only(headers, "tracestate") } else { "" }
}

/// What becomes of the trace that was sent.
enum Then<'a> {
    /// It goes on, with this state.
    Kept(&'a str),
    /// A new one begins, with no state.
    New,
}
use Then::{Kept, New};

/// What was tried, so that none of the cases is forgotten.
struct Cases<'a> {
    demo: &'a Demo,
    tried: HashSet<&'static str>,
}

impl Cases<'_> {
    fn try_each<T: AsRef<str>>(&mut self, case: &'static str, rows: &[(&[T], Then<'_>)]) {
        for (lines, then) in rows {
            let lines: Vec<String> = lines.iter().map(|line| line.as_ref().to_owned()).collect();
            let calls = self.demo.calls(&lines, 1);
            let [trace, span, _] = parent(&calls[0]);
            let (kept, state_then) = match then {
                Kept(state) => (true, *state),
                New => (false, ""),
            };
            assert_eq!((trace == TRACE, state(&calls[0])), (kept, state_then), "{case}: {lines:?}");
            assert_ne!(span, SPAN, "{case}");
        }
        self.tried.insert(case);
    }

    /// Lines with these `traceparent`s, each alone.
    fn refused(&mut self, case: &'static str, values: &[&str]) {
        for value in values {
            self.try_each(case, &[(&[format!("traceparent: {value}"), "tracestate: a=1".to_owned()], New)]);
        }
    }

    /// A good `traceparent` with these `tracestate` lines.
    fn states(&mut self, case: &'static str, rows: &[(&[&str], &str)]) {
        for (values, kept) in rows {
            let mut lines = vec![good("00")];
            lines.extend(values.iter().map(|value| format!("tracestate: {value}")));
            self.try_each(case, &[(&lines, Kept(kept))]);
        }
    }
}

fn good(flags: &str) -> String {
    format!("traceparent: 00-{TRACE}-{SPAN}-{flags}")
}

fn with(begin: &str, end: &str) -> String {
    format!("{begin}-{TRACE}-{SPAN}-{end}")
}

#[test]
fn all_cases_of_the_specification_level_2() {
    let demo = Demo::start();
    let mut cases = Cases { demo: &demo, tried: HashSet::new() };
    which_traceparents_count(&mut cases);
    malformed_traceparents(&mut cases);
    which_tracestates_count(&mut cases);
    limits_of_tracestate(&mut cases);
    several_calls(&mut cases);
    assert_eq!(cases.tried.len(), 41);
}

fn which_traceparents_count(cases: &mut Cases<'_>) {
    cases.try_each::<&str>("nothing is sent", &[(&[], New)]);
    cases.try_each("a parent without state", &[(&[good("01")], Kept(""))]);
    let other = good("01").replace(TRACE, &TRACE.replace('0', "1"));
    cases.try_each("two parents", &[(&[good("01"), other], New), (&[good("01"), good("01")], New)]);
    let renamed = |name: &str| good("01").replace("traceparent", name);
    let rows = ["trace-parent", "trace.parent", "trace_parent"].map(|name| [renamed(name)]);
    rows.iter().for_each(|lines| cases.try_each("another name", &[(lines, New)]));
    let rows = ["TraceParent", "TRACEPARENT", "tRaCePaReNt"].map(|name| [renamed(name)]);
    rows.iter().for_each(|lines| cases.try_each("the name in other letters", &[(lines, Kept(""))]));
    let padded = |before: &str, after: &str| [format!("traceparent:{before}{}{after}", with("00", "01"))];
    let rows = [padded("", ""), padded("\t", ""), padded("  ", " "), padded(" \t ", "\t \t"), padded(" ", "\t")];
    rows.iter().for_each(|lines| cases.try_each("space around the parent", &[(lines, Kept(""))]));
    let later = |end: &str| [format!("traceparent: {}", with("cc", end))];
    cases.try_each(
        "a version to come",
        &[
            (&later("01"), Kept("")),
            (&later("01-and-more"), Kept("")),
            (&later("01-"), Kept("")),
            (&later("01.and-more"), New),
            (&later("011"), New),
        ],
    );
    for flags in ["02", "03"] {
        let calls = cases.demo.calls(&[good(flags)], 1);
        assert_eq!(parent(&calls[0])[2], flags, "as it was received");
    }
    cases.try_each("the random flag", &[(&[good("02")], Kept("")), (&[good("ff")], Kept(""))]);
}

fn malformed_traceparents(cases: &mut Cases<'_>) {
    cases
        .refused("more than there is in version 00", &[&with("00", "01."), &with("00", "01-"), &with("00", "01-more")]);
    cases.refused("version ff", &[&with("ff", "01")]);
    cases.refused(
        "a version that is no number",
        &[&with(".0", "01"), &with("0.", "01"), &with("0G", "01"), &with("0A", "01")],
    );
    cases.refused("a version of three digits", &[&with("000", "01"), &with("0000", "01")]);
    cases.refused("a version of one digit", &[&with("0", "01")]);
    cases.refused("flags that are no number", &[&with("00", ".0"), &with("00", "0."), &with("00", "0F")]);
    cases.refused("flags of three digits", &[&with("00", "001")]);
    cases.refused("flags of one digit", &[&with("00", "1")]);
    let trace = |id: &str| format!("00-{id}-{SPAN}-01");
    cases.refused("a trace id of zeros", &[&trace(&"0".repeat(32))]);
    cases.refused(
        "a trace id that is no number",
        &[
            &trace(&TRACE.replacen('0', ".", 1)),
            &trace(&TRACE.replace('c', "C")),
            &trace(&format!("{}.", &TRACE[..31])),
        ],
    );
    cases.refused("a trace id that is too long", &[&trace(&format!("{TRACE}0")), &trace(&format!("0{TRACE}"))]);
    cases.refused("a trace id that is too short", &[&trace(&TRACE[1..]), &trace(&TRACE[..31])]);
    let span = |id: &str| format!("00-{TRACE}-{id}-01");
    cases.refused("a span id of zeros", &[&span(&"0".repeat(16))]);
    cases.refused("a span id that is no number", &[&span(&SPAN.replacen('b', ".", 1)), &span(&SPAN.to_uppercase())]);
    cases.refused("a span id that is too long", &[&span(&format!("{SPAN}0")), &span(&format!("0{SPAN}"))]);
    cases.refused("a span id that is too short", &[&span(&SPAN[1..]), &span(&SPAN[..15])]);
}

fn which_tracestates_count(cases: &mut Cases<'_>) {
    cases.try_each("state without a parent", &[(&["tracestate: a=1"], New), (&["tracestate: a=1,b=2"], New)]);
    cases.states("state with a parent", &[(&["a=1,b=2"], "a=1,b=2")]);
    for name in ["trace-state", "trace.state"] {
        cases.try_each("state by another name", &[(&[good("00"), format!("{name}: a=1")], Kept(""))]);
    }
    for name in ["TraceState", "TRACESTATE", "tRaCeStAtE"] {
        cases.try_each("state's name in other letters", &[(&[good("00"), format!("{name}: a=1")], Kept("a=1"))]);
    }
    cases.states("empty lines", &[(&[""], ""), (&["a=1", ""], "a=1"), (&["", "a=1"], "a=1"), (&[",", "a=1,,"], "a=1")]);
    cases.states("several lines", &[(&["a=1,b=2", "c=3", "d=4,e=5"], "a=1,b=2,c=3,d=4,e=5")]);
    cases.states(
        "a key that stands twice",
        &[
            (&["a=1,a=1"], "a=1,a=1"),
            (&["a=1,a=2"], "a=1,a=2"),
            (&["a=1", "a=1"], "a=1,a=1"),
            (&["a=1", "a=2"], "a=1,a=2"),
        ],
    );
    cases.states(
        "space around members",
        &[
            (&["a=1 \t, \t b=2"], "a=1,b=2"),
            (&["a=1\t \t,\t b=2,c=3"], "a=1,b=2,c=3"),
            (&[" a=1"], "a=1"),
            (&["\t a=1 \t"], "a=1"),
        ],
    );
    let value: String = (0x20..=0x7e_u8).map(char::from).filter(|letter| !matches!(letter, ',' | '=')).collect();
    let plain = format!("abcdefghijklmnopqrstuvwxyz0123456789_-*/={value}");
    let vendor = format!("0123456789abcdefghijklmnopqrstuvwxyz_-*/@a-z_0-9*/={value}");
    cases.states("every character that is allowed", &[(&[&plain], &plain), (&[&vendor], &vendor)]);
}

fn limits_of_tracestate(cases: &mut Cases<'_>) {
    cases.states("keys with characters of no key", &[(&["a =1"], ""), (&["A=1"], ""), (&["a.b=1"], ""), (&["=1"], "")]);
    cases.states(
        "keys with an at sign",
        &[(&["a@=1,b=2"], "a@=1,b=2"), (&["@a=1,b=2"], ""), (&["a@@b=1"], "a@@b=1"), (&["a@b@c=1,b=2"], "a@b@c=1,b=2")],
    );
    let members = |from: usize, to: usize| (from..=to).map(|n| format!("k{n}={n}")).collect::<Vec<_>>().join(",");
    let (all, ends) = (members(1, 32), [members(31, 32), members(31, 33)]);
    let begins = [members(1, 10), members(11, 20), members(21, 30)];
    let lines = |end: usize| [&*begins[0], &*begins[1], &*begins[2], &*ends[end]];
    cases.states("thirty-two members, and one more", &[(&lines(0), &all), (&lines(1), "")]);
    for (key, good) in [
        ("z".repeat(256), true),
        ("z".repeat(257), false),
        (format!("{}@{}", "t".repeat(241), "v".repeat(14)), true),
        (format!("{}@v", "t".repeat(242)), true),
        (format!("t@{}", "v".repeat(15)), true),
    ] {
        let kept = if good { format!("a=1,{key}=1") } else { String::new() };
        cases.states("how long a key may be", &[(&["a=1", &format!("{key}=1")], &kept)]);
    }
    let long = format!("a={}", "v".repeat(256));
    cases.states(
        "values that are none",
        &[(&["a=b=c"], ""), (&["a=,b=3"], ""), (&[&long], &long), (&[&format!("{long}v")], ""), (&["a=b\tc"], "")],
    );
    // A list of 512 characters and more goes on whole.
    let whole = (0..30).map(|n| format!("key{n:02}={}", "v".repeat(20))).collect::<Vec<_>>().join(",");
    assert!(whole.len() > 512);
    cases.states("state with a parent", &[(&[&whole], &whole)]);
}

fn several_calls(cases: &mut Cases<'_>) {
    let rows = [
        ("several calls in a trace", vec![good("01")], true),
        ("several calls in a new trace", vec![], false),
        ("several calls after a malformed parent", vec![good("01").replace(TRACE, &"0".repeat(32))], false),
    ];
    for (case, lines, kept) in rows {
        let calls = cases.demo.calls(&lines, 3);
        let ids: Vec<[&str; 3]> = calls.iter().map(parent).collect();
        assert!(ids.iter().all(|[trace, ..]| *trace == ids[0][0] && (*trace == TRACE) == kept), "{case}: {ids:?}");
        assert_eq!(ids.iter().map(|[_, span, _]| *span).collect::<HashSet<_>>().len(), 3, "{case}: each its own span");
        cases.tried.insert(case);
    }
}
