//! Users who do what the service is for.

use serde_json::{Value, json};

use super::super::call::{Call, User};
use super::super::client::Client;
use super::super::pace::Over;
use super::super::secrets::ADMIN_PASSWORD;

/// With more machines than this some are deleted: traffic must not use up the pool.
const KEPT: usize = 12;
const NAMES: [&str; 6] = ["web", "db", "cache", "queue", "build", "edge"];
const TEMPLATES: [&str; 3] = ["debian-13", "ubuntu-26.04", "alpine-3.24"];
const SIZES: [&str; 3] = ["small", "medium", "large"];

pub(super) async fn play(client: &Client) -> Result<(), Over> {
    let user = User::any();
    let page = client.send(listing(user)).await?;
    let machines = page["items"].as_array().map_or(&[][..], Vec::as_slice);
    match machines {
        many if many.len() > KEPT => delete(client, user, any(many)).await,
        [] => create(client, user).await,
        some => match rand::random_range(0..10) {
            0..4 => create(client, user).await,
            4..9 => change(client, user, any(some)).await,
            _ => delete(client, user, any(some)).await,
        },
    }
}

/// A gateway gave some requests their id and their trace; some callers like their answers compressed.
fn listing(user: User) -> Call {
    let call = Call::get(user, format!("/api/v1/vms?limit={}", rand::random_range(KEPT + 1..=40)));
    match rand::random_range(0..4) {
        0 => call.header("x-request-id", format!("gw-{:016x}", rand::random::<u64>())).header("traceparent", trace()),
        1 => call.header("accept-encoding", "gzip").header("traceparent", trace()),
        _ => call,
    }
}

/// Asks for a machine, watches it being made, and looks at it.
async fn create(client: &Client, user: User) -> Result<(), Over> {
    let name = format!("{}-{:06x}", pick(&NAMES), rand::random_range(0..0x100_0000));
    let body = json!({
        "name": name, "template": pick(&TEMPLATES), "size": pick(&SIZES), "admin_password": ADMIN_PASSWORD,
    });
    let made = client.send(Call::post(user, "/api/v1/vms").json(&body)).await?;
    let Some(path) = path(&made) else { return Ok(()) };
    client.follow(Call::get(user, format!("{path}/events"))).await?;
    client.send(Call::get(user, path)).await.map(drop)
}

async fn change(client: &Client, user: User, vm: &Value) -> Result<(), Over> {
    let Some(path) = path(vm) else { return Ok(()) };
    let call = match (vm["state"].as_str(), rand::random_bool(0.5)) {
        (Some("running"), true) => Call::post(user, format!("{path}/stop")),
        (Some("stopped"), true) => Call::post(user, format!("{path}/start")),
        (Some("stopped"), false) => patch(user, path, &json!({"size": pick(&SIZES)})),
        (_, true) => patch(user, path, &json!({"name": format!("renamed-{:06x}", rand::random_range(0..0x100_0000))})),
        (_, false) => Call::get(user, path),
    };
    client.send(call).await.map(drop)
}

async fn delete(client: &Client, user: User, vm: &Value) -> Result<(), Over> {
    let Some(path) = path(vm) else { return Ok(()) };
    client.send(Call::with(axum::http::Method::DELETE, user, path)).await.map(drop)
}

fn patch(user: User, path: String, body: &Value) -> Call {
    Call::with(axum::http::Method::PATCH, user, path).json(body)
}

fn path(vm: &Value) -> Option<String> {
    vm["id"].as_str().map(|id| format!("/api/v1/vms/{id}"))
}

fn pick<'a>(list: &[&'a str]) -> &'a str {
    list[rand::random_range(0..list.len())]
}

fn any(machines: &[Value]) -> &Value {
    &machines[rand::random_range(0..machines.len())]
}

/// A trace of somebody else's, sampled or not.
fn trace() -> String {
    let (trace, span) = (rand::random::<u128>() | 1, rand::random::<u64>() | 1);
    format!("00-{trace:032x}-{span:016x}-0{}", rand::random_range(0..2))
}
