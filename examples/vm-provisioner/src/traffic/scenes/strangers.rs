//! Callers whom nobody knows: scanners, wrong tokens, browsers, and headers that no caller should choose.

use axum::http::Method;

use super::super::call::{Call, User};
use super::super::client::Client;
use super::super::pace::Over;
use super::super::secrets::{BASIC, FORM_PASSWORD, QUERY_JWT, QUERY_TOKEN, SESSION, WRONG_TOKEN};

const VMS: &str = "/api/v1/vms";

pub(super) async fn play(client: &Client, number: usize) -> Result<(), Over> {
    client.send(call(number)).await.map(drop)
}

fn call(number: usize) -> Call {
    match number % 11 {
        0 => Call::new(Method::GET, VMS),
        1 => Call::new(Method::GET, VMS).token(WRONG_TOKEN),
        2 => Call::new(Method::GET, VMS).header("authorization", format!("Basic {BASIC}")),
        3 => Call::new(Method::GET, format!("{VMS}?token={QUERY_TOKEN}")),
        4 => Call::new(Method::GET, format!("/oauth/callback?state=7&access_token={QUERY_JWT}")),
        5 => Call::new(Method::GET, format!("/wp-login-{}.php", rand::random_range(0..10_000))),
        6 => Call::new(Method::GET, "/.env").header("cookie", format!("session={SESSION}; theme=dark")),
        7 => Call::new(Method::POST, "/login")
            .body("application/x-www-form-urlencoded", format!("user=ada&password={FORM_PASSWORD}")),
        8 => preflight(),
        // Ids and traces that are not adopted: they are kept beside ours, or left out.
        9 => Call::get(User::any(), VMS).header("x-request-id", "not an id <script>").header("traceparent", "00-0-0-0"),
        _ => Call::with(Method::HEAD, User::Ada, VMS),
    }
}

/// What a browser asks before it lets a page call us.
fn preflight() -> Call {
    Call::new(Method::OPTIONS, VMS)
        .header("origin", "https://console.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
}
