//! Seals: envelopes that only those who share a key can write.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Envelope, InvalidEnvelope, MAX_ENVELOPE_BYTES};
use crate::hex;

const KEY: &str = ";mac=";
const DIGITS: usize = 64;

/// A key that envelopes are sealed with, and those that are still believed: HMAC-SHA256 over the whole text.
///
/// It says that an envelope was written by somebody who has the key, not for which job: who can write into the queue can put it beside
/// another one.
///
/// ```
/// use cupola_context::{Envelope, InvalidEnvelope, Seal};
///
/// let old = Seal::new(b"a key of 32 bytes, out of a vault");
/// let new = Seal::new(b"the next one, out of the same vault").or(b"a key of 32 bytes, out of a vault");
/// let text = old.encode(&Envelope::new());
/// assert!(new.decode(&text).is_ok());
/// assert_eq!(new.decode(&text.replace("attempt=1", "attempt=2")).unwrap_err(), InvalidEnvelope::BadSeal);
/// ```
#[derive(Clone)]
pub struct Seal {
    own: Hmac<Sha256>,
    others: Vec<Hmac<Sha256>>,
}

impl Seal {
    /// Seals with this key, of any length; 32 random bytes are right.
    pub fn new(key: &[u8]) -> Self {
        Self { own: keyed(key), others: Vec::new() }
    }

    /// Believes this key too: the one before, while it is in the queue still, or the next, while it is rolled out.
    #[must_use]
    pub fn or(mut self, key: &[u8]) -> Self {
        self.others.push(keyed(key));
        self
    }

    /// The text of an envelope, sealed.
    pub fn encode(&self, envelope: &Envelope) -> String {
        let mut text = envelope.encode_within(MAX_ENVELOPE_BYTES - KEY.len() - DIGITS);
        let code = self.own.clone().chain_update(text.as_bytes()).finalize().into_bytes();
        let mut digits = [0; DIGITS];
        hex::encode(&code, &mut digits);
        text.push_str(KEY);
        text.push_str(hex::ascii(&digits));
        text
    }

    /// Reads an envelope, if its seal is right.
    ///
    /// # Errors
    /// Where it has no seal, or a wrong one, and where [`Envelope::decode`] has one.
    pub fn decode(&self, text: &str) -> Result<Envelope, InvalidEnvelope> {
        if text.len() > MAX_ENVELOPE_BYTES {
            return Err(InvalidEnvelope::TooLong);
        }
        let (sealed, digits) = text.rsplit_once(KEY).ok_or(InvalidEnvelope::Unsealed)?;
        let code = hex::decode::<{ DIGITS / 2 }>(digits.as_bytes()).ok_or(InvalidEnvelope::BadSeal)?;
        let made_by = |key: &Hmac<Sha256>| key.clone().chain_update(sealed.as_bytes()).verify_slice(&code).is_ok();
        if !made_by(&self.own) && !self.others.iter().any(made_by) {
            return Err(InvalidEnvelope::BadSeal);
        }
        Envelope::decode(sealed)
    }
}

/// Without the keys.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes keys of any length")
}
