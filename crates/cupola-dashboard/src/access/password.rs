//! Passwords, of which only what argon2 makes of them is kept.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use std::sync::{LazyLock, Mutex, PoisonError};

/// What is compared where there is no such user, so that it takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody's").unwrap_or_default());

/// One at a time: each takes 19 MiB of memory.
static TURN: Mutex<()> = Mutex::new(());

/// What is kept of a password: argon2id, with a salt of its own.
pub(super) fn hash(password: &str) -> Option<String> {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Some(Argon2::default().hash_password(password.as_bytes()).ok()?.to_string())
}

/// Whether it is the password of which this is kept; takes as long where nothing is.
pub(super) fn is(kept: Option<&str>, password: &str) -> bool {
    let known = kept.unwrap_or(&NOBODY);
    let Ok(known) = PasswordHash::new(known) else { return false };
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Argon2::default().verify_password(password.as_bytes(), &known).is_ok() && kept.is_some()
}
