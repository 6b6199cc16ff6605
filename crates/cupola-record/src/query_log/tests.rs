//! What the line of a query says, and what not.

use super::*;
use crate::test_lines::{Line, lines_of};
use crate::{DbSystem, OpenQuery, QueryError, QueryErrorKind, QueryOutcome};
use cupola_context::{Context as RequestContext, Fresh, RequestIdFormat};
use cupola_redact::SqlShape;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

#[allow(clippy::disallowed_methods)]
fn lines(log: QueryLog, context: Option<RequestContext>, work: impl FnOnce(&mut OpenQuery)) -> Vec<Line> {
    let mut query = Query::new(SystemTime::UNIX_EPOCH, DbSystem::PostgreSql);
    query.context = context;
    query.dependency = Some("store".into());
    query.shape = Some(SqlShape::remembered(query.system.dialect(), "UPDATE users SET token = 'hunter2' WHERE id = 7"));
    lines_of(|| {
        let mut open = OpenQuery::new(query, Arc::new(log), Instant::now);
        work(&mut open);
    })
}

fn line(work: impl FnOnce(&mut OpenQuery)) -> Line {
    let mut lines = lines(QueryLog::new(), None, work);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[test]
fn a_query_that_failed_tells_its_code_and_no_value() {
    let line = line(|query| {
        query.affected(2);
        query.affected(3);
        query.end(QueryOutcome::Failed(QueryError::new(QueryErrorKind::Database).code("42P01")));
        query.end(QueryOutcome::Complete);
    });
    let check = |name: &str, expected: &str| assert_eq!(line.get(name).map(String::as_str), Some(expected), "{line:?}");
    check("level", "ERROR");
    check("target", "cupola::db");
    check("message", "query failed");
    check("category", "operations");
    check("dependency", "store");
    check("db_system", "postgresql");
    check("db_operation", "UPDATE");
    check("db_target", "users");
    check("db_statement", "UPDATE users SET token = ? WHERE id = ?");
    check("error_type", "database");
    check("db_code", "42P01");
    check("rows_affected", "5");
    assert!(
        !format!("{line:?}").contains("hunter2") && !line.contains_key("rows") && !line.contains_key("slow"),
        "{line:?}"
    );
}

#[test]
fn levels_follow_the_end() {
    let check = |work: fn(&mut OpenQuery), level: &str, outcome: &str, category: &str| {
        let line = line(work);
        let found = [&*line["level"], &*line["outcome"], &*line["category"]];
        assert_eq!(found, [level, outcome, category], "{line:?}");
    };
    check(|query| query.end(QueryOutcome::Complete), "DEBUG", "complete", "performance");
    check(|_| {}, "DEBUG", "dropped", "performance");
    let taken = |query: &mut OpenQuery| {
        query.end(QueryOutcome::Failed(QueryError::new(QueryErrorKind::UniqueViolation)));
    };
    check(taken, "WARN", "failed", "operations");
    let slow = |query: &mut OpenQuery| {
        query.slow_after(Duration::ZERO);
        query.end(QueryOutcome::Complete);
    };
    check(slow, "WARN", "complete", "performance");
    let waits = |query: &mut OpenQuery| {
        query.slow_after(Duration::ZERO);
        query.query_mut().unwrap().waits = true;
    };
    check(waits, "DEBUG", "dropped", "performance");
}

#[test]
fn by_choice_only_failures_are_lines() {
    let log = QueryLog::new().errors_only();
    assert_eq!(lines(log, None, |query| query.slow_after(Duration::ZERO)).len(), 0);
    let failed = |query: &mut OpenQuery| query.end(QueryOutcome::Failed(QueryError::new(QueryErrorKind::Io)));
    assert_eq!(lines(log, None, failed).len(), 1);
}

#[test]
fn a_request_knows_what_it_asked() {
    let context = RequestContext::root(RequestIdFormat::UuidV7, &Fresh::new(0, [1; 40]));
    lines(QueryLog::new(), Some(context.clone()), |query| query.end(QueryOutcome::Complete));
    lines(QueryLog::new(), Some(context.clone()), |_| {});
    let mut totals = Vec::new();
    context.each_total(|name, amount| totals.push((name.to_string(), amount.as_f64())));
    assert_eq!(totals[0], ("db_queries".to_owned(), 2.0));
    assert!(totals[1].0 == "db_ms" && totals[1].1 < 1000.0, "{totals:?}");
}
