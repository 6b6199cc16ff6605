//! What is no page: entries to take away, and entries as they come in.

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use http::request::Parts;

use super::{download, live};
use crate::pages::fault::Fault;
use crate::pages::visit::Visit;
use crate::pages::{House, refused, visit};

/// The routes, for those who may see the pages.
pub(in crate::pages) fn routes(house: &House) -> Router {
    let (house, tails) = (house.clone(), house.seams.tails.clone());
    let download = async move |head: Parts| {
        let (visit, fault) = visit("/logs", std::iter::empty(), &head);
        taken(&house, visit, fault).await
    };
    let tail = async move |head: Parts| live::tail(tails.as_ref(), visit("/logs", std::iter::empty(), &head).0);
    Router::new().route("/cupola/logs/download", get(download)).route("/cupola/logs/tail", get(tail))
}

async fn taken(house: &House, visit: Visit, fault: Result<(), Fault>) -> Response {
    let at_work = visit.clone();
    let answer = house.desk.ask(move |query| fault.and_then(|()| download::lines(&at_work, query))).await;
    answer.unwrap_or_else(|unasked| Err(unasked.into())).unwrap_or_else(|fault| refused(&visit, &fault))
}
