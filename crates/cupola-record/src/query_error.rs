//! Why a query failed.

use std::fmt;

use crate::db_system::DbSystem;

/// Why a query failed: a closed set, fit for labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueryErrorKind {
    /// There is one like it already.
    UniqueViolation,
    /// What it refers to is not there, or is referred to.
    ForeignKeyViolation,
    /// Something has to be there that is not.
    NotNullViolation,
    /// A condition of the schema does not hold.
    CheckViolation,
    /// Somebody else was there first: a lock, a deadlock, a transaction that must be tried again.
    Conflict,
    /// The database took too long, or was told to leave off.
    Timeout,
    /// No connection of the pool was free in time.
    PoolTimeout,
    /// The pool is closed.
    PoolClosed,
    /// No connection was made, or the database lets nobody in.
    Connect,
    /// The connection broke.
    Io,
    /// The handshake of TLS failed.
    Tls,
    /// What came is not what the database should say.
    Protocol,
    /// A value could not be sent.
    Encode,
    /// What came is not what the caller expects.
    Decode,
    /// The database refused, for a reason of its own.
    Database,
    /// Anything else.
    Other,
}

impl QueryErrorKind {
    /// The kind as fields and labels name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UniqueViolation => "unique_violation",
            Self::ForeignKeyViolation => "foreign_key_violation",
            Self::NotNullViolation => "not_null_violation",
            Self::CheckViolation => "check_violation",
            Self::Conflict => "conflict",
            Self::Timeout => "timeout",
            Self::PoolTimeout => "pool_timeout",
            Self::PoolClosed => "pool_closed",
            Self::Connect => "connect",
            Self::Io => "io",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Encode => "encode",
            Self::Decode => "decode",
            Self::Database => "database",
            Self::Other => "other",
        }
    }

    /// Whether applications live with it: a rule of the schema that was kept, or another that was first.
    pub const fn is_ordinary(self) -> bool {
        matches!(
            self,
            Self::UniqueViolation
                | Self::ForeignKeyViolation
                | Self::NotNullViolation
                | Self::CheckViolation
                | Self::Conflict
        )
    }

    /// The kind of what a database answers with a code of its own: SQLSTATE, or SQLite's number.
    pub fn of_code(system: DbSystem, code: &str) -> Self {
        match system {
            DbSystem::Sqlite => of_sqlite(code),
            DbSystem::Redis => of_redis(code),
            _ => of_sqlstate(code),
        }
    }
}

fn of_sqlite(code: &str) -> QueryErrorKind {
    // The lowest byte is the reason, what stands above it says more of it.
    match code.parse::<u32>() {
        Ok(1555 | 2067 | 2579) => QueryErrorKind::UniqueViolation,
        Ok(787 | 1811) => QueryErrorKind::ForeignKeyViolation,
        Ok(1299) => QueryErrorKind::NotNullViolation,
        Ok(275) => QueryErrorKind::CheckViolation,
        Ok(code) => match code & 0xff {
            5 | 6 => QueryErrorKind::Conflict,
            9 => QueryErrorKind::Timeout,
            10 | 13 => QueryErrorKind::Io,
            14 => QueryErrorKind::Connect,
            _ => QueryErrorKind::Database,
        },
        Err(_) => QueryErrorKind::Database,
    }
}

fn of_sqlstate(code: &str) -> QueryErrorKind {
    match code {
        "23505" | "23P01" => QueryErrorKind::UniqueViolation,
        "23503" | "23001" => QueryErrorKind::ForeignKeyViolation,
        "23502" => QueryErrorKind::NotNullViolation,
        "23514" => QueryErrorKind::CheckViolation,
        "55P03" => QueryErrorKind::Conflict,
        "57014" => QueryErrorKind::Timeout,
        _ => match code.get(..2) {
            Some("40") => QueryErrorKind::Conflict,
            Some("08" | "28") => QueryErrorKind::Connect,
            _ => QueryErrorKind::Database,
        },
    }
}

fn of_redis(code: &str) -> QueryErrorKind {
    match code {
        "BUSY" | "TRYAGAIN" | "LOADING" | "EXECABORT" => QueryErrorKind::Conflict,
        "NOAUTH" | "WRONGPASS" | "CLUSTERDOWN" | "MASTERDOWN" => QueryErrorKind::Connect,
        _ => QueryErrorKind::Database,
    }
}

impl fmt::Display for QueryErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The longest code that is kept.
const MAX_CODE: usize = 16;

/// Why a query failed, without what the database says of it: such texts have values in them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QueryError {
    kind: QueryErrorKind,
    code: [u8; MAX_CODE],
    length: usize,
}

impl QueryError {
    /// Of this kind.
    pub const fn new(kind: QueryErrorKind) -> Self {
        Self { kind, code: [0; MAX_CODE], length: 0 }
    }

    /// With the database's own code, SQLSTATE for example. What does not look like one is left out: letters and digits, 16 of
    /// them at most.
    #[must_use]
    pub fn code(mut self, code: &str) -> Self {
        if code.len() <= MAX_CODE && code.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            self.code[..code.len()].copy_from_slice(code.as_bytes());
            self.length = code.len();
        }
        self
    }

    /// The kind.
    pub const fn kind(&self) -> QueryErrorKind {
        self.kind
    }

    /// The database's own code.
    pub fn database_code(&self) -> Option<&str> {
        std::str::from_utf8(&self.code[..self.length]).ok().filter(|code| !code.is_empty())
    }
}

impl fmt::Debug for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueryError").field("kind", &self.kind).field("code", &self.database_code()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_kinds() {
        let check = |system, code, expected| assert_eq!(QueryErrorKind::of_code(system, code), expected, "{code}");
        check(DbSystem::Sqlite, "2067", QueryErrorKind::UniqueViolation);
        check(DbSystem::Sqlite, "261", QueryErrorKind::Conflict);
        check(DbSystem::Sqlite, "1", QueryErrorKind::Database);
        check(DbSystem::PostgreSql, "23505", QueryErrorKind::UniqueViolation);
        check(DbSystem::PostgreSql, "40P01", QueryErrorKind::Conflict);
        check(DbSystem::PostgreSql, "42P01", QueryErrorKind::Database);
        check(DbSystem::MySql, "", QueryErrorKind::Database);
        check(DbSystem::Redis, "NOAUTH", QueryErrorKind::Connect);
    }

    #[test]
    fn a_code_that_may_be_a_text_is_none() {
        let code = |code: &str| QueryError::new(QueryErrorKind::Database).code(code).database_code().map(str::to_owned);
        assert_eq!(code("42P01").as_deref(), Some("42P01"));
        assert_eq!(code("no such ada"), None);
        assert_eq!(code(&"4".repeat(17)), None);
        assert_eq!(code(""), None);
    }
}
