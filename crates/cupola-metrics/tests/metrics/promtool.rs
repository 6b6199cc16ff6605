//! Prometheus' own opinion of its text format.

use std::process::Command;

use crate::everything::everything;
use crate::serving::tell;

#[test]
#[ignore = "needs promtool"]
fn promtool_finds_nothing_to_say() {
    let text = everything().render();
    let (content, said) = tell(Command::new("promtool").args(["check", "metrics"]), text.as_bytes());
    assert!(content && said.is_empty(), "{said}\n{text}");
}
