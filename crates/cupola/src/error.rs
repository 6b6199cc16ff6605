//! What can be wrong at the start.

use std::error::Error;
use std::fmt;

use cupola_record::VarError;

/// Cupola could not start; the text names the variable at fault.
pub struct InitError(Kind);

enum Kind {
    Variable(VarError),
    Build(cupola_telemetry::BuildError),
    Installed(cupola_telemetry::AlreadyInstalled),
    #[cfg(feature = "otel")]
    Export(cupola_telemetry::otlp::ExportError),
    #[cfg(feature = "store")]
    Store(cupola_store::OpenError),
    #[cfg(feature = "alerts")]
    Metadata(cupola_store::MetadataError),
}

impl InitError {
    /// Whether the process has a `tracing` subscriber already.
    pub const fn is_already_installed(&self) -> bool {
        matches!(self.0, Kind::Installed(_))
    }
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Variable(error) => error.fmt(f),
            Kind::Build(error) => error.fmt(f),
            Kind::Installed(error) => error.fmt(f),
            #[cfg(feature = "otel")]
            Kind::Export(error) => error.fmt(f),
            #[cfg(feature = "store")]
            Kind::Store(error) => error.fmt(f),
            #[cfg(feature = "alerts")]
            Kind::Metadata(error) => error.fmt(f),
        }
    }
}

/// The text for people, since this is what Rust prints of the error that a `main` returns.
impl fmt::Debug for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)?;
        self.source().map_or(Ok(()), |source| write!(f, ": {source}"))
    }
}

impl Error for InitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Kind::Build(error) => error.source(),
            #[cfg(feature = "otel")]
            Kind::Export(error) => error.source(),
            #[cfg(feature = "store")]
            Kind::Store(error) => error.source(),
            #[cfg(feature = "alerts")]
            Kind::Metadata(error) => error.source(),
            _ => None,
        }
    }
}

macro_rules! from {
    ($($error:ty => $kind:ident),+) => {$(
        impl From<$error> for InitError {
            fn from(error: $error) -> Self {
                Self(Kind::$kind(error))
            }
        }
    )+};
}

from! {
    VarError => Variable,
    cupola_telemetry::BuildError => Build,
    cupola_telemetry::AlreadyInstalled => Installed
}

#[cfg(feature = "otel")]
from! { cupola_telemetry::otlp::ExportError => Export }

#[cfg(feature = "store")]
from! { cupola_store::OpenError => Store }

#[cfg(feature = "alerts")]
from! { cupola_store::MetadataError => Metadata }

#[cfg(test)]
mod tests {
    use crate::Cupola;

    #[test]
    fn a_main_that_returns_it_prints_the_text_for_people() {
        let vars = |name: &str| (name == "CUPOLA_TRUST").then(|| "everyone".to_owned());
        let error = Cupola::builder("hello").vars(vars).output(std::io::sink()).build().unwrap_err();
        assert!(format!("{error:?}").starts_with("CUPOLA_TRUST is `everyone`; accepted: never, private, always or "));
    }
}
