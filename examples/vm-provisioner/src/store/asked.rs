//! What somebody has asked for, and which is kept once its job is queued.

use cupola::client::sqlx_0_9::ObservedTransaction;
use sqlx::Sqlite;

use super::StoreError;
use super::moved::Moved;
use crate::vm::Vm;

/// A machine as it will be once this is kept; dropped, it is as before.
///
/// Its job is queued in between: whatever breaks, nothing is kept whose job is lost. A worker that takes the job up sooner
/// waits, since the store has one writer at a time; and where nothing was kept in the end, it finds nothing to do.
#[derive(Debug)]
#[must_use = "nothing is kept until it is told to be"]
pub struct Asked {
    pub(super) transaction: ObservedTransaction<'static, Sqlite>,
    pub(super) moved: Moved,
}

impl Asked {
    /// The machine as it will be.
    pub const fn vm(&self) -> &Vm {
        &self.moved.vm
    }

    /// Keeps it.
    pub async fn keep(self) -> Result<Vm, StoreError> {
        self.transaction.commit().await?;
        Ok(self.moved.say())
    }
}
