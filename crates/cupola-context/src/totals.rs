//! Totals: named counters that anything inside a request adds to, read when it ends.

use std::borrow::Cow;
use std::fmt;

use crate::fields::{FieldValue, MAX_FIELDS};

/// The longest name of a total.
const MAX_NAME_BYTES: usize = 128;

/// A quantity: whole as long as only whole ones are added.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Amount {
    /// A count: tokens, calls, bytes.
    Whole(u64),
    /// A measure: cost, seconds.
    Real(f64),
}

impl Amount {
    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Self::Whole(a.saturating_add(b)),
            (a, b) => Self::Real(rounded(a.as_f64() + b.as_f64())),
        }
    }

    /// The quantity as a floating-point number.
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }
}

/// Sums of decimals are decimals again: 0.1 and 0.2 are 0.3. Only where nine digits behind the point are all that a sum has.
fn rounded(sum: f64) -> f64 {
    if (1e-3..1e6).contains(&sum.abs()) { (sum * 1e9).round() / 1e9 } else { sum }
}

impl From<u64> for Amount {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<u32> for Amount {
    fn from(number: u32) -> Self {
        Self::Whole(number.into())
    }
}

impl From<f64> for Amount {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<Amount> for FieldValue {
    fn from(amount: Amount) -> Self {
        match amount {
            Amount::Whole(number) => Self::U64(number),
            Amount::Real(number) => Self::F64(number),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
        }
    }
}

/// Sums by name, in the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct Totals(Vec<(Cow<'static, str>, Amount)>);

impl Totals {
    /// `false` where a new name finds no room.
    pub(crate) fn add(&mut self, name: Cow<'static, str>, amount: Amount) -> bool {
        if let Some((_, sum)) = self.0.iter_mut().find(|(known, _)| *known == name) {
            *sum = sum.plus(amount);
            return true;
        }
        let room = self.0.len() < MAX_FIELDS && name.len() <= MAX_NAME_BYTES;
        if room {
            self.0.push((name, amount));
        }
        room
    }

    pub(crate) fn list(&self) -> &[(Cow<'static, str>, Amount)] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_stays_whole_until_a_real_comes() {
        let mut totals = Totals::default();
        totals.add("tokens".into(), 3u64.into());
        totals.add("tokens".into(), 4u64.into());
        totals.add("cost".into(), 1u64.into());
        totals.add("cost".into(), 0.5.into());
        assert_eq!(totals.list(), [("tokens".into(), Amount::Whole(7)), ("cost".into(), Amount::Real(1.5))]);
        totals.add("ms".into(), 0.1.into());
        totals.add("ms".into(), 0.2.into());
        totals.add("ms".into(), 1e-12.into());
        assert_eq!(totals.list()[2].1, Amount::Real(0.3));
        totals.add("tokens".into(), u64::MAX.into());
        assert_eq!(totals.list()[0].1, Amount::Whole(u64::MAX));
    }
}
