//! Why a command failed, without what the server says of it: such texts have keys in them.

use cupola_record::{DbSystem, QueryError, QueryErrorKind};
use redis::{ErrorKind, RedisError, Value};

/// Codes that are shown; any other may be the first word of a script's own error.
const CODES: [&str; 27] = [
    "ERR",
    "EXECABORT",
    "LOADING",
    "NOSCRIPT",
    "MOVED",
    "ASK",
    "TRYAGAIN",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "MASTERDOWN",
    "READONLY",
    "NOTBUSY",
    "NOSUB",
    "NOPERM",
    "WRONGTYPE",
    "WRONGPASS",
    "NOAUTH",
    "BUSY",
    "BUSYGROUP",
    "BUSYKEY",
    "NOGROUP",
    "MISCONF",
    "OOM",
    "NOREPLICAS",
    "UNBLOCKED",
    "NOPROTO",
    "UNKILLABLE",
];

pub(super) fn failure(error: &RedisError) -> QueryError {
    if let Some(code) = error.code() {
        return of_code(code);
    }
    QueryError::new(match error.kind() {
        _ if error.is_timeout() => QueryErrorKind::Timeout,
        _ if error.is_connection_refusal() => QueryErrorKind::Connect,
        ErrorKind::Io => QueryErrorKind::Io,
        ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig => QueryErrorKind::Connect,
        ErrorKind::Parse => QueryErrorKind::Protocol,
        ErrorKind::UnexpectedReturnType => QueryErrorKind::Decode,
        ErrorKind::Extension => QueryErrorKind::Database,
        _ => QueryErrorKind::Other,
    })
}

/// A failure among the answers: of one command, or of one within a transaction.
pub(super) fn in_value(value: &Value) -> Option<QueryError> {
    match value {
        Value::ServerError(error) => Some(of_code(error.code())),
        Value::Array(values) => values.iter().find_map(|value| match value {
            Value::ServerError(error) => Some(of_code(error.code())),
            _ => None,
        }),
        _ => None,
    }
}

fn of_code(code: &str) -> QueryError {
    let error = QueryError::new(QueryErrorKind::of_code(DbSystem::Redis, code));
    if CODES.contains(&code) { error.code(code) } else { error }
}
