//! What is told once: a set-up that silently costs ids, addresses or traces, and its cure.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use cupola_context::{Identified, TrustPolicy};
use cupola_record::TARGET;

/// What a layer has told already.
#[derive(Debug, Default)]
pub(crate) struct Told {
    peer: AtomicBool,
    conflict: AtomicBool,
    rationed: AtomicBool,
}

impl Told {
    /// Where trust asks who the peer is and nobody knows, ids are not adopted.
    #[inline]
    pub(crate) fn of_peer(&self, peer: Option<IpAddr>, trust: &TrustPolicy) {
        if peer.is_none() && trust.needs_peer() && first(&self.peer) {
            tracing::warn!(
                target: TARGET,
                %trust,
                "the peer's address is not known, so no incoming request id or trace is adopted: \
                 serve with `cupola.serve(listener, app)`, with axum's connect info, or insert `cupola_http::Peer`"
            );
        }
    }

    /// Where a stranger can make proxies disagree, nobody's word counts until the set-up is told; where callers sample
    /// more than they may, their traces have holes.
    #[inline]
    pub(crate) fn of_request(&self, found: &Identified<'_>, trust: &TrustPolicy) {
        if found.conflict && first(&self.conflict) {
            tracing::warn!(
                target: TARGET,
                %trust,
                "a trusted proxy's request has `Forwarded` and `X-Forwarded-…` headers that differ, so neither is \
                 believed: say which ones your proxies write with `;header=forwarded` or `;header=x-forwarded` in \
                 `CUPOLA_TRUST`, and have them remove the others"
            );
        }
        if found.rationed && first(&self.rationed) {
            tracing::warn!(
                target: TARGET,
                %trust,
                "callers sample more traces than they may, so some of theirs have no spans from here: sample alike, raise \
                 `CUPOLA_FOREIGN_SAMPLED_PER_SECOND`, or set `CUPOLA_TRUST=always` where no stranger can call"
            );
        }
    }
}

fn first(told: &AtomicBool) -> bool {
    !told.swap(true, Ordering::Relaxed)
}
