//! How often a user may ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::GatewayError;

const WINDOW: Duration = Duration::from_secs(60);

/// So many users are remembered; of more, those whose minute is over are forgotten first.
const MAX_USERS: usize = 10_000;

/// How often each user may ask a minute.
#[derive(Debug)]
pub struct Limits {
    per_minute: u32,
    users: Mutex<HashMap<Arc<str>, Window>>,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    asked: u32,
}

impl Limits {
    /// So often.
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute, users: Mutex::default() }
    }

    /// Counts a question, or says when the user may ask again.
    pub fn admit(&self, user: &Arc<str>) -> Result<(), GatewayError> {
        let now = Instant::now();
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if users.len() >= MAX_USERS && !users.contains_key(user) {
            users.retain(|_, window| now - window.began < WINDOW);
        }
        let window = users.entry(Arc::clone(user)).or_insert(Window { began: now, asked: 0 });
        if now - window.began >= WINDOW {
            *window = Window { began: now, asked: 0 };
        }
        if window.asked >= self.per_minute {
            return Err(GatewayError::TooMany(WINDOW - (now - window.began)));
        }
        window.asked += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_user_has_a_minute_of_their_own() {
        let (limits, ana, bob) = (Limits::new(2), Arc::from("ana"), Arc::from("bob"));
        assert!(limits.admit(&ana).is_ok() && limits.admit(&ana).is_ok());
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(limits.admit(&ana), Err(GatewayError::TooMany(Duration::from_secs(40))));
        assert!(limits.admit(&bob).is_ok());
        tokio::time::advance(Duration::from_secs(40)).await;
        assert!(limits.admit(&ana).is_ok());
    }
}
