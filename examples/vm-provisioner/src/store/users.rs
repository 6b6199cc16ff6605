//! Who may call: users and the digests of their tokens.

use sha2::{Digest, Sha256};
use sqlx::Row;
use uuid::Uuid;

use super::{Connection, Store, StoreError};
use crate::named::named;
use crate::secret::Secret;

named! {
    /// What a token opens.
    Scope {
        /// Everything, and making users.
        Admin = "admin",
        /// Everything of one's own.
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

const DEMO_USERS: &[(&str, &str)] = &[("user-1", "ada"), ("user-2", "grace"), ("user-3", "root")];

/// The tokens of the demo, with the user and the scope of each. The example's README shows them too.
pub const DEMO_TOKENS: &[(&str, &str, Scope)] = &[
    ("demo-ada-6f1c2b7e", "user-1", Scope::ReadWrite),
    ("demo-grace-93d0a4c5", "user-2", Scope::ReadWrite),
    ("demo-grace-readonly-b85e17f2", "user-2", Scope::ReadOnly),
    ("demo-root-2c9e7a41", "user-3", Scope::Admin),
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

    /// Makes a user, with a token: gives their id and it.
    pub async fn create_user(&self, name: &str, scope: Scope) -> Result<(String, Secret), StoreError> {
        let id = format!("user-{}", Uuid::now_v7().simple());
        let mut transaction = self.write().await?;
        let insert = sqlx::query("INSERT INTO users (id, name) VALUES (?, ?)").bind(&id).bind(name);
        insert.execute(&mut *transaction).await.map_err(|error| match error.into() {
            StoreError::NameTaken => StoreError::UserTaken,
            other => other,
        })?;
        let token = new_token(&mut transaction, &id, scope).await?;
        transaction.commit().await?;
        Ok((id, token))
    }

    /// Makes another token for a user. What is kept of it does not open anything.
    pub async fn create_token(&self, user: &str, scope: Scope) -> Result<Secret, StoreError> {
        let mut transaction = self.write().await?;
        let token = new_token(&mut transaction, user, scope).await?;
        transaction.commit().await?;
        Ok(token)
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

/// 256 random bits, under a prefix by which scanners of leaked secrets know them.
async fn new_token(connection: &mut Connection<'_>, user: &str, scope: Scope) -> Result<Secret, sqlx::Error> {
    let token = format!("vmp_{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
    let insert = sqlx::query("INSERT INTO tokens (digest, user_id, scope) VALUES (?, ?, ?)");
    insert.bind(digest(&token)).bind(user).bind(scope.as_str()).execute(connection).await?;
    Ok(Secret::new(token))
}

/// Tokens are long and random, so that a plain digest is enough; a password would need a slow one with a salt.
fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}
