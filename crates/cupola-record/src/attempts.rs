//! The attempts of a call: one, as a rule, which is no reason to ask for memory.

use std::ops::{Deref, DerefMut};
use std::slice;

use crate::attempt::Attempt;

/// The attempts of a call in their order. It reads as a slice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempts(Held);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Held {
    #[default]
    None,
    One(Attempt),
    Many(Vec<Attempt>),
}

impl Attempts {
    pub(crate) const fn new() -> Self {
        Self(Held::None)
    }

    pub(crate) fn push(&mut self, attempt: Attempt) {
        match &mut self.0 {
            Held::None => self.0 = Held::One(attempt),
            Held::Many(attempts) => attempts.push(attempt),
            Held::One(_) => {
                if let Held::One(first) = std::mem::take(&mut self.0) {
                    self.0 = Held::Many(vec![first, attempt]);
                }
            }
        }
    }

    /// Puts another in the place of the last.
    pub(crate) fn replace_last(&mut self, attempt: Attempt) {
        if let Some(last) = self.last_mut() {
            *last = attempt;
        }
    }
}

impl Deref for Attempts {
    type Target = [Attempt];

    fn deref(&self) -> &[Attempt] {
        match &self.0 {
            Held::None => &[],
            Held::One(attempt) => slice::from_ref(attempt),
            Held::Many(attempts) => attempts,
        }
    }
}

impl DerefMut for Attempts {
    fn deref_mut(&mut self) -> &mut [Attempt] {
        match &mut self.0 {
            Held::None => &mut [],
            Held::One(attempt) => slice::from_mut(attempt),
            Held::Many(attempts) => attempts,
        }
    }
}

impl<'a> IntoIterator for &'a Attempts {
    type Item = &'a Attempt;
    type IntoIter = slice::Iter<'a, Attempt>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
