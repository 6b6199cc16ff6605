//! Queries of a real SQLite file and a real PostgreSQL server through sqlx, as records.
#![cfg(feature = "sqlx")]
#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::time::Duration;

use cupola_client::Queries;
use cupola_client::sqlx_0_9::{ObservedConnection, ObservedPool};
use cupola_context::{Context, Fresh, RequestIdFormat, WithContext};
use cupola_record::{Capture, Query, QueryEnded, QueryErrorKind, QueryOutcome};
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteQueryResult};
use sqlx::{Connection, Executor, Sqlite, SqliteExecutor};

#[path = "sqlx_0_9/postgres.rs"]
mod postgres;

async fn store(folder: &tempfile::TempDir) -> (ObservedPool<Sqlite>, Capture) {
    let options = SqliteConnectOptions::new().filename(folder.path().join("store.db")).create_if_missing(true);
    let options = options.busy_timeout(Duration::from_millis(10));
    let pool = SqlitePoolOptions::new().max_connections(2).acquire_timeout(Duration::from_millis(100));
    let pool = pool.connect_with(options).await.unwrap();
    sqlx::raw_sql("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL)")
        .execute(&pool)
        .await
        .unwrap();
    let capture = Capture::new();
    let queries = Queries::new().dependency("store").sink(capture.clone());
    (ObservedPool::new(pool, queries).affected(SqliteQueryResult::rows_affected), capture)
}

/// Each query: its verb, its table, how it ended, rows that came, rows that were changed.
fn told(capture: &Capture) -> Vec<String> {
    let show = |(query, ended): &(Query, QueryEnded)| {
        assert_eq!((query.system.as_str(), query.dependency.as_deref()), ("sqlite", Some("store")));
        let name = [query.operation(), query.target()].map(Option::unwrap_or_default).join(" ");
        let outcome = ended.error().map_or(ended.outcome.as_str(), |error| error.kind().as_str());
        format!("{name}: {outcome} {:?} {:?}", ended.rows, ended.rows_affected)
    };
    capture.queries().iter().map(show).collect()
}

#[tokio::test]
async fn every_way_to_ask_is_one_record() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, capture) = store(&folder).await;
    let insert = "INSERT INTO users (name) VALUES (?), (?)";
    sqlx::query(insert).bind("ada").bind("grace").execute(&pool).await.unwrap();
    let name: String =
        sqlx::query_scalar("SELECT name FROM users WHERE id = ?").bind(1).fetch_one(&pool).await.unwrap();
    let all: Vec<(i64, String)> = sqlx::query_as("SELECT id, name FROM users").fetch_all(&pool).await.unwrap();
    assert_eq!((name.as_str(), all.len()), ("ada", 2));
    let none = sqlx::query("SELECT id FROM users WHERE id = 99").fetch_optional(&pool).await.unwrap();
    assert!(none.is_none());
    let missing = sqlx::query("SELECT id FROM users WHERE id = 98").fetch_one(&pool).await;
    assert!(matches!(missing, Err(sqlx::Error::RowNotFound)));
    let mut rows = sqlx::query("SELECT id FROM users").fetch(&pool);
    while rows.try_next().await.unwrap().is_some() {}
    drop(rows);
    sqlx::raw_sql("DELETE FROM users WHERE id = 2; DELETE FROM users WHERE id = 99").execute(&pool).await.unwrap();
    let statement = pool.prepare(sqlx::SqlStr::from_static("SELECT name FROM users")).await.unwrap();
    sqlx::Statement::query(&statement).fetch_all(&pool).await.unwrap();
    (&pool).fetch_all("SELECT * FROM main.users").await.unwrap();
    assert_eq!(
        told(&capture),
        [
            "INSERT users: complete None Some(2)",
            "SELECT users: complete Some(1) None",
            "SELECT users: complete Some(2) None",
            "SELECT users: complete Some(0) None",
            "SELECT users: complete Some(0) None",
            "SELECT users: complete Some(2) None",
            "DELETE users: complete None Some(1)",
            "SELECT users: complete Some(1) None",
            "SELECT main.users: complete Some(1) None",
        ]
    );
}

/// One that asks one thing, and one that asks several.
async fn count(executor: impl SqliteExecutor<'_>) -> i64 {
    sqlx::query_scalar("SELECT COUNT(*) FROM users").fetch_one(executor).await.unwrap()
}

async fn add_two(connection: &mut ObservedConnection<'_, Sqlite>) {
    for name in ["ada", "grace"] {
        sqlx::query("INSERT INTO users (name) VALUES (?)").bind(name).execute(&mut *connection).await.unwrap();
    }
}

#[tokio::test]
async fn transactions_are_seen_from_beginning_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, capture) = store(&folder).await;
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    add_two(&mut transaction).await;
    let part = transaction.begin().await.unwrap();
    part.rollback().await.unwrap();
    assert_eq!(count(&mut *transaction).await, 2);
    transaction.commit().await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    assert_eq!(count(&mut connection).await, 2);
    drop(connection);
    drop(pool.begin().await.unwrap());
    let verbs: Vec<String> = told(&capture).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    let expected = ["BEGIN", "INSERT", "INSERT", "SAVEPOINT", "ROLLBACK", "SELECT", "COMMIT", "SELECT", "BEGIN"];
    assert_eq!(verbs, expected);
    assert_eq!(capture.queries()[0].0.statement(), Some("BEGIN IMMEDIATE"));
}

#[tokio::test]
async fn failures_have_a_kind_and_no_value() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, capture) = store(&folder).await;
    let insert = || sqlx::query("INSERT INTO users (name) VALUES ('hunter2')");
    insert().execute(&pool).await.unwrap();
    let taken = insert().execute(&pool).await.unwrap_err();
    assert!(taken.as_database_error().unwrap().is_unique_violation());
    sqlx::query("SELECT 'hunter2' FROM nowhere").fetch_optional(&pool).await.unwrap_err();
    sqlx::query("INSERT INTO users (name) VALUES (NULL)").execute(&pool).await.unwrap_err();

    let first = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    pool.begin_with("BEGIN IMMEDIATE").await.unwrap_err();
    let second = pool.acquire().await.unwrap();
    sqlx::query("SELECT 1").execute(&pool).await.unwrap_err();
    pool.acquire().await.unwrap_err();
    drop((first, second));
    pool.close().await;
    sqlx::query("SELECT 1").fetch_all(&pool).await.unwrap_err();

    let failures: Vec<_> = capture.queries().into_iter().filter_map(|(_, ended)| ended.error().copied()).collect();
    let kinds: Vec<&str> = failures.iter().map(|error| error.kind().as_str()).collect();
    let expected = [
        "unique_violation",
        "database",
        "not_null_violation",
        "conflict",
        "pool_timeout",
        "pool_timeout",
        "pool_closed",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(failures[0].database_code(), Some("2067"));
    assert!(!format!("{:?}", capture.queries()).contains("hunter2"));
}

#[tokio::test]
async fn what_the_caller_leaves_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, capture) = store(&folder).await;
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n";
    let mut rows = sqlx::query(many).fetch(&pool);
    for _ in 0..3 {
        rows.try_next().await.unwrap().unwrap();
    }
    drop(rows);
    let (query, ended) = &capture.queries()[0];
    assert_eq!((query.target(), ended.rows, ended.outcome), (Some("n"), Some(3), QueryOutcome::Dropped));
    assert!(query.statement().unwrap().ends_with("WHERE i < ?) SELECT i FROM n"), "{query:?}");
}

#[tokio::test]
async fn a_request_knows_its_queries_and_those_of_others_are_not_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, capture) = store(&folder).await;
    let context = Context::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    let request = async {
        count(&pool).await;
        count(&pool).await;
    };
    request.in_context(context.clone()).await;
    count(&pool).await;
    let ids: Vec<bool> = capture.queries().iter().map(|(query, _)| query.context.is_some()).collect();
    assert_eq!(ids, [true, true, false]);
    let mut totals = Vec::new();
    context.each_total(|name, amount| totals.push((name.to_string(), amount.as_f64())));
    assert_eq!((totals[0].0.as_str(), totals[0].1, totals[1].0.as_str()), ("db_queries", 2.0, "db_ms"));
    assert!(totals[1].1 > 0.0);
}

#[tokio::test]
async fn a_slow_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (pool, capture) = store(&folder).await;
    let queries = |limit| Queries::new().slow_after(limit).sink(capture.clone());
    let slow = |limit| ObservedPool::new(pool.pool().clone(), queries(limit));
    count(&slow(Duration::ZERO)).await;
    count(&slow(Duration::from_secs(600))).await;
    let told: Vec<bool> = capture.queries().iter().map(|(_, ended)| ended.slow).collect();
    assert_eq!(told, [true, false]);
}

#[tokio::test]
async fn a_connection_of_somebody_else_is_observed_too() {
    let capture = Capture::new();
    let mut connection = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
    let mut observed = ObservedConnection::new(&mut connection, Queries::new().sink(capture.clone()));
    sqlx::query("SELECT no_such").execute(&mut observed).await.unwrap_err();
    let (query, ended) = &capture.queries()[0];
    assert_eq!((query.operation(), ended.error().unwrap().kind()), (Some("SELECT"), QueryErrorKind::Database));
}
