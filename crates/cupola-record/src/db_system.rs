//! Which kind of database is asked.

use cupola_redact::SqlDialect;

/// Which kind of database is asked: a closed set, fit for labels, with OpenTelemetry's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DbSystem {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    PostgreSql,
    /// MySQL and MariaDB.
    MySql,
    /// Redis, and what speaks its protocol.
    Redis,
    /// Any other that takes SQL.
    OtherSql,
}

impl DbSystem {
    /// The system as fields and labels name it, `db.system.name`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::PostgreSql => "postgresql",
            Self::MySql => "mysql",
            Self::Redis => "redis",
            Self::OtherSql => "other_sql",
        }
    }

    /// How it reads statements.
    pub const fn dialect(self) -> SqlDialect {
        match self {
            Self::Sqlite => SqlDialect::Sqlite,
            Self::PostgreSql => SqlDialect::Postgres,
            Self::MySql => SqlDialect::MySql,
            Self::Redis | Self::OtherSql => SqlDialect::Other,
        }
    }
}
