//! Why there is no pipeline, or why it is not the process's.

use std::{fmt, io};

use cupola_record::VarError;

#[cfg(feature = "otlp")]
use crate::otlp::ExportError;

/// The pipeline could not be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// The configuration has a value that is not accepted.
    Config(VarError),
    /// The thread of the writer, or of what runs in the background, could not be started.
    Thread(io::Error),
    /// Nothing can be exported as configured.
    #[cfg(feature = "otlp")]
    Export(ExportError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(_) => f.write_str("the log's configuration is not accepted"),
            Self::Thread(_) => f.write_str("a thread of the log could not be started"),
            #[cfg(feature = "otlp")]
            Self::Export(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BuildError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::Thread(error) => Some(error),
            #[cfg(feature = "otlp")]
            Self::Export(error) => error.source(),
        }
    }
}

/// The process has a subscriber already, ours or another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlreadyInstalled;

impl fmt::Display for AlreadyInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the process has a tracing subscriber already: install one, once")
    }
}

impl std::error::Error for AlreadyInstalled {}
