//! Slow answers, answers that fail, and users who do not wait for them.

use std::time::Duration;

use serde_json::json;

use super::super::call::{Call, User};
use super::super::client::Client;
use super::super::pace::Over;
use super::super::secrets::ADMIN_PASSWORD;

const REPORT: &str = "/api/v1/reports/usage";

pub(super) async fn play(client: &Client, number: usize) -> Result<(), Over> {
    let user = User::any();
    match number % 11 {
        0 | 5 => client.send(report(user, rand::random_range(200..1500))).await.map(drop),
        1 | 6 => client.send(report(user, 0)).await.map(drop),
        2 | 7 => client.send(Call::get(user, format!("{REPORT}?fail=true"))).await.map(drop),
        3 | 8 => client.leave_early(report(user, 3000), Duration::from_millis(300)).await,
        4 | 9 => watch_a_little(client, user).await,
        // Longer than the 5 s from which on a request is marked as slow.
        _ => client.send(report(user, 5200)).await.map(drop),
    }
}

fn report(user: User, delay_ms: u64) -> Call {
    Call::get(user, format!("{REPORT}?delay_ms={delay_ms}"))
}

/// Asks for a machine and leaves while it is being made.
async fn watch_a_little(client: &Client, user: User) -> Result<(), Over> {
    let name = format!("brief-{:06x}", rand::random_range(0..0x100_0000));
    let body = json!({"name": name, "template": "alpine-3.24", "size": "small", "admin_password": ADMIN_PASSWORD});
    let made = client.send(Call::post(user, "/api/v1/vms").json(&body)).await?;
    let Some(id) = made["id"].as_str() else { return Ok(()) };
    client.leave_midway(Call::get(user, format!("/api/v1/vms/{id}/events"))).await
}
