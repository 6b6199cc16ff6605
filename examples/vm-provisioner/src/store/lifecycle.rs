//! Machines as the worker sees them: one transaction a step. A change of state is said once it is kept.

use std::net::Ipv4Addr;

use super::moved::Moved;
use super::{Connection, Store, StoreError};
use crate::ip_pool;
use crate::vm::{Step, Vm, VmId, VmState};

impl Store {
    /// Writes that a step is done and the machine is in this state.
    pub async fn advance(&self, id: &VmId, state: VmState, step: Step) -> Result<Vm, StoreError> {
        let mut transaction = self.write().await?;
        let moved = mark(&mut transaction, id, state, step, None).await?;
        transaction.commit().await?;
        Ok(moved.say())
    }

    /// Gives the machine an address, and writes that the step is done, both or neither.
    pub async fn allocate(&self, id: &VmId) -> Result<(Vm, Ipv4Addr), StoreError> {
        let mut transaction = self.write().await?;
        let address = ip_pool::allocate(&mut transaction, id).await?.ok_or(StoreError::PoolEmpty)?;
        let moved = mark(&mut transaction, id, VmState::Provisioning, Step::AddressAllocated, None).await?;
        transaction.commit().await?;
        Ok((moved.say(), address))
    }

    /// Writes that the machine has failed and takes its address back, both or neither.
    ///
    /// Beside the machine it tells whether there was an address to take back.
    pub async fn fail(&self, id: &VmId, step: Step, reason: &str) -> Result<(Vm, bool), StoreError> {
        let mut transaction = self.write().await?;
        let released = ip_pool::release(&mut transaction, id).await?;
        let moved = mark(&mut transaction, id, VmState::Failed, step, Some(reason)).await?;
        transaction.commit().await?;
        Ok((moved.say(), released))
    }

    /// Fails every machine whose job was lost with an earlier process, and gives them.
    pub async fn fail_interrupted(&self) -> Result<Vec<VmId>, StoreError> {
        let query = "SELECT id FROM vms WHERE state IN ('pending', 'provisioning', 'starting', 'stopping')";
        let texts: Vec<String> = sqlx::query_scalar(query).fetch_all(&self.pool).await?;
        let ids: Vec<VmId> = texts.iter().filter_map(|text| VmId::parse(text)).collect();
        for id in &ids {
            self.fail(id, Step::Queued, "the service was restarted").await?;
        }
        Ok(ids)
    }
}

async fn mark(
    connection: &mut Connection<'_>,
    id: &VmId,
    state: VmState,
    step: Step,
    failure: Option<&str>,
) -> Result<Moved, StoreError> {
    let before = sqlx::query_scalar("SELECT state FROM vms WHERE id = ?");
    let from = before.bind(id.as_str()).fetch_one(&mut *connection).await?;
    let update = sqlx::query("UPDATE vms SET state = ?, step = ?, failure = ? WHERE id = ?");
    let update = update.bind(state.as_str()).bind(step.as_str()).bind(failure).bind(id.as_str());
    update.execute(&mut *connection).await?;
    let query = sqlx::query_as("SELECT * FROM vm_details WHERE id = ?");
    Ok(Moved { from, vm: query.bind(id.as_str()).fetch_one(connection).await? })
}
