//! What callers do: ordinary work most of the time, and everything else that a service meets.

mod impatient;
mod mistakes;
mod ordinary;
mod strangers;
mod tenants;

use super::client::Client;
use super::pace::Over;

/// Plays the scene with this number. They take turns rather than chances, so that all are seen within a minute.
pub(super) async fn play(client: &Client, number: usize) -> Result<(), Over> {
    let (round, place) = (number / 10, number % 10);
    match place {
        1 | 6 => mistakes::play(client, 2 * round + place / 6).await,
        3 | 8 => strangers::play(client, 2 * round + place / 8).await,
        4 => impatient::play(client, round).await,
        5 => tenants::play(client).await,
        _ => ordinary::play(client).await,
    }
}
