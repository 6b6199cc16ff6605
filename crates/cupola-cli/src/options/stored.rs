//! The option that names a store, and what is said of its answers.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use cupola_line::{LineBuffer, Scratch};
use cupola_store::{Entry, Failed, Failures, Found, Partial, Query as _, Reader, Search, Signal, Trace, TraceOf};

use crate::log::collect::FoundLine;
use crate::remote::{Remote, Server};

/// A store, where its entries are wanted rather than those of files.
#[derive(Debug, Default, Args)]
pub(crate) struct FromStore {
    /// Of the store in this directory, rather than of files
    #[arg(long, value_name = "DIR")]
    pub(crate) store: Option<PathBuf>,
}

/// A store or a server, where its entries are wanted rather than those of files.
#[derive(Debug, Default, Args)]
pub(crate) struct FromStoreOrServer {
    #[command(flatten)]
    from: FromStore,

    #[command(flatten)]
    server: Server,
}

impl FromStoreOrServer {
    /// What is named.
    pub(crate) fn source(&self) -> anyhow::Result<Option<Source>> {
        Source::of(self.from.store.as_deref(), &self.server)
    }
}

/// Who answers.
#[derive(Debug)]
pub(crate) enum Source {
    Directory(PathBuf, Reader),
    Server(Box<Remote>),
}

/// Where it is.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(dir, _) => dir.display().fmt(f),
            Self::Server(remote) => remote.fmt(f),
        }
    }
}

impl Source {
    /// The directory, or else the server that is named.
    pub(crate) fn of(dir: Option<&Path>, server: &Server) -> anyhow::Result<Option<Self>> {
        match dir {
            Some(dir) => Ok(Some(Self::Directory(dir.to_owned(), open(dir)?))),
            None => Ok(server.remote()?.map(Box::new).map(Self::Server)),
        }
    }

    pub(crate) fn search(&self, search: &Search) -> anyhow::Result<Found> {
        match self {
            Self::Directory(_, reader) => Ok(reader.search(search)?),
            Self::Server(remote) => remote.search(search),
        }
    }

    pub(crate) fn trace(&self, trace: &TraceOf) -> anyhow::Result<Trace> {
        match self {
            Self::Directory(_, reader) => Ok(reader.trace(trace)?),
            Self::Server(remote) => remote.trace(trace),
        }
    }

    pub(crate) fn failures(&self, failures: &Failures) -> anyhow::Result<Failed> {
        match self {
            Self::Directory(_, reader) => Ok(reader.failures(failures)?),
            Self::Server(remote) => remote.failures(failures),
        }
    }
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
