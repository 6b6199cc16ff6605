//! Why the store refuses.

use std::fmt;

use crate::ip_pool;
use crate::vm::VmState;

/// Why the store did not do what it was asked to do.
#[derive(Debug)]
pub enum StoreError {
    /// The caller has no machine with this id.
    NotFound,
    /// The caller has another machine with this name.
    NameTaken,
    /// Another user has this name.
    UserTaken,
    /// No address is free.
    PoolEmpty,
    /// The machine is in a state in which this cannot be done.
    WrongState {
        /// The state in which it is.
        is: VmState,
        /// The states in which it can be done.
        accepted: Vec<VmState>,
    },
    /// The database failed.
    Database(sqlx::Error),
}

impl StoreError {
    /// Whether the database itself does not work, for now: it is locked, read-only, full, or not to be opened, read or written.
    pub fn is_down(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_)) => true,
            Self::Database(sqlx::Error::Database(refusal)) => {
                let code = refusal.code().and_then(|code| code.parse::<u32>().ok());
                // The low byte of a code of SQLite is its kind: busy, locked, read-only, I/O, full, cannot be opened.
                code.is_some_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14))
            }
            _ => false,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("no such machine"),
            Self::NameTaken => f.write_str("another machine has this name"),
            Self::UserTaken => f.write_str("another user has this name"),
            Self::PoolEmpty => write!(f, "no address is free in {}", ip_pool::NETWORK),
            Self::WrongState { is, accepted } => {
                let accepted: Vec<&str> = accepted.iter().map(|state| state.as_str()).collect();
                write!(f, "the machine is {is}; accepted is {}", accepted.join(" or "))
            }
            Self::Database(_) => f.write_str("the database failed"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if let Self::Database(error) = self { Some(error) } else { None }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::NotFound,
            // The only unique thing that a caller chooses is the name.
            sqlx::Error::Database(refusal) if refusal.is_unique_violation() => Self::NameTaken,
            error => Self::Database(error),
        }
    }
}
