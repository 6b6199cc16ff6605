//! Users who get it wrong, some of them with a secret in their hands.

use axum::http::Method;
use serde_json::json;

use super::super::call::{Call, READ_ONLY, User};
use super::super::client::Client;
use super::super::pace::Over;
use super::super::secrets::{ADMIN_PASSWORD, API_KEY, SHORT_PASSWORD};
use crate::vm::VmId;

const VMS: &str = "/api/v1/vms";

pub(super) async fn play(client: &Client, number: usize) -> Result<(), Over> {
    let user = User::any();
    match number % 11 {
        0 => client.send(refused(user)).await.map(drop),
        1 => client.send(unknown_field(user)).await.map(drop),
        2 => client.send(cut_off(user)).await.map(drop),
        3 => client.send(Call::get(user, "/api/v1/vms?limit=many")).await.map(drop),
        4 => client.send(Call::get(user, format!("{VMS}/{}", VmId::new()))).await.map(drop),
        5 => client.send(Call::with(Method::PUT, user, VMS)).await.map(drop),
        6 => client.send(Call::new(Method::POST, VMS).token(READ_ONLY).json(&json!({}))).await.map(drop),
        7 => client.send(Call::post(user, VMS).body("text/plain", "name=web")).await.map(drop),
        8 => client.send(too_large(user)).await.map(drop),
        9 => broken(client, user).await,
        _ => somebody_elses(client, user).await,
    }
}

fn refused(user: User) -> Call {
    let body = json!({"name": "Web 1", "template": "windows-3.11", "size": 7, "admin_password": SHORT_PASSWORD});
    Call::post(user, VMS).json(&body)
}

fn unknown_field(user: User) -> Call {
    let body = json!({"name": "web", "template": "debian-13", "size": "small", "api_key": API_KEY});
    Call::post(user, VMS).header("x-api-key", API_KEY).json(&body)
}

/// A body that ends in the middle of a password.
fn cut_off(user: User) -> Call {
    let body = format!(r#"{{"name": "web", "admin_password": "{ADMIN_PASSWORD}"#);
    Call::post(user, VMS).body("application/json", body)
}

fn too_large(user: User) -> Call {
    Call::post(user, VMS).body("application/json", vec![b' '; crate::app::BODY_LIMIT + 1])
}

/// A machine that no hypervisor can boot: its worker fails, and its address goes back.
async fn broken(client: &Client, user: User) -> Result<(), Over> {
    let name = format!("broken-{:06x}", rand::random_range(0..0x100_0000));
    let body = json!({"name": name, "template": "broken", "size": "small", "admin_password": ADMIN_PASSWORD});
    let made = client.send(Call::post(user, VMS).json(&body)).await?;
    let Some(id) = made["id"].as_str() else { return Ok(()) };
    client.follow(Call::get(user, format!("{VMS}/{id}/events"))).await
}

async fn somebody_elses(client: &Client, user: User) -> Result<(), Over> {
    let page = client.send(Call::get(user.other(), "/api/v1/vms?limit=1")).await?;
    let Some(id) = page["items"][0]["id"].as_str() else { return Ok(()) };
    client.send(Call::get(user, format!("{VMS}/{id}"))).await.map(drop)
}
