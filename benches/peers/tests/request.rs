//! Each mode answers both requests, so that the benchmark cannot rot unseen.

use std::process::{Command, Output};

fn request(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_request")).args(args).output().expect("cargo built the binary before this test")
}

fn check(mode: &str, shape: &[&str]) {
    let output = request(&[&[mode, "10"], shape].concat());
    let printed = String::from_utf8_lossy(&output.stdout);
    let figure = printed.strip_prefix(mode).and_then(|rest| rest.strip_suffix(" ns/request\n"));
    assert!(figure.is_some_and(|figure| figure.trim().parse::<f64>().is_ok()), "{mode}: {output:?}");
}

#[test]
fn every_mode_prints_one_figure_for_each_request() {
    for mode in [
        "bare",
        "axum-prometheus",
        "tower-http",
        "tower-http+prometheus",
        "all-peers",
        "lean+prometheus",
        "lean-all-peers",
    ] {
        check(mode, &[]);
        check(mode, &["post"]);
    }
}

#[test]
fn a_mode_that_is_not_here_is_told_apart_from_a_mistake() {
    assert_eq!(request(&["cupola", "10"]).status.code(), Some(2));
    assert_eq!(request(&["bare"]).status.code(), Some(64));
    assert_eq!(request(&["bare", "0"]).status.code(), Some(64));
    assert_eq!(request(&["bare", "10", "put"]).status.code(), Some(64));
}
