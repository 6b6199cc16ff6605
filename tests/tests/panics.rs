//! What the log of a process says of its panics, as it is left behind by its end.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::process::{Command, Output};

use cupola_tests::{Line, lines};

struct Ended {
    output: Output,
    lines: Vec<Line>,
}

fn run(how: &str, vars: &[(&str, &str)]) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_panics"));
    let output = command.arg(how).env_clear().envs(vars.iter().copied()).output().unwrap();
    let lines = lines(std::str::from_utf8(&output.stdout).unwrap());
    Ended { output, lines }
}

impl Ended {
    fn of_panics(&self) -> Vec<&Line> {
        self.lines.iter().filter(|line| line["target"] == "cupola::panic").collect()
    }

    fn access(&self) -> &Line {
        self.lines.iter().find(|line| line.is_access()).unwrap()
    }

    fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

#[test]
fn a_panic_of_the_main_thread_is_the_last_line() {
    let ended = run("main", &[]);
    let line = ended.lines.last().unwrap();
    assert_eq!((line.text("level"), line.text("message"), line.text("category")), ("ERROR", "panicked", "errors"));
    assert_eq!(line.text("event"), "error");
    assert_eq!((line.text("error_type"), line.text("error")), ("panic", "in main, password=[REDACTED]"));
    assert_eq!(line.text("thread"), "main");
    assert!(line.text("panic_location").starts_with("tests/src/bin/panics.rs:"), "{line}");
    assert!(!line.has("backtrace"));
    assert_eq!(ended.output.status.code(), Some(101));
    assert!(ended.stderr().contains("in main"), "the hook that was there is called: {}", ended.stderr());
}

#[test]
fn a_panic_of_another_thread_is_out_although_nobody_flushes() {
    let ended = run("thread", &[("RUST_BACKTRACE", "1")]);
    let [line] = ended.of_panics()[..] else { panic!("{:?}", ended.lines) };
    assert_eq!((line.text("thread"), line.text("error")), ("worker", "in a thread"));
    assert!(line.text("backtrace").contains("panics::main"), "{line}");
    assert_eq!(ended.output.status.code(), Some(7));
}

#[test]
fn a_panic_that_aborts_is_out_before_the_process_goes() {
    let ended = run("abort", &[]);
    let errors: Vec<&str> = ended.of_panics().iter().map(|line| line.text("error")).collect();
    // The standard library has a last word of its own, from where nothing unwinds any more.
    assert_eq!(errors[..2], ["the first", "while another panic unwinds"]);
    assert!(errors.len() == 3 && errors[2].contains("panic in a destructor"), "{errors:?}");
    assert!(ended.output.status.code().is_none(), "a signal ended it: {:?}", ended.output.status);
}

#[test]
fn a_panic_that_the_layer_catches_is_told_once_by_its_request() {
    let ended = run("/panics", &[("RUST_BACKTRACE", "1")]);
    assert_eq!(ended.of_panics().len(), 0, "{:?}", ended.lines);
    let access = ended.access();
    assert_eq!(
        (access.text("level"), access.text("outcome"), access.text("error")),
        ("ERROR", "panicked", "in a handler")
    );
    assert!(access.text("panic_location").starts_with("tests/src/bin/panics.rs:"), "{access}");
    assert!(access.text("backtrace").contains("panics::panics"), "{access}");
    assert_eq!(access.text("vm_id"), "vm-7");
}

#[test]
fn a_panic_of_a_task_is_told_with_its_request() {
    let ended = run("/spawns", &[]);
    let [line] = ended.of_panics()[..] else { panic!("{:?}", ended.lines) };
    let access = ended.access();
    assert_eq!((line.text("error"), line.text("vm_id")), ("in a task", "vm-7"));
    assert_eq!(line.text("request_id"), access.text("request_id"));
    assert_eq!((access.text("outcome"), access.has("panic_location")), ("complete", false));
}

#[test]
fn a_panic_that_the_handler_catches_shows_where_it_was() {
    let ended = run("/catches", &[]);
    assert_eq!((ended.of_panics().len(), ended.access().text("outcome")), (0, "complete"));
    assert!(ended.access().has("panic_location"));
}

#[test]
fn a_variable_has_the_last_word() {
    let ended = run("main", &[("CUPOLA_PANIC_HOOK", "off")]);
    assert_eq!(ended.of_panics().len(), 0);
    assert!(ended.stderr().contains("in main"));
}
