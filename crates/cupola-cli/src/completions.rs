//! `cupola completions` and `cupola man`: what a shell and a reader know of the command line.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Command};
use clap_complete::Shell;

use crate::Failure;

/// Writes a script that completes the command line in a shell.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cupola completions bash > ~/.local/share/bash-completion/completions/cupola
  cupola completions zsh > ~/.zfunc/_cupola
  cupola completions fish > ~/.config/fish/completions/cupola.fish")]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, mut command: Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "cupola", &mut script);
        io::stdout().lock().write_all(&script).map_err(|error| Failure::Work(error.into()))
    }
}

/// Writes manual pages: one for the command, one for each subcommand.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  cupola man --dir ~/.local/share/man/man1 && man cupola-view
  cupola man | man -l -")]
pub struct Man {
    /// The folder to write them into; without it the command's own page goes to standard output
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(&self, command: Command) -> Result<(), Failure> {
        self.write(command).map_err(Failure::Work)
    }

    fn write(&self, command: Command) -> anyhow::Result<()> {
        let Some(dir) = &self.dir else {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            return Ok(io::stdout().lock().write_all(&page)?);
        };
        fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
        clap_mangen::generate_to(command, dir).with_context(|| format!("cannot write into {}", dir.display()))
    }
}
