//! Who fails to log in too often has to wait, longer each time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const SECOND: i64 = 1_000_000_000;

/// So many may fail before one waits.
const FREE: u32 = 5;
/// The longest wait.
const LONGEST: i64 = 300 * SECOND;
/// After so long without another one, those that failed are forgotten.
const FORGOTTEN: i64 = 900 * SECOND;
/// So many addresses and names are known.
const MOST: usize = 10_000;

/// What failed lately, by address and by name.
#[derive(Debug, Default)]
pub(super) struct Throttle(Mutex<HashMap<String, Failed>>);

#[derive(Clone, Copy, Debug)]
struct Failed {
    times: u32,
    last: i64,
}

impl Failed {
    /// Until when one waits.
    fn until(self) -> i64 {
        let wait = if self.times < FREE { 0 } else { SECOND << (self.times - FREE).min(9) };
        self.last.saturating_add(wait.min(LONGEST))
    }
}

impl Throttle {
    /// Whether it may be tried, or in how many seconds. An attempt counts as one that failed until it has not: many at once are many.
    pub(super) fn begin(&self, keys: &[String], now: i64) -> Result<(), u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = keys.iter().filter_map(|key| all.get(key)).map(|failed| failed.until()).max();
        if let Some(wait) = until.map(|until| until - now).filter(|wait| *wait > 0) {
            return Err(wait.cast_unsigned().div_ceil(SECOND.cast_unsigned()));
        }
        if all.len() + keys.len() > MOST {
            all.retain(|_, failed| failed.last + FORGOTTEN > now);
        }
        for key in keys {
            if all.len() < MOST || all.contains_key(key) {
                let failed = all.entry(key.clone()).or_insert(Failed { times: 0, last: now });
                failed.times = if failed.last + FORGOTTEN > now { failed.times + 1 } else { 1 };
                failed.last = now;
            }
        }
        Ok(())
    }

    /// It has failed: from now on one waits.
    pub(super) fn failed(&self, keys: &[String], now: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().for_each(|key| _ = all.get_mut(key).map(|failed| failed.last = now));
    }

    /// It has not failed.
    pub(super) fn succeeded(&self, keys: &[String]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter().for_each(|key| _ = all.remove(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_waits_longer_each_time() {
        let throttle = Throttle::default();
        let keys = ["from 10.0.0.7".to_owned(), "as ada".to_owned()];
        let mut now = 0;
        let mut waits = Vec::new();
        while waits.last() != Some(&300) {
            match throttle.begin(&keys, now) {
                Ok(()) => throttle.failed(&keys, now),
                Err(wait) => {
                    waits.push(wait);
                    now += wait.cast_signed() * SECOND;
                }
            }
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        // One of both is enough to wait, and others do not.
        assert!(throttle.begin(&keys[1..], now - SECOND).is_err());
        assert!(throttle.begin(&["from 10.0.0.8".to_owned()], now).is_ok());
        assert!(throttle.begin(&keys, now + FORGOTTEN).is_ok());
        assert!(throttle.begin(&keys, now + FORGOTTEN).is_ok(), "what was long ago is forgotten");
    }

    #[test]
    fn who_comes_in_does_not_wait() {
        let throttle = Throttle::default();
        let keys = ["as ada".to_owned()];
        for now in 0..100 {
            assert!(throttle.begin(&keys, now).is_ok());
            throttle.succeeded(&keys);
        }
    }

    #[test]
    fn many_at_once_are_many() {
        let throttle = Throttle::default();
        let keys = ["as ada".to_owned()];
        assert_eq!((0..100).filter(|_| throttle.begin(&keys, 0).is_ok()).count(), 5);
    }
}
