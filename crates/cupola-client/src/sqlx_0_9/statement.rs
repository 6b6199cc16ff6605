//! A query, taken apart: its statement is known before it is sent.

use std::marker::PhantomData;

use sqlx::error::BoxDynError;
use sqlx::{Database, Execute, SqlStr, Statement};

/// What is sent, with its statement still there to be read.
pub(super) enum Taken<'q, E, DB: Database> {
    /// One that was prepared by hand is sent as it is, for its driver looks at what was prepared.
    Prepared(E, PhantomData<fn() -> &'q DB>),
    /// Any other is sent in its parts.
    Apart { sql: SqlStr, arguments: Option<Result<Option<DB::Arguments>, BoxDynError>>, persistent: bool },
}

impl<'q, DB: Database, E: Execute<'q, DB>> Taken<'q, E, DB> {
    pub(super) fn new(mut query: E) -> Self {
        if query.statement().is_some() {
            return Self::Prepared(query, PhantomData);
        }
        let (arguments, persistent) = (Some(query.take_arguments()), query.persistent());
        Self::Apart { sql: query.sql(), arguments, persistent }
    }

    /// The statement as it was written, with what it may have of values.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Prepared(query, _) => query.statement().map_or("", |statement| statement.sql().as_str()),
            Self::Apart { sql, .. } => sql.as_str(),
        }
    }
}

impl<'q, DB: Database, E: Execute<'q, DB>> Execute<'q, DB> for Taken<'q, E, DB> {
    fn sql(self) -> SqlStr {
        match self {
            Self::Prepared(query, _) => query.sql(),
            Self::Apart { sql, .. } => sql,
        }
    }

    fn statement(&self) -> Option<&DB::Statement> {
        match self {
            Self::Prepared(query, _) => query.statement(),
            Self::Apart { .. } => None,
        }
    }

    fn take_arguments(&mut self) -> Result<Option<DB::Arguments>, BoxDynError> {
        match self {
            Self::Prepared(query, _) => query.take_arguments(),
            Self::Apart { arguments, .. } => arguments.take().unwrap_or(Ok(None)),
        }
    }

    fn persistent(&self) -> bool {
        match self {
            Self::Prepared(query, _) => query.persistent(),
            Self::Apart { persistent, .. } => *persistent,
        }
    }
}
