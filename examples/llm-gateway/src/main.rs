//! The binary: reads its arguments and serves.

use std::process::ExitCode;

use clap::Parser;
use llm_gateway::config::Config;

#[tokio::main]
async fn main() -> ExitCode {
    match llm_gateway::server::run(Config::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // One line with all its causes: what ends a start is for the person who started it.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
