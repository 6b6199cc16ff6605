//! Queries of a database are spans of the request that makes them, with their shape and no value.

use axum::Router;
use axum::routing::get as route;
use cupola::client::sqlx_0_9::ObservedPool;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use sqlx::Sqlite;
use sqlx::sqlite::SqlitePoolOptions;
use tracing::{Instrument, info_span};

use crate::traced::{Traced, attribute, get, run};

async fn load(pool: &ObservedPool<Sqlite>) -> Result<i64, sqlx::Error> {
    let load = sqlx::query_scalar("SELECT 7 FROM sqlite_schema UNION SELECT 7 WHERE 'hunter2' <> ''");
    load.fetch_one(pool).instrument(info_span!("load")).await
}

fn traced(vars: &[(&str, &str)]) -> Traced {
    run(vars, Router::new(), |cupola, _| async move {
        let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap();
        let pool = ObservedPool::new(pool, cupola.queries("store"));
        let asked = pool.clone();
        let app = Router::new().route(
            "/vms/{id}",
            route(async move || {
                sqlx::query("INSERT INTO nowhere VALUES ('hunter2')").execute(&asked).await.unwrap_err();
                load(&asked).await.unwrap().to_string()
            }),
        );
        get(&app.layer(cupola.layer()), "/vms/7", &[]).await;
        // On nobody's behalf: counted, and no span.
        sqlx::query("DELETE FROM nowhere").execute(&pool).await.unwrap_err();
    })
}

#[test]
fn queries_are_spans_below_what_makes_them() {
    let traced = traced(&[]);
    assert_eq!(traced.names().len(), 4, "{:?}", traced.names());
    assert!(traced.is_parent("GET /vms/{id}", "INSERT nowhere"));
    assert!(traced.is_parent("GET /vms/{id}", "load") && traced.is_parent("load", "SELECT sqlite_schema"));

    let (bad, good) = (traced.span("INSERT nowhere"), traced.span("SELECT sqlite_schema"));
    assert!(bad.kind() == SpanKind::Client && good.kind() == SpanKind::Client);
    let check = |span, key: &str, value: &str| assert_eq!(attribute(span, key).as_deref(), Some(value), "{key}");
    check(good, "db.system.name", r#"StringValue("sqlite")"#);
    check(good, "db.query.text", r#"StringValue("SELECT ? FROM sqlite_schema UNION SELECT ? WHERE ? <> ?")"#);
    check(good, "db.query.summary", r#"StringValue("SELECT sqlite_schema")"#);
    check(good, "db.response.returned_rows", "IntValue(1)");
    check(good, "cupola.dependency", r#"StringValue("store")"#);
    check(bad, "error.type", r#"StringValue("database")"#);
    check(bad, "db.response.status_code", r#"StringValue("1")"#);
    assert!(bad.status.as_ref().unwrap().code == 2 && good.status.as_ref().unwrap().code == 0);

    let access = traced.line("request completed");
    assert_eq!(access["db_queries"], 2);
    let failed = traced.lines.iter().filter(|line| line["message"] == "query failed").collect::<Vec<_>>();
    assert_eq!((failed.len(), &failed[0]["db_code"], &failed[0]["level"]), (2, &"1".into(), &"ERROR".into()));
    assert_eq!(failed[0]["request_id"], access["request_id"]);
    assert!(!failed[1].has("request_id"), "{:?}", failed[1]);
    assert!(!format!("{:?} {}", traced.spans, traced.text).contains("hunter2"));
}

#[test]
fn what_is_not_sampled_is_no_span() {
    let traced = traced(&[("OTEL_TRACES_SAMPLER", "always_off")]);
    assert_eq!(traced.names(), [""; 0]);
    assert_eq!(traced.line("request completed")["db_queries"], 2);
}
