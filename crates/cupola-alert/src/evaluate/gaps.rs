//! When nobody was there to see: what did not come then may have been all the same.

use serde::{Deserialize, Serialize};

/// So many are kept; the oldest are forgotten.
const MAX_GAPS: usize = 64;

/// Times when nothing was evaluated, and maybe nothing was stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gaps {
    /// One behind the other; before the first evaluation of all there is one without a beginning.
    ranges: Vec<(i64, i64)>,
}

impl Gaps {
    /// Before this nobody was there.
    pub(crate) fn before(first: i64) -> Self {
        Self { ranges: vec![(i64::MIN, first)] }
    }

    pub(crate) fn add(&mut self, from: i64, to: i64) {
        if to <= from {
            return;
        }
        match self.ranges.last_mut() {
            Some((_, end)) if *end >= from => *end = to.max(*end),
            _ => self.ranges.push((from, to)),
        }
        if self.ranges.len() > MAX_GAPS {
            self.ranges.remove(0);
        }
    }

    /// Those of which it is known when they began.
    pub(crate) fn without_beginning(&self) -> Self {
        Self { ranges: self.ranges.iter().copied().filter(|(from, _)| *from > i64::MIN).collect() }
    }

    /// Whether there is one within these times.
    pub(crate) fn touch(&self, since: i64, until: i64) -> bool {
        self.ranges.iter().any(|(from, to)| *from < until && since < *to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_touch_what_they_overlap() {
        let mut gaps = Gaps::before(100);
        gaps.add(200, 250);
        gaps.add(240, 300);
        gaps.add(400, 400);
        let check = |since, until, expected| assert_eq!(gaps.touch(since, until), expected, "{since} {until}");
        check(0, 50, true);
        check(99, 150, true);
        check(100, 200, false);
        check(150, 201, true);
        check(299, 350, true);
        check(300, 500, false);
        assert!(!Gaps::default().touch(i64::MIN, i64::MAX));
        (0..200).for_each(|at| gaps.add(1_000 + at * 10, 1_005 + at * 10));
        assert_eq!(gaps.ranges.len(), MAX_GAPS);
    }
}
