//! The address pool: which machine holds which address of 10.0.0.0/24.
//!
//! Its functions take the connection of a transaction that somebody else opened: an address changes hands in the same
//! transaction as the state of its machine, so that no crash between the two can leak one.

use std::net::Ipv4Addr;

use crate::store::Connection;
use crate::vm::VmId;

/// The network of the pool, in words.
pub const NETWORK: &str = "10.0.0.0/24";
/// The first address that is given away; those before it are the network, its gateway and its services.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 10);
/// The last one; the address after it is for broadcast.
const LAST: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 254);

/// Puts every address into the pool that is not yet in it.
pub async fn seed(connection: &mut Connection<'_>) -> Result<(), sqlx::Error> {
    for address in u32::from(FIRST)..=u32::from(LAST) {
        let insert = sqlx::query("INSERT OR IGNORE INTO ip_addresses (address) VALUES (?)").bind(address);
        insert.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Gives the machine the address that it has, or else the lowest free one; none where the pool is empty.
pub async fn allocate(connection: &mut Connection<'_>, vm: &VmId) -> Result<Option<Ipv4Addr>, sqlx::Error> {
    let address: Option<u32> = sqlx::query_scalar(
        "UPDATE ip_addresses SET vm_id = ?1
         WHERE address = COALESCE((SELECT address FROM ip_addresses WHERE vm_id = ?1),
                                  (SELECT address FROM ip_addresses WHERE vm_id IS NULL ORDER BY address LIMIT 1))
         RETURNING address",
    )
    .bind(vm.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(address.map(Ipv4Addr::from))
}

/// Takes the machine's address back; whether it had one.
pub async fn release(connection: &mut Connection<'_>, vm: &VmId) -> Result<bool, sqlx::Error> {
    let update = sqlx::query("UPDATE ip_addresses SET vm_id = NULL WHERE vm_id = ?").bind(vm.as_str());
    Ok(update.execute(connection).await?.rows_affected() > 0)
}

/// How many addresses nobody holds.
pub async fn free(connection: &mut Connection<'_>) -> Result<u32, sqlx::Error> {
    sqlx::query_scalar("SELECT COUNT(*) FROM ip_addresses WHERE vm_id IS NULL").fetch_one(connection).await
}
