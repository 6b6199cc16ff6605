//! Envelopes as a queue's jobs write and believe them.

#[cfg(feature = "seal")]
use cupola_context::Seal;
use cupola_context::{Envelope, InvalidEnvelope};

/// Whose envelopes are believed.
#[derive(Clone, Debug, Default)]
pub(crate) enum Trusted {
    /// Everybody's who can write into the queue.
    #[default]
    Everybody,
    /// Those who have a key.
    #[cfg(feature = "seal")]
    Sealed(Seal),
}

impl Trusted {
    pub(crate) fn encode(&self, envelope: &Envelope) -> String {
        match self {
            Self::Everybody => envelope.encode(),
            #[cfg(feature = "seal")]
            Self::Sealed(seal) => seal.encode(envelope),
        }
    }

    pub(crate) fn decode(&self, text: &str) -> Result<Envelope, InvalidEnvelope> {
        match self {
            Self::Everybody => Envelope::decode(text),
            #[cfg(feature = "seal")]
            Self::Sealed(seal) => seal.decode(text),
        }
    }
}
