//! The `cupola` binary.

use clap::Parser;

fn main() {
    std::process::exit(cupola_cli::Cli::parse().run());
}
