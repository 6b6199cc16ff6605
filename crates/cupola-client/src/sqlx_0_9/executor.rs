//! Queries on their way through whatever sends them.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use cupola_record::{OpenQuery, QueryOutcome};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt};
use sqlx::{Database, Either, Execute, Executor};

use super::failure::failure;
use super::statement::Taken;
use super::watch::{Affected, Watch};

/// A step of an answer: what a statement has done, or a row.
pub(super) type Step<DB> = Result<Either<<DB as Database>::QueryResult, <DB as Database>::Row>, sqlx::Error>;

pub(super) fn fetch_many<'c: 'e, 'e, 'q: 'e, DB, X, E>(
    watch: &Watch<DB>,
    executor: X,
    query: E,
) -> BoxStream<'e, Step<DB>>
where
    DB: Database,
    X: Executor<'c, Database = DB>,
    E: 'q + Execute<'q, DB>,
{
    let query = Taken::new(query);
    let (open, affected) = watch.open(query.text());
    Box::pin(Answer::<DB> { steps: executor.fetch_many(query), open, affected })
}

pub(super) fn fetch_optional<'c: 'e, 'e, 'q: 'e, DB, X, E>(
    watch: &Watch<DB>,
    executor: X,
    query: E,
) -> BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
where
    DB: Database,
    X: Executor<'c, Database = DB>,
    E: 'q + Execute<'q, DB>,
{
    let query = Taken::new(query);
    let (mut open, _) = watch.open(query.text());
    let answer = executor.fetch_optional(query);
    Box::pin(async move {
        let answer = answer.await;
        if matches!(answer, Ok(Some(_))) {
            open.row();
        }
        Watch::<DB>::end(open, answer)
    })
}

/// The answer of a query. Dropped before its end, the query was.
struct Answer<'e, DB: Database> {
    steps: BoxStream<'e, Step<DB>>,
    open: OpenQuery,
    affected: Option<Affected<DB>>,
}

impl<DB: Database> Stream for Answer<'_, DB> {
    type Item = Step<DB>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Option<Step<DB>>> {
        let Self { steps, open, affected } = self.get_mut();
        let step = ready!(steps.poll_next_unpin(cx));
        match &step {
            Some(Ok(Either::Right(_))) => open.row(),
            Some(Ok(Either::Left(done))) => {
                if let Some(affected) = affected {
                    open.affected(affected(done));
                }
            }
            Some(Err(error)) => open.end(QueryOutcome::Failed(failure(Watch::<DB>::SYSTEM, error))),
            None => open.end(QueryOutcome::Complete),
        }
        Poll::Ready(step)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.steps.size_hint()
    }
}

/// `Executor` for what is observed: `on` is what sends its queries.
macro_rules! observed {
    ($lifetime:lifetime, $observed:ty, $this:ident => $on:expr) => {
        impl<$lifetime, DB: Observable> Executor<$lifetime> for $observed {
            type Database = DB;

            fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Step<DB>>
            where
                $lifetime: 'e,
                E: 'q + Execute<'q, DB>,
            {
                let $this = self;
                fetch_many(&$this.watch.clone(), $on, query)
            }

            fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<DB::Row>, sqlx::Error>>
            where
                $lifetime: 'e,
                E: 'q + Execute<'q, DB>,
            {
                let $this = self;
                fetch_optional(&$this.watch.clone(), $on, query)
            }

            fn prepare_with<'e>(
                self,
                sql: SqlStr,
                parameters: &'e [DB::TypeInfo],
            ) -> BoxFuture<'e, Result<DB::Statement, sqlx::Error>>
            where
                $lifetime: 'e,
            {
                let $this = self;
                $on.prepare_with(sql, parameters)
            }

            fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, Result<Describe<DB>, sqlx::Error>>
            where
                $lifetime: 'e,
            {
                let $this = self;
                $on.describe(sql)
            }
        }
    };
}

pub(super) use observed;
