//! The binary: reads its arguments and serves.

use std::process::ExitCode;

use clap::Parser;
use vm_provisioner::config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    match vm_provisioner::server::run(Config::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // One line with all its causes and no backtrace: what ends a start is for the person who started it.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
