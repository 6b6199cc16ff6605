//! Machines as their owners see them. Every query names the owner: nobody reaches another's.

use std::net::Ipv4Addr;

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::moved::Moved;
use super::{Asked, Connection, Store, StoreError, progress};
use crate::ip_pool;
use crate::secret::Secret;
use crate::vm::{NewVm, Size, Step, Template, Vm, VmId, VmPatch, VmState};

impl Store {
    /// Writes the record of a machine that waits for a worker, and its administrator's first password until it is made.
    ///
    /// It counts as one of the pool's takers from now on, so that no worker finds the pool empty later.
    pub async fn create(&self, owner: &str, new: &NewVm, password: Option<&Secret>) -> Result<Asked, StoreError> {
        let mut transaction = self.write().await?;
        if ip_pool::free(&mut transaction).await? <= waiting(&mut transaction).await? {
            return Err(StoreError::PoolEmpty);
        }
        let id = VmId::new();
        let insert = sqlx::query(
            "INSERT INTO vms (id, owner, name, template, size, state, step) VALUES (?, ?, ?, ?, ?, 'pending', 'queued')",
        );
        let insert = insert.bind(id.as_str()).bind(owner).bind(new.name.as_str());
        insert.bind(new.template.as_str()).bind(new.size.as_str()).execute(&mut *transaction).await?;
        if let Some(password) = password {
            let insert = sqlx::query("INSERT INTO admin_passwords (vm_id, password) VALUES (?, ?)");
            insert.bind(id.as_str()).bind(password.reveal()).execute(&mut *transaction).await?;
        }
        let vm = owned(&mut transaction, owner, &id).await?;
        Ok(Asked { moved: Moved { from: vm.state.as_str().to_owned(), vm }, transaction })
    }

    /// The owner's machine with this id.
    pub async fn show(&self, owner: &str, id: &VmId) -> Result<Vm, StoreError> {
        owned(&mut self.pool.acquire().await?, owner, id).await
    }

    /// The owner's machines, newest first, from the one after `cursor`.
    pub async fn page(&self, owner: &str, limit: u32, cursor: Option<&VmId>) -> Result<Vec<Vm>, StoreError> {
        let query = sqlx::query_as(
            "SELECT * FROM vm_details WHERE owner = ?1 AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
        );
        let query = query.bind(owner).bind(cursor.map(VmId::as_str)).bind(limit);
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// Changes name and size; the size only of a machine that does not run.
    pub async fn patch(&self, owner: &str, id: &VmId, patch: &VmPatch) -> Result<Vm, StoreError> {
        let mut transaction = self.write().await?;
        let is = owned(&mut transaction, owner, id).await?.state;
        if patch.size.is_some() && is != VmState::Stopped {
            return Err(StoreError::WrongState { is, accepted: vec![VmState::Stopped] });
        }
        let update = sqlx::query("UPDATE vms SET name = COALESCE(?, name), size = COALESCE(?, size) WHERE id = ?");
        let update = update.bind(patch.name.as_ref().map(|name| name.as_str())).bind(patch.size.map(Size::as_str));
        update.bind(id.as_str()).execute(&mut *transaction).await?;
        let vm = owned(&mut transaction, owner, id).await?;
        transaction.commit().await?;
        Ok(vm)
    }

    /// Moves a machine from one state to the next, where a job for it waits.
    pub async fn request(&self, owner: &str, id: &VmId, from: &[VmState], to: VmState) -> Result<Asked, StoreError> {
        let mut transaction = self.write().await?;
        let is = owned(&mut transaction, owner, id).await?.state;
        if !from.contains(&is) {
            return Err(StoreError::WrongState { is, accepted: from.to_vec() });
        }
        let update = sqlx::query("UPDATE vms SET state = ?, step = 'queued' WHERE id = ?");
        update.bind(to.as_str()).bind(id.as_str()).execute(&mut *transaction).await?;
        progress::forget(&mut transaction, id).await?;
        let moved = Moved { from: is.as_str().to_owned(), vm: owned(&mut transaction, owner, id).await? };
        Ok(Asked { transaction, moved })
    }

    /// How many machines there are, by state.
    pub async fn count_by_state(&self) -> Result<Vec<(String, u32)>, StoreError> {
        let query = sqlx::query_as("SELECT state, COUNT(*) FROM vms GROUP BY state");
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// How many jobs no worker has begun.
    pub async fn waiting_jobs(&self) -> Result<u32, StoreError> {
        let query = "SELECT COUNT(*) FROM vms WHERE step = 'queued' AND state NOT IN ('running', 'stopped', 'failed')";
        Ok(sqlx::query_scalar(query).fetch_one(&self.pool).await?)
    }

    /// How many machines the owner has, by state.
    pub async fn usage(&self, owner: &str) -> Result<Vec<(String, u32)>, StoreError> {
        let query = sqlx::query_as("SELECT state, COUNT(*) FROM vms WHERE owner = ? GROUP BY state ORDER BY state");
        Ok(query.bind(owner).fetch_all(&self.pool).await?)
    }
}

/// How many machines will still ask for an address.
async fn waiting(connection: &mut Connection<'_>) -> Result<u32, sqlx::Error> {
    let query = "SELECT COUNT(*) FROM vm_details WHERE state IN ('pending', 'provisioning') AND address IS NULL";
    sqlx::query_scalar(query).fetch_one(connection).await
}

async fn owned(connection: &mut Connection<'_>, owner: &str, id: &VmId) -> Result<Vm, StoreError> {
    let query = sqlx::query_as("SELECT * FROM vm_details WHERE owner = ? AND id = ?");
    Ok(query.bind(owner).bind(id.as_str()).fetch_one(connection).await?)
}

impl FromRow<'_, SqliteRow> for Vm {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: known(row, "id", VmId::parse)?,
            name: row.try_get("name")?,
            template: known(row, "template", Template::named)?,
            size: known(row, "size", Size::named)?,
            state: known(row, "state", VmState::named)?,
            step: known(row, "step", Step::named)?,
            address: row.try_get::<Option<u32>, _>("address")?.map(Ipv4Addr::from),
            failure: row.try_get("failure")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// A text that must be one of those that this binary knows.
pub(super) fn known<T>(row: &SqliteRow, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    let text: &str = row.try_get(column)?;
    read(text).ok_or_else(|| sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: format!("{text:?} is not known").into(),
    })
}
