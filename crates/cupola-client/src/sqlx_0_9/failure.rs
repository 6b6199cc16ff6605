//! Why a query of sqlx failed, without what the database says of it.

use std::io;

use cupola_record::{DbSystem, QueryError, QueryErrorKind};
use sqlx::error::{DatabaseError, ErrorKind};

pub(super) fn failure(system: DbSystem, error: &sqlx::Error) -> QueryError {
    QueryError::new(match error {
        sqlx::Error::Database(refusal) => return refused(system, &**refusal),
        sqlx::Error::Io(error) => of_io(error),
        sqlx::Error::Tls(_) => QueryErrorKind::Tls,
        sqlx::Error::Protocol(_) => QueryErrorKind::Protocol,
        sqlx::Error::PoolTimedOut => QueryErrorKind::PoolTimeout,
        sqlx::Error::PoolClosed => QueryErrorKind::PoolClosed,
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => QueryErrorKind::Encode,
        sqlx::Error::Decode(_)
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::TypeNotFound { .. } => QueryErrorKind::Decode,
        _ => QueryErrorKind::Other,
    })
}

fn refused(system: DbSystem, refusal: &dyn DatabaseError) -> QueryError {
    let code = refusal.code().unwrap_or_default();
    let kind = match refusal.kind() {
        ErrorKind::UniqueViolation | ErrorKind::ExclusionViolation => QueryErrorKind::UniqueViolation,
        ErrorKind::ForeignKeyViolation => QueryErrorKind::ForeignKeyViolation,
        ErrorKind::NotNullViolation => QueryErrorKind::NotNullViolation,
        ErrorKind::CheckViolation => QueryErrorKind::CheckViolation,
        _ => QueryErrorKind::of_code(system, &code),
    };
    QueryError::new(kind).code(&code)
}

fn of_io(error: &io::Error) -> QueryErrorKind {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            QueryErrorKind::Connect
        }
        io::ErrorKind::TimedOut => QueryErrorKind::Timeout,
        _ => QueryErrorKind::Io,
    }
}
