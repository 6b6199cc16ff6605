//! Answers that are given again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use cupola::metrics::ready::Cache;

/// Who has asked what: an answer is never given to another user.
type Key = (Arc<str>, Bytes);

/// The last answers to questions that may have the same answer again.
#[derive(Debug)]
pub struct Answers {
    most: usize,
    counted: Cache,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<Key, Bytes>,
    /// The oldest first.
    order: VecDeque<Key>,
}

impl Answers {
    /// Room for so many.
    pub fn new(most: usize, counted: Cache) -> Self {
        Self { most, counted, kept: Mutex::default() }
    }

    /// The answer to a question of this user, if it is kept.
    pub fn get(&self, user: &Arc<str>, question: &Bytes) -> Option<Bytes> {
        let key = (Arc::clone(user), question.clone());
        let answer = self.kept.lock().unwrap_or_else(PoisonError::into_inner).answers.get(&key).cloned();
        match answer {
            Some(_) => self.counted.hit(),
            None => self.counted.miss(),
        }
        answer
    }

    /// Keeps an answer; the oldest makes room.
    pub fn put(&self, user: &Arc<str>, question: &Bytes, answer: Bytes) {
        if self.most == 0 {
            return;
        }
        let key = (Arc::clone(user), question.clone());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Kept { answers, order } = &mut *kept;
        if answers.insert(key.clone(), answer).is_some() {
            return;
        }
        order.push_back(key);
        if order.len() > self.most {
            if let Some(oldest) = order.pop_front() {
                answers.remove(&oldest);
            }
            self.counted.evict(1);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "what fails here is a failed test")]
mod tests {
    use super::*;
    use cupola::metrics::Registry;
    use cupola::metrics::ready::Caches;

    #[test]
    fn the_oldest_makes_room_and_nobody_gets_anothers() {
        let registry = Registry::new();
        let answers = Answers::new(2, Caches::new(&registry).unwrap().named("answers"));
        let (ana, bob) = (Arc::from("ana"), Arc::from("bob"));
        let text = Bytes::from_static;
        for question in ["1", "2", "3"] {
            answers.put(&ana, &text(question.as_bytes()), text(b"yes"));
        }
        let has = |user: &Arc<str>, question: &'static str| answers.get(user, &text(question.as_bytes())).is_some();
        assert_eq!([has(&ana, "1"), has(&ana, "2"), has(&ana, "3"), has(&bob, "3")], [false, true, true, false]);
        let counted = registry.render();
        assert!(counted.contains("cache_requests_total{cache_name=\"answers\",cache_result=\"hit\"} 2\n"), "{counted}");
        assert!(counted.contains("cache_evictions_total{cache_name=\"answers\"} 1\n"), "{counted}");
    }
}
