//! The schema, built by numbered steps that are part of the binary.

use anyhow::ensure;

use super::Connection;

/// Each step's last statement sets `user_version` to the step's number.
const STEPS: &[&str] = &[
    include_str!("../../migrations/0001_initial.sql"),
    include_str!("../../migrations/0002_users.sql"),
    include_str!("../../migrations/0003_jobs.sql"),
];

/// Runs the steps that this file has not seen; refuses a file that a newer binary wrote.
pub(super) async fn migrate(connection: &mut Connection<'_>) -> anyhow::Result<()> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let done = usize::try_from(version)?;
    ensure!(done <= STEPS.len(), "its schema is {done}, and this binary knows {} at most", STEPS.len());
    for step in &STEPS[done..] {
        sqlx::raw_sql(*step).execute(&mut *connection).await?;
    }
    Ok(())
}
