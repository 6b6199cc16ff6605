//! `GET /api/v1/reports/usage`: how many machines a caller has, and the demo's way to be slow or to fail.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use crate::problem::Problem;
use crate::store::Caller;

/// The longest delay that the demo grants.
const MAX_DELAY: Duration = Duration::from_secs(10);

/// What a report tells.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Usage {
    machines: BTreeMap<String, u32>,
    free_addresses: u32,
}

/// What the demo's traffic may ask for. Anything else in the query is ignored.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Trouble {
    delay_ms: Option<u64>,
    fail: Option<bool>,
}

/// Counts a caller's machines by state.
#[utoipa::path(get, path = "/api/v1/reports/usage", operation_id = "report_usage",
    responses((status = 200, description = "How much the caller uses.", body = Usage)))]
pub(super) async fn usage(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    trouble: Result<Query<Trouble>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Usage>, Problem> {
    if let (true, Ok(Query(trouble))) = (api.demo, trouble) {
        trouble.make().await?;
    }
    let machines = api.store.usage(&caller.id).await?.into_iter().collect();
    Ok(Json(Usage { machines, free_addresses: api.store.free_addresses().await? }))
}

impl Trouble {
    async fn make(self) -> Result<(), Problem> {
        let delay = Duration::from_millis(self.delay_ms.unwrap_or(0)).min(MAX_DELAY);
        tokio::time::sleep(delay).await;
        if self.fail == Some(true) {
            return Err(Problem::internal(&std::io::Error::other("the report's source does not answer")));
        }
        Ok(())
    }
}
