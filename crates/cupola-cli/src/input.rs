//! What subcommands read: files in their order, or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// Where one input comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// The sources that arguments name; `-`, or none at all, is standard input.
    pub(crate) fn all(paths: &[PathBuf]) -> Vec<Self> {
        let source = |path: &PathBuf| if path == Path::new("-") { Self::Stdin } else { Self::File(path.clone()) };
        if paths.is_empty() { vec![Self::Stdin] } else { paths.iter().map(source).collect() }
    }

    pub(crate) fn open(&self) -> anyhow::Result<Box<dyn Read>> {
        Ok(match self {
            Self::Stdin => Box::new(io::stdin().lock()),
            Self::File(path) => Box::new(File::open(path).with_context(|| format!("cannot open {}", path.display()))?),
        })
    }

    /// The extension of its name, in small letters.
    pub(crate) fn extension(&self) -> Option<String> {
        match self {
            Self::Stdin => None,
            Self::File(path) => Some(path.extension()?.to_str()?.to_ascii_lowercase()),
        }
    }

    /// How it is called in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Stdin => "standard input".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}
