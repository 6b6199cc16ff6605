//! `GET /api/v1/vms`: a caller's machines, a page at a time.

use axum::Json;
use axum::extract::{Extension, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Api;
use crate::problem::{FieldProblem, Problem};
use crate::store::Caller;
use crate::vm::{Vm, VmId};

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;

/// One page, and where the next one begins.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page {
    items: Vec<Vm>,
    next_cursor: Option<VmId>,
}

/// As texts, so that what is wrong with them is said in our own words.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// How many at most, from 1 to 100; 20 unless said.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100, example = 20)]
    limit: Option<String>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The caller's machines, newest first.
#[utoipa::path(get, path = "/api/v1/vms", operation_id = "list_vms", params(PageQuery),
    responses((status = 200, description = "A page of the caller's machines, newest first.", body = Page)))]
#[tracing::instrument(name = "api.vm.list", skip_all)]
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    query: Result<Query<PageQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let Query(query) = query.map_err(|_| Problem::unreadable("the query must name limit and cursor at most once"))?;
    let (limit, cursor) = (query.limit()?, query.cursor()?);
    // One more than asked for tells whether there is a next page.
    let mut items = api.store.page(&caller.id, limit + 1, cursor.as_ref()).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next_cursor = items.last().filter(|_| more).map(|vm| vm.id.clone());
    Ok(Json(Page { items, next_cursor }))
}

impl PageQuery {
    fn limit(&self) -> Result<u32, Problem> {
        let Some(text) = &self.limit else { return Ok(DEFAULT_LIMIT) };
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| refused("limit", "is not such a number", format!("a number from 1 to {MAX_LIMIT}")))
    }

    fn cursor(&self) -> Result<Option<VmId>, Problem> {
        let Some(text) = &self.cursor else { return Ok(None) };
        let accepted = "the next_cursor of the page before".to_owned();
        VmId::parse(text).map(Some).ok_or_else(|| refused("cursor", "is not a cursor", accepted))
    }
}

fn refused(field: &str, problem: &str, accepted: String) -> Problem {
    Problem::invalid(vec![FieldProblem { field: field.to_owned(), problem: problem.to_owned(), accepted }])
}
