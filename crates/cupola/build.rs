//! Tells the crate what it is built with, and for what: lines and the start-up summary show it.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]
#![allow(clippy::disallowed_methods, reason = "and this is how cargo speaks to it")]

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=CUPOLA_RUSTC={}", compiler().as_deref().unwrap_or("rustc"));
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    println!("cargo::rustc-env=CUPOLA_PLATFORM={} {}", target("OS"), target("ARCH"));
}

/// `rustc 1.95.0`, without its commit.
fn compiler() -> Option<String> {
    let output = Command::new(std::env::var_os("RUSTC")?).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let words: Vec<&str> = text.split_whitespace().take(2).collect();
    (words.len() == 2).then(|| words.join(" "))
}
