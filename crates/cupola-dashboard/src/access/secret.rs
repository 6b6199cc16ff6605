//! Texts that only some know.

use std::fmt;

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// Signs what goes out and comes back.
#[derive(Clone)]
pub(super) struct Key([u8; 32]);

impl Default for Key {
    /// Another one in each process.
    fn default() -> Self {
        Self(rand::random())
    }
}

impl Key {
    /// A signature of these texts, in hexadecimal.
    pub(super) fn sign(&self, texts: &[&str]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length will do");
        for text in texts {
            mac.update(&(text.len() as u64).to_le_bytes());
            mac.update(text.as_bytes());
        }
        hex(&mac.finalize().into_bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// 256 bits that nobody guesses, in hexadecimal.
pub(super) fn random() -> String {
    hex(&rand::random::<[u8; 32]>())
}

/// What a secret is known by, where it is not to be kept itself.
pub(super) fn digest(secret: &[u8]) -> String {
    hex(&Sha256::digest(secret))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
