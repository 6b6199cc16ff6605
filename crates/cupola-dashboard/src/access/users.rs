//! Those who have a name and a password, in the metadata.

use std::fmt;
use std::sync::Arc;

use cupola_store::{Change, Expect, Metadata, MetadataError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::role::{Role, User};
use super::session::tell;
use super::{audit, password};

const KIND: &str = "user";

/// So many bytes a name has at most.
pub(super) const MAX_NAME: usize = 64;
/// So many characters a password has at least, and bytes at most.
const PASSWORD: std::ops::RangeInclusive<usize> = 10..=1_024;

/// Those who have a name and a password.
///
/// ```
/// use std::sync::Arc;
/// use cupola_dashboard::{Role, Users};
/// use cupola_store::MetadataFile;
///
/// # let dir = tempfile::tempdir()?;
/// let users = Users::new(Arc::new(MetadataFile::open(dir.path())?));
/// users.set("ada", "a long password", Role::Admin, "cupola user", 0)?;
/// assert_eq!(users.list()?[0].name, "ada");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Users {
    metadata: Arc<dyn Metadata>,
}

/// Why a user was not set.
#[derive(Debug)]
#[non_exhaustive]
pub enum UserError {
    /// The name is none; says what is accepted.
    Name,
    /// The password is none; says what is accepted.
    Password,
    /// The metadata was not read or written.
    Metadata(MetadataError),
}

#[derive(Serialize, Deserialize)]
struct Kept {
    role: Role,
    password: String,
}

impl Users {
    /// Those of this metadata.
    pub fn new(metadata: Arc<dyn Metadata>) -> Self {
        Self { metadata }
    }

    /// Makes a user, or gives one another password and role. `by` is who does it, for the audit; `now` is in nanoseconds since 1970.
    ///
    /// # Errors
    /// Name or password cannot be, or the metadata was not written.
    pub fn set(&self, name: &str, password: &str, role: Role, by: &str, now: i64) -> Result<(), UserError> {
        let is_name =
            !name.is_empty() && name.len() <= MAX_NAME && !name.chars().any(|c| c.is_control() || c.is_whitespace());
        if !is_name {
            return Err(UserError::Name);
        }
        if password.chars().count() < *PASSWORD.start() || password.len() > *PASSWORD.end() {
            return Err(UserError::Password);
        }
        let kept = Kept { role, password: password::hash(password).ok_or(UserError::Password)? };
        let body = serde_json::to_string(&kept).unwrap_or_default();
        let put = Change::Put { kind: KIND, key: name.to_owned(), body, expect: Expect::Any };
        let note = audit(by, "user set", &json!({ "user": name, "role": role }), now);
        self.metadata.apply(&[put, note]).map_err(UserError::Metadata)
    }

    /// Takes a user away; their sessions are over with them.
    ///
    /// # Errors
    /// The metadata was not written.
    pub fn remove(&self, name: &str, by: &str, now: i64) -> Result<(), UserError> {
        let delete = Change::Delete { kind: KIND, key: name.to_owned() };
        let note = audit(by, "user removed", &json!({ "user": name }), now);
        self.metadata.apply(&[delete, note]).map_err(UserError::Metadata)
    }

    /// All of them, in the order of their names.
    ///
    /// # Errors
    /// The metadata was not read.
    pub fn list(&self) -> Result<Vec<User>, UserError> {
        let all = self.metadata.all(KIND).map_err(UserError::Metadata)?;
        Ok(all.iter().filter_map(|user| Some(User::new(&user.key, read(&user.body)?.role))).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<User> {
        Some(User::new(name, self.kept(name)?.role))
    }

    /// The one of this name, if that is their password.
    pub(super) fn verify(&self, name: &str, password: &str) -> Option<User> {
        let kept = self.kept(name);
        // Longer ones are no passwords, and would take longer.
        let password = if password.len() > *PASSWORD.end() { "" } else { password };
        let is_theirs = password::is(kept.as_ref().map(|kept| &*kept.password), password);
        kept.filter(|_| is_theirs).map(|kept| User::new(name, kept.role))
    }

    pub(super) fn apply(&self, changes: &[Change]) {
        let _ = self.metadata.apply(changes).map_err(|error| tell(&error));
    }

    fn kept(&self, name: &str) -> Option<Kept> {
        let found = self.metadata.get(KIND, name).map_err(|error| tell(&error)).ok()?;
        read(&found?.body)
    }
}

fn read(body: &str) -> Option<Kept> {
    serde_json::from_str(body).ok()
}

impl fmt::Display for UserError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(f, "no such name can be; accepted: 1 to {MAX_NAME} bytes without spaces"),
            Self::Password => {
                let (least, most) = PASSWORD.into_inner();
                write!(f, "no such password can be; accepted: at least {least} characters, at most {most} bytes")
            }
            Self::Metadata(_) => f.write_str("the user was not kept"),
        }
    }
}

impl std::error::Error for UserError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Metadata(error) => Some(error),
            Self::Name | Self::Password => None,
        }
    }
}
