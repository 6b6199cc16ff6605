//! What comes in, as rows that are ready to be shown: `row`, one for each; `dropped`, how many were lost because the page was slow;
//! `refused`, why there is nothing to watch.

use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use cupola_store::{Signal, Tails, Told};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::columns::Columns;
use super::rows::row;
use crate::api::{Entries, stream};
use crate::pages::answer::guarded;
use crate::pages::searching::Searching;
use crate::pages::visit::Visit;

/// Watches for what the page's search asks for.
pub(super) fn tail(tails: Option<&Tails>, visit: Visit) -> Response {
    let tail = match (tails, Searching::read(&visit).is) {
        (None, _) => Err("Nothing comes in here that could be watched.".to_owned()),
        (_, Err(error)) => Err(format!("The search cannot be read: {}.", error.message())),
        (Some(tails), Ok(expression)) => {
            tails.open(Signal::Logs, expression.as_ref()).map_err(|many| format!("{many}."))
        }
    };
    match tail {
        Ok(tail) => {
            let columns = Columns::read(&visit);
            let events = move |told: &Told| events(&visit, &columns, told);
            guarded(stream(Entries { tail, events }))
        }
        Err(why) => {
            // An answer of another status would say no more to the page than that there is none.
            let mut answer = event("refused", &why).into_response();
            answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
            answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            guarded(answer)
        }
    }
}

fn events(visit: &Visit, columns: &Columns, told: &Told) -> Bytes {
    let mut out = String::new();
    for entry in &told.entries {
        // The end of a line would be the end of the event; in HTML it can be written otherwise.
        let row = row(visit, columns, entry, None).into_string().replace('\n', "&#10;").replace('\r', "&#13;");
        out.push_str(&event("row", &row));
    }
    if told.dropped > 0 {
        out.push_str(&event("dropped", &told.dropped.to_string()));
    }
    Bytes::from(out)
}

fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
