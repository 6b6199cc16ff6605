//! Coming in and going out.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::header::{AUTHORIZATION, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};
use jiff::Zoned;
use maud::{Markup, html};

use super::form::Form;
use super::icon::icon;
use super::link::{Link, is_ours};
use super::visit::{Theme, Visit};
use super::{answer, layout, with_cookie};
use crate::access::{Access, Refused, Role, User, now};

pub(super) fn routes(access: &Access) -> Router {
    let (shown, sent, ended) = (access.clone(), access.clone(), access.clone());
    Router::new()
        .route("/cupola/login", get(async move |head: Parts| show(&shown, &head, StatusCode::OK, None)))
        .route("/cupola/login", post(async move |asked: Request| log_in(sent, asked).await))
        .route("/cupola/logout", post(async move |asked: Request| log_out(ended, asked).await))
}

/// Whoever is not known is sent to say who they are, and comes back.
pub(super) fn asked_for(head: &Parts) -> Response {
    if head.headers.contains_key(AUTHORIZATION) || head.method != Method::GET {
        let mut answer = StatusCode::UNAUTHORIZED.into_response();
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"cupola\""));
        return answer::guarded(answer);
    }
    let back = head.uri.path_and_query().map_or("/cupola", |address| address.as_str());
    answer::redirect(&Link::new("/login", []).set("back", back).to_string())
}

/// Nobody yet: what the form of the page is bound to.
fn nobody() -> User {
    User::new("", Role::Viewer)
}

fn show(access: &Access, head: &Parts, status: StatusCode, says: Option<&str>) -> Response {
    let (visit, _) = Visit::read("/login", head.uri.query(), &Zoned::now());
    let (form, cookie) = access.form(head, &nobody());
    let back = visit.get("back").filter(|back| is_ours(back)).unwrap_or("/cupola");
    // Filled in where the address has it: whoever starts the server is shown one that does.
    let page = page(&form, back, visit.get("token").unwrap_or_default(), access.has_users(), says);
    with_cookie(answer::html(status, layout::bare(Theme::of(&head.headers), "Log in", &page), &head.headers), cookie)
}

fn page(form: &str, back: &str, token: &str, has_users: bool, says: Option<&str>) -> Markup {
    let hidden = html! { input type="hidden" name="form" value=(form); input type="hidden" name="back" value=(back); };
    html! {
        section.panel.login {
            div.brand { (icon("dome")) h1 { "Cupola" } }
            @if let Some(says) = says { p.notice.bad role="alert" { (says) } }
            @if has_users {
                form method="post" action="/cupola/login" {
                    (hidden)
                    label { "Name" input type="text" name="name" autocomplete="username" required autofocus; }
                    label { "Password" input type="password" name="secret" autocomplete="current-password" required; }
                    button.button.primary type="submit" { "Log in" }
                }
                p.or { "or" }
            }
            form method="post" action="/cupola/login" {
                (hidden)
                label { "Token" input type="password" name="secret" value=(token) autocomplete="off" required autofocus[!has_users]; }
                button.button.primary[!has_users] type="submit" { "Log in with the token" }
            }
            p.hint { "A token is what the server was started with, or has printed at its start." }
        }
    }
}

async fn log_in(access: Access, asked: Request<Body>) -> Response {
    let (head, sent) = asked.into_parts();
    let Ok(form) = Form::read(sent).await else {
        return show(&access, &head, StatusCode::BAD_REQUEST, Some("The form did not come whole."));
    };
    if !access.is_own_form(&head, &nobody(), form.get("form")) {
        return show(&access, &head, StatusCode::FORBIDDEN, Some("The page was too old. Once more, please."));
    }
    let (name, secret) = (form.get("name").unwrap_or_default(), form.get("secret").unwrap_or_default());
    let back = form.get("back").filter(|back| is_ours(back)).unwrap_or("/cupola");
    match access.come_in(&head, name, secret).await {
        Ok(cookie) => with_cookie(answer::redirect(back), Some(cookie)),
        Err(Refused::Unknown) => show(&access, &head, StatusCode::UNAUTHORIZED, Some("That is not known here.")),
        Err(Refused::Wait(seconds)) => {
            let says = format!("Too many attempts have failed. Try again in {seconds} s.");
            let mut answer = show(&access, &head, StatusCode::TOO_MANY_REQUESTS, Some(&says));
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
            answer
        }
        Err(Refused::Unavailable) => {
            show(&access, &head, StatusCode::SERVICE_UNAVAILABLE, Some("Nobody can log in at the moment."))
        }
    }
}

async fn log_out(access: Access, asked: Request<Body>) -> Response {
    let (head, sent) = asked.into_parts();
    let visitor = access.visitor(&head).await;
    let form = Form::read(sent).await.ok();
    let form = form.as_ref().and_then(|form| form.get("form"));
    if !visitor.is_some_and(|visitor| access.is_wanted(&head, &visitor, form)) {
        return answer::redirect("/cupola");
    }
    let ended = tokio::task::spawn_blocking(move || access.log_out(&head, now())).await;
    let mut answer = answer::redirect("/cupola/login");
    if let Some(cookie) = ended.ok().and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}
