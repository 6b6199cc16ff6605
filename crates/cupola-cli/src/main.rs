//! The `cupola` binary.

fn main() {
    std::process::exit(cupola_cli::Cli::of_process().run());
}
