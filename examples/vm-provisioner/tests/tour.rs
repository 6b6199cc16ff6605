//! The tour goes where it says.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::process::Command;

#[test]
fn the_tour_tells_the_whole_story() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tour.sh");
    let output = Command::new(script).env("DEMO", env!("CARGO_BIN_EXE_vm-provisioner")).output().unwrap();
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{error}");
    let (tour, story) = said.split_once("== the whole story").unwrap();
    for part in [
        "tourist",
        r#""state":"running""#,
        r#""failure":"the image does not boot""#,
        r#""state":"deleting","step":"done""#,
    ] {
        assert!(tour.contains(part), "no {part}: {said}");
    }
    for part in ["POST", "provision_vm", "machine failed"] {
        assert!(story.contains(part), "no {part}: {said}");
    }
}
