//! `GET /api/v1/vms/{id}/events`: how a machine's job goes, as server-sent events.

use std::convert::Infallible;

use axum::extract::{Extension, State};
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Api;
use super::vm_path::VmPath;
use crate::problem::Problem;
use crate::progress::Progress;
use crate::store::{Caller, Store};
use crate::vm::VmId;

/// First where the machine is, then each step, until it is in a state that lasts, or gone.
#[utoipa::path(get, path = "/api/v1/vms/{id}/events", operation_id = "watch_vm", params(("id" = VmId, Path, description = "The machine's id.")),
    responses((status = 200, description = "Events named progress, whose data is this.", body = Progress, content_type = "text/event-stream")))]
#[tracing::instrument(name = "api.vm.watch", skip_all)]
pub(super) async fn events(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    VmPath(id): VmPath,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    // Watching begins before the store is read: news between the two is told twice rather than never.
    let news = api.news.watch();
    let now = Progress::from(&api.store.show(&caller.id, &id).await?);
    let watch = Watch { store: api.store, owner: caller.id, id, news, next: Some(now) };
    Ok(Sse::new(unfold(watch, Watch::step)).keep_alive(KeepAlive::default()))
}

struct Watch {
    store: Store,
    owner: String,
    id: VmId,
    news: Receiver<Progress>,
    next: Option<Progress>,
}

impl Watch {
    /// Tells what is next; none after the last, or when the machine is gone.
    async fn step(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        let progress = self.next.take()?;
        let event = Event::default().event("progress").json_data(&progress).expect("texts and numbers are always JSON");
        if !progress.is_last() {
            self.next = self.wait().await;
        }
        Some((Ok(event), self))
    }

    async fn wait(&mut self) -> Option<Progress> {
        loop {
            match self.news.recv().await {
                Ok(progress) if progress.vm_id == self.id => return Some(progress),
                Ok(_) => {}
                // Too far behind: the store knows where the machine is now.
                Err(RecvError::Lagged(_)) => return self.look().await,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    async fn look(&self) -> Option<Progress> {
        self.store.show(&self.owner, &self.id).await.ok().as_ref().map(Progress::from)
    }
}
