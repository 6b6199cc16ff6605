//! Who may ask, and change what people decide.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use cupola_dashboard::{Access, Role};
use cupola_store::Metadata;

use super::tokens::Wanted;

/// Those with tokens or passwords; without a token for those who ask everyone on this machine, who change nothing.
pub(super) fn access(tokens: &Wanted, metadata: Arc<dyn Metadata>, address: SocketAddr, is_tls: bool) -> Access {
    let access = Access::default().users(metadata);
    let access = if is_tls { access.secure() } else { access };
    let access = match (&tokens.read, tokens.open) {
        (Some(token), _) => access.token(token, Role::Viewer),
        (None, true) => access.everyone_by_any_name(Role::Viewer),
        (None, false) => access.everyone(Role::Viewer),
    };
    let Some(token) = &tokens.admin else {
        let (access, token) = access.new_token(Role::Admin);
        let scheme = if is_tls { "https" } else { "http" };
        // Not in the log, which has no secrets in it. Nobody has to read it.
        let _ = writeln!(
            std::io::stderr(),
            "cupola: who changes anything logs in: {scheme}://{address}/cupola/login?token={token}"
        );
        return access;
    };
    access.token(token, Role::Admin)
}
