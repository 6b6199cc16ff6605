//! What is told of machines to those who watch them.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::vms::known;
use super::{Connection, Store, StoreError};
use crate::ansible::{TaskEnd, TaskStatus};
use crate::progress::{Progress, TaskProgress};
use crate::vm::{Step, Vm, VmId, VmState};

/// How much is kept of machines that are gone, so that who watches them sees the end.
const KEPT: i64 = 1_000;

/// Where somebody is who watches: what is after it, they have not been told.
#[derive(Clone, Copy, Debug)]
pub struct Told(i64);

impl Store {
    /// Where somebody is who begins to watch a machine now.
    pub async fn told(&self, id: &VmId) -> Result<Told, StoreError> {
        let query = sqlx::query_scalar("SELECT COALESCE(MAX(seq), 0) FROM progress WHERE vm_id = ?");
        Ok(Told(query.bind(id.as_str()).fetch_one(&self.pool).await?))
    }

    /// What has been told of a machine since, in its order, and where that leads.
    pub async fn news(&self, id: &VmId, told: Told) -> Result<(Vec<Progress>, Told), StoreError> {
        let query = sqlx::query("SELECT * FROM progress WHERE vm_id = ? AND seq > ? ORDER BY seq LIMIT 100");
        let rows = query.bind(id.as_str()).bind(told.0).fetch_all(&self.pool).await?;
        let last = rows.last().map_or(Ok(told.0), |row| row.try_get("seq"))?;
        let news = rows.iter().map(Progress::from_row).collect::<Result<_, _>>()?;
        Ok((news, Told(last)))
    }

    /// Tells that a task has ended with which the machine is configured.
    pub async fn tell_task(&self, vm: &Vm, end: &TaskEnd) -> Result<(), StoreError> {
        let task = Some(TaskProgress { name: end.task.clone(), status: end.status });
        let mut transaction = self.write().await?;
        tell(&mut transaction, &Progress { task, ..Progress::from(vm) }).await?;
        Ok(transaction.commit().await?)
    }
}

/// Tells where a machine is, with the transaction that puts it there.
pub(super) async fn tell(connection: &mut Connection<'_>, progress: &Progress) -> Result<(), sqlx::Error> {
    let insert =
        sqlx::query("INSERT INTO progress (vm_id, state, step, failure, task, task_status) VALUES (?, ?, ?, ?, ?, ?)");
    let insert = insert.bind(progress.vm_id.as_str()).bind(progress.state.as_str()).bind(progress.step.as_str());
    let task = progress.task.as_ref();
    let insert = insert.bind(&progress.failure).bind(task.map(|task| task.name.as_str()));
    insert.bind(task.map(|task| task.status.as_str())).execute(connection).await?;
    Ok(())
}

/// Forgets what was told of a machine before it is asked for something else, and of some that are gone.
pub(super) async fn forget(connection: &mut Connection<'_>, id: &VmId) -> Result<(), sqlx::Error> {
    let delete = sqlx::query(
        "DELETE FROM progress WHERE vm_id = ?1
         OR (seq < (SELECT MAX(seq) FROM progress) - ?2 AND vm_id NOT IN (SELECT id FROM vms))",
    );
    delete.bind(id.as_str()).bind(KEPT).execute(connection).await?;
    Ok(())
}

impl FromRow<'_, SqliteRow> for Progress {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let step = known(row, "step", Step::named)?;
        let name: Option<String> = row.try_get("task")?;
        let task = name.map(|name| {
            Ok::<_, sqlx::Error>(TaskProgress { name, status: known(row, "task_status", TaskStatus::named)? })
        });
        Ok(Self {
            vm_id: known(row, "vm_id", VmId::parse)?,
            state: known(row, "state", VmState::named)?,
            step,
            percent: step.percent(),
            failure: row.try_get("failure")?,
            task: task.transpose()?,
        })
    }
}
