//! `GET /api/v1/vms/{id}/events`: how a machine's job goes, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;

use super::Api;
use super::vm_path::VmPath;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::store::{Caller, Store, StoreError, Told};
use crate::vm::VmId;

/// How often the store is asked for what is new.
const LOOK: Duration = Duration::from_millis(100);

/// First where the machine is, then each step, until it is in a state that lasts, or gone.
#[utoipa::path(get, path = "/api/v1/vms/{id}/events", operation_id = "watch_vm", params(("id" = VmId, Path, description = "The machine's id.")),
    responses((status = 200, description = "Events named progress, whose data is this.", body = Progress, content_type = "text/event-stream")))]
#[tracing::instrument(name = "api.vm.watch", skip_all)]
pub(super) async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    VmPath(id): VmPath,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    // Watching begins before the machine is looked at: news between the two is told twice rather than never.
    let told = api.store.told(&id).await?;
    let now = Progress::from(&api.store.show(&caller.id, &id).await?);
    let watch = Watch { store: api.store, owner: caller.id, id, told, next: VecDeque::from([now]) };
    Ok(Sse::new(unfold(watch, Watch::step)).keep_alive(KeepAlive::default()))
}

struct Watch {
    store: Store,
    owner: String,
    id: VmId,
    told: Told,
    next: VecDeque<Progress>,
}

impl Watch {
    /// Tells what is next; none after the last, or when the machine is gone.
    async fn step(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let progress = self.next.pop_front()?;
        let event = Event::default().event("progress").json_data(&progress).expect("texts and numbers are always JSON");
        if progress.is_last() {
            self.next.clear();
        } else if self.next.is_empty() {
            self.wait().await;
        }
        Some((Ok(event), self))
    }

    /// The worker may be another process: as long as somebody watches, the store is asked what is new.
    async fn wait(&mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.store.news(&self.id, self.told).await {
                Ok((news, told)) if !news.is_empty() => {
                    (self.next, self.told) = (news.into(), told);
                    return;
                }
                Ok(_) if self.is_gone().await => return,
                // The store may answer the next time.
                _ => {}
            }
        }
    }

    async fn is_gone(&self) -> bool {
        matches!(self.store.show(&self.owner, &self.id).await, Err(StoreError::NotFound))
    }
}
