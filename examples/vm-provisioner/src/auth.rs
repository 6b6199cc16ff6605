//! Who calls: the token of a request, checked before its handler runs.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::problem::Problem;
use crate::store::{Scope, Store};

/// Lets a request through that carries a known token whose scope opens it, and tells the handler who calls.
///
/// From here on every line of the request shows the user, the access line and the worker's lines too.
pub async fn require_caller(State(store): State<Store>, mut request: Request, next: Next) -> Result<Response, Problem> {
    cupola::context::set("action", "http.request");
    let token = bearer(request.headers())
        .ok_or(Problem::unauthenticated("send `Authorization: Bearer TOKEN`, and no token in the URL"))?;
    let caller = store.caller(token).await?.ok_or(Problem::unauthenticated("nobody has this token"))?;
    cupola::context::set("user_id", caller.id.clone());
    cupola::context::set("user_name", caller.name.clone());
    if caller.scope == Scope::ReadOnly && writes(request.method()) {
        return Err(Problem::forbidden("this token is read-only: use one whose scope is read-write"));
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn writes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bearer_tokens_are_read() {
        let check = |value: &str, expected: Option<&str>| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())]);
            assert_eq!(bearer(&headers), expected, "{value}");
        };
        check("Bearer abc", Some("abc"));
        check("bearer  abc", Some("abc"));
        check("Basic abc", None);
        check("abc", None);
        assert_eq!(bearer(&HeaderMap::new()), None);
    }
}
