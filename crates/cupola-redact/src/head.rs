//! The head of a message: headers and URLs, masked one after the other into one text.

use crate::{KeyPolicy, header, url};

/// The masked headers and URLs of one message, in the order in which they were pushed.
///
/// There is one text for all of them, and it is kept when the head is cleared: a warm one allocates nothing.
///
/// ```
/// use cupola_redact::{KeyPolicy, MaskedHead};
///
/// let policy = KeyPolicy::default();
/// let mut head = MaskedHead::default();
/// head.push_header(&policy, "accept", b"*/*");
/// head.push_header(&policy, "authorization", b"Bearer abc");
/// head.push_url(&policy, "/vms?token=abc");
/// let all: Vec<&str> = head.iter().collect();
/// assert_eq!(all, ["*/*", "Bearer [REDACTED]", "/vms?token=[REDACTED]"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MaskedHead {
    text: String,
    ends: Vec<usize>,
}

impl MaskedHead {
    /// Adds a header's value.
    pub fn push_header(&mut self, policy: &KeyPolicy, name: &str, value: &[u8]) {
        header::push(&mut self.text, policy, name, value, false);
        self.ends.push(self.text.len());
    }

    /// Adds a whole URL.
    pub fn push_url(&mut self, policy: &KeyPolicy, url: &str) {
        _ = url::push_url(&mut self.text, policy, url, false);
        self.ends.push(self.text.len());
    }

    /// What was pushed as number `index`, counted from zero.
    pub fn get(&self, index: usize) -> Option<&str> {
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.text.get(start..*self.ends.get(index)?)
    }

    /// All that was pushed.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|index| self.get(index))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Forgets all; the memory stays.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}
