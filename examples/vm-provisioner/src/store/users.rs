//! Who may call: users and the digests of their tokens.

use sha2::{Digest, Sha256};
use sqlx::Row;

use super::{Connection, Store, StoreError};
use crate::named::named;

named! {
    /// What a token opens.
    Scope {
        /// Everything.
        ReadWrite = "read-write",
        /// Only what changes nothing.
        ReadOnly = "read-only",
    }
}

/// The user behind a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Their id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// What the token opens.
    pub scope: Scope,
}

const DEMO_USERS: &[(&str, &str)] = &[("user-1", "ada"), ("user-2", "grace")];

/// The tokens of the demo, with the user and the scope of each. The example's README shows them too.
pub const DEMO_TOKENS: &[(&str, &str, Scope)] = &[
    ("demo-ada-6f1c2b7e", "user-1", Scope::ReadWrite),
    ("demo-grace-93d0a4c5", "user-2", Scope::ReadWrite),
    ("demo-grace-readonly-b85e17f2", "user-2", Scope::ReadOnly),
];

impl Store {
    /// The user whose token this is.
    pub async fn caller(&self, token: &str) -> Result<Option<Caller>, StoreError> {
        let query = sqlx::query(
            "SELECT users.id, users.name, tokens.scope
             FROM tokens JOIN users ON users.id = tokens.user_id WHERE tokens.digest = ?",
        );
        let Some(row) = query.bind(digest(token)).fetch_optional(&self.pool).await? else { return Ok(None) };
        // A scope that this binary does not know opens nothing more than reading.
        let scope = Scope::named(row.try_get("scope")?).unwrap_or(Scope::ReadOnly);
        Ok(Some(Caller { id: row.try_get("id")?, name: row.try_get("name")?, scope }))
    }
}

/// Puts the users of the demo and their tokens into the store.
pub(super) async fn seed(connection: &mut Connection<'_>) -> Result<(), sqlx::Error> {
    for (id, name) in DEMO_USERS {
        let insert = sqlx::query("INSERT OR IGNORE INTO users (id, name) VALUES (?, ?)").bind(*id).bind(*name);
        insert.execute(&mut *connection).await?;
    }
    for (token, user, scope) in DEMO_TOKENS {
        let insert = sqlx::query("INSERT OR IGNORE INTO tokens (digest, user_id, scope) VALUES (?, ?, ?)");
        insert.bind(digest(token)).bind(*user).bind(scope.as_str()).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Tokens are long and random, so that a plain digest is enough; a password would need a slow one with a salt.
fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
