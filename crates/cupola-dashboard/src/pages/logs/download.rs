//! What a search finds, as lines of JSON to take away.

use axum::response::{IntoResponse as _, Response};
use cupola_line::{LineBuffer, Scratch};
use cupola_store::{MAX_PAGE, Query, Search, Signal};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::pages::answer::guarded;
use crate::pages::fault::Fault;
use crate::pages::show;
use crate::pages::visit::Visit;

/// The newest ten thousand entries that the search finds, the newest first, each a line as services write them.
pub(super) fn lines(visit: &Visit, query: &dyn Query) -> Result<Response, Fault> {
    let search = Search { selection: visit.selection(Signal::Logs)?, limit: MAX_PAGE, cursor: super::cursor(visit)? };
    let found = query.search(&search)?;
    let (mut out, mut scratch) = (LineBuffer::new(), Scratch::new());
    for entry in &found.entries {
        let _cut = entry.line(&mut out, &mut scratch);
    }
    let mut answer = out.to_vec().into_response();
    let name = format!("attachment; filename=\"logs-{}.jsonl\"", show::clock(visit.moment(), "%Y%m%dT%H%M%SZ"));
    let head = answer.headers_mut();
    head.insert(CONTENT_TYPE, HeaderValue::from_static("application/jsonl; charset=utf-8"));
    head.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(name) = HeaderValue::try_from(name) {
        head.insert(CONTENT_DISPOSITION, name);
    }
    Ok(guarded(answer))
}
