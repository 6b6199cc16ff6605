//! The option that names a store, and what is said of its answers.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use cupola_line::{LineBuffer, Scratch};
use cupola_store::{Entry, Partial, Reader, Signal};

use crate::log::collect::FoundLine;

/// A store, where its entries are wanted rather than those of files.
#[derive(Debug, Default, Args)]
pub(crate) struct FromStore {
    /// Of the store in this directory, rather than of files
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
}

/// Of what entries are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Searched {
    #[default]
    Logs,
    Spans,
    Metrics,
}

impl Searched {
    pub(crate) const fn signal(self) -> Signal {
        match self {
            Self::Logs => Signal::Logs,
            Self::Spans => Signal::Spans,
            Self::Metrics => Signal::Metrics,
        }
    }
}

/// Opens a store to be read.
pub(crate) fn open(dir: &Path) -> anyhow::Result<Reader> {
    Reader::open(dir).with_context(|| format!("no store in {}", dir.display()))
}

/// Says what is missing, if anything is.
pub(crate) fn complain_of(partial: Option<Partial>) {
    let sentence = match partial {
        None => return,
        Some(Partial::Deadline) => {
            "the time was over before all had been read: choose a shorter time, or a longer --timeout"
        }
        Some(Partial::Damaged) => "some of the store cannot be read, and is left out",
        Some(_) => "not all has been read: choose a shorter time",
    };
    crate::complain(&anyhow!("{sentence}"), 0);
}

/// An entry as a line, without its newline.
pub(crate) fn line_of(entry: &Entry) -> Vec<u8> {
    let (mut line, mut scratch) = (LineBuffer::new(), Scratch::new());
    // What had to be cut says so itself.
    let _ = entry.line(&mut line, &mut scratch);
    line.trim_ascii_end().to_vec()
}

/// An entry as a line that was found in the first input.
pub(crate) fn found_line(entry: &Entry) -> FoundLine {
    FoundLine { input: 0, time: Some(entry.time().div_euclid(1_000)), raw: line_of(entry) }
}
