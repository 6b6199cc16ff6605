//! Whether machines are configured, and by which playbook.

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use cupola::record::Fallback;

use super::Ansible;
use crate::process;

/// Which playbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// None: machines stay as they are made.
    #[default]
    Off,
    /// The one that is part of the binary, where Ansible is installed.
    Auto,
    /// This one.
    Playbook(PathBuf),
}

impl FromStr for Which {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "off" => Self::Off,
            "auto" => Self::Auto,
            path => Self::Playbook(path.into()),
        })
    }
}

/// The options of Ansible.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Options {
    /// The playbook that configures machines, or `auto` for the demo's own where Ansible is installed, or `off`.
    #[arg(long, env = "ANSIBLE", value_name = "PLAYBOOK|auto|off", default_value = "off")]
    pub ansible: Which,
    /// Ansible's binary.
    #[arg(long, env = "ANSIBLE_BIN", value_name = "PROGRAM", default_value = "ansible-playbook")]
    pub ansible_bin: PathBuf,
    /// How long a playbook may take.
    #[arg(long, env = "ANSIBLE_DEADLINE", value_name = "SECONDS", default_value_t = 600)]
    pub ansible_deadline: u64,
}

impl Options {
    /// What configures machines, if anything does.
    ///
    /// # Errors
    /// Where a playbook is named, and it or Ansible is not there.
    pub fn prepare(&self, data: &Path) -> anyhow::Result<Option<Ansible>> {
        let deadline = |ansible: Ansible| Some(ansible.deadline(Duration::from_secs(self.ansible_deadline)));
        Ok(match (&self.ansible, process::find(&self.ansible_bin)) {
            (Which::Off, _) => None,
            (Which::Auto, Some(program)) => deadline(Ansible::with_own_playbook(program, data)?),
            (Which::Auto, None) => {
                Fallback::new("ansible", "machines as they are made", "it is not installed")
                    .operation("prepare")
                    .emit();
                None
            }
            (Which::Playbook(_), None) => bail!(
                "a playbook is named, and the program {:?} is not there (install it: pip install ansible-core, or name it by \
                 --ansible-bin or ANSIBLE_BIN)",
                self.ansible_bin
            ),
            (Which::Playbook(playbook), _) if !playbook.is_file() => {
                bail!(
                    "there is no playbook at {playbook:?}, which --ansible or ANSIBLE names (accepted: a file, auto, off)"
                )
            }
            (Which::Playbook(playbook), Some(program)) => {
                deadline(Ansible::new(program, std::path::absolute(playbook)?, data)?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let prepared = |which: &str, program: &str| {
            let options = Options { ansible: which.parse().unwrap(), ansible_bin: program.into(), ansible_deadline: 1 };
            options.prepare(folder.path()).map(|ansible| ansible.is_some()).map_err(|error| error.to_string())
        };
        assert_eq!(prepared("off", "sh"), Ok(false));
        assert_eq!(prepared("auto", "no-such-ansible"), Ok(false));
        assert_eq!(prepared("auto", "sh"), Ok(true));
        assert!(prepared("/nowhere.yml", "sh").unwrap_err().contains("no playbook at \"/nowhere.yml\""));
        assert!(prepared("/nowhere.yml", "no-such-ansible").unwrap_err().contains("the program \"no-such-ansible\""));
    }
}
