//! Machines as the worker sees them: one transaction a step. A change of state is said once it is kept.

use std::net::Ipv4Addr;

use cupola::record::StateChange;

use super::moved::Moved;
use super::{Connection, Store, StoreError, progress};
use crate::ip_pool;
use crate::progress::Progress;
use crate::secret::Secret;
use crate::vm::{Step, Vm, VmId, VmState};

impl Store {
    /// Writes that a job for the machine begins, which is in state `through` from now on; gives it, and the step at which it was.
    ///
    /// None where it is in none of the states `from`: the job was done before, or asked for by somebody who kept nothing.
    pub async fn take_up(
        &self,
        id: &VmId,
        from: &[VmState],
        through: VmState,
    ) -> Result<Option<(Vm, Step)>, StoreError> {
        let mut transaction = self.write().await?;
        let query = sqlx::query_as("SELECT * FROM vm_details WHERE id = ?");
        let found: Option<Vm> = query.bind(id.as_str()).fetch_optional(&mut *transaction).await?;
        let Some(before) = found.filter(|vm| from.contains(&vm.state)) else { return Ok(None) };
        let moved = mark(&mut transaction, id, through, Step::RecordLoaded, None).await?;
        transaction.commit().await?;
        Ok(Some((moved.say(), before.step)))
    }

    /// The first password of its administrator, where it has one and is not made yet.
    pub async fn admin_password(&self, id: &VmId) -> Result<Option<Secret>, StoreError> {
        let query = sqlx::query_scalar("SELECT password FROM admin_passwords WHERE vm_id = ?");
        Ok(query.bind(id.as_str()).fetch_optional(&self.pool).await?.map(Secret::new))
    }

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

    /// Takes the machine's address back and removes its record, both or neither.
    pub async fn remove(&self, id: &VmId) -> Result<Vm, StoreError> {
        let mut transaction = self.write().await?;
        ip_pool::release(&mut transaction, id).await?;
        let moved = mark(&mut transaction, id, VmState::Deleting, Step::Done, None).await?;
        sqlx::query("DELETE FROM vms WHERE id = ?").bind(id.as_str()).execute(&mut *transaction).await?;
        transaction.commit().await?;
        StateChange::new("vm", moved.vm.state.as_str(), "deleted").id(id.as_str()).emit();
        Ok(moved.vm)
    }

    /// Marks the machines as stopped that were running and of which `runs` says that they are not, and gives them.
    pub async fn stop_lost(&self, runs: impl Fn(&VmId) -> bool) -> Result<Vec<VmId>, StoreError> {
        let mut lost = self.in_states(|state| state == VmState::Running).await?;
        lost.retain(|id| !runs(id));
        for id in &lost {
            self.advance(id, VmState::Stopped, Step::Done).await?;
        }
        Ok(lost)
    }

    async fn in_states(&self, wanted: impl Fn(VmState) -> bool) -> Result<Vec<VmId>, StoreError> {
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT id, state FROM vms").fetch_all(&self.pool).await?;
        let wanted =
            |(id, state): (String, String)| VmId::parse(&id).filter(|_| VmState::named(&state).is_some_and(&wanted));
        Ok(rows.into_iter().filter_map(wanted).collect())
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
    if state.is_final() {
        let delete = sqlx::query("DELETE FROM admin_passwords WHERE vm_id = ?");
        delete.bind(id.as_str()).execute(&mut *connection).await?;
    }
    let query = sqlx::query_as("SELECT * FROM vm_details WHERE id = ?");
    let vm = query.bind(id.as_str()).fetch_one(&mut *connection).await?;
    progress::tell(connection, &Progress::from(&vm)).await?;
    Ok(Moved { from, vm })
}
