//! Entries of the store to take away, as a form of the settings asks for them.

use axum::Router;
use axum::extract::Request;
use axum::routing::post;

use super::super::answer::guarded;
use super::super::fault::Fault;
use super::super::room::Room;
use super::super::{House, refused, visit};
use super::upkeep;
use crate::access::Role;

/// The route, for those who may see the pages.
pub(in crate::pages) fn routes(house: &House) -> Router {
    let house = house.clone();
    let export = async move |asked: Request| {
        let (head, sent) = asked.into_parts();
        let (visit, _) = visit("/settings", std::iter::empty(), &head);
        let form = match house.form(&visit, Role::Admin, &head, sent).await {
            Ok(form) => form,
            Err(fault) => return refused(&visit, &fault),
        };
        let (seams, by) = (house.seams.clone(), visit.user.name.clone());
        let begun = house.desk.ask(move |query| {
            let selection = upkeep::selection(&form)?;
            let room = Room { query, seams: &seams, stats: None };
            let signal = selection.signal;
            let lines = upkeep::of(&room)?.export(selection, &by).map_err(|refused| upkeep::not_begun(&refused))?;
            Ok::<_, Fault>(lines.answer(signal))
        });
        match begun.await.unwrap_or_else(|unasked| Err(unasked.into())) {
            Ok(answer) => guarded(answer),
            Err(fault) => refused(&visit, &fault),
        }
    };
    Router::new().route("/cupola/settings/store/export", post(export))
}
