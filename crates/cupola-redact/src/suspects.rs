//! Which of many texts may hold a secret: all of them are looked at at once, and most are known to hold none without a look at each.

use crate::KeyPolicy;
use crate::block::next_mark;
use crate::pattern::Sought;
use crate::text::keeps_all;
use crate::verdicts::Verdicts;

/// Texts one behind the other.
struct Texts<'t> {
    bytes: &'t [u8],
    ends: &'t [u32],
}

/// The numbers of those that [`crate::text::mask_free`] may change, ascending.
pub(crate) fn of(policy: &KeyPolicy, bytes: &[u8], ends: &[u32]) -> Vec<u32> {
    let texts = Texts { bytes, ends };
    let Some(sought) = Sought::new(policy).filter(|_| texts.are_whole()) else {
        return (0..).take(ends.len()).collect();
    };
    let mut suspects = Vec::new();
    Verdicts::lend(policy.id(), |verdicts| {
        let mut has_name =
            |text: &[u8]| !keeps_all(policy, text, |name, position| verdicts.keeps(policy, name, position));
        texts.each_at(
            |from| next_mark(bytes, from),
            |place, text| {
                if has_name(text) {
                    suspects.push(place);
                }
            },
        );
        // Each text for itself: what stands before the first byte of one, and the digits of another, are none of its.
        texts.each(|place, text| {
            if text.first() == Some(&b'-') && has_name(text) || sought.has_card(text) {
                suspects.push(place);
            }
        });
    });
    texts.each_at(
        |from| sought.needle(bytes, from),
        |place, text| {
            if std::str::from_utf8(text).map_or(true, |text| sought.is_in(text)) {
                suspects.push(place);
            }
        },
    );
    suspects.sort_unstable();
    suspects.dedup();
    suspects
}

impl<'t> Texts<'t> {
    /// Each ends where the next one begins, and the last one where the bytes end.
    fn are_whole(&self) -> bool {
        self.ends.is_sorted() && self.ends.last().map_or(0, |end| *end as usize) == self.bytes.len()
    }

    #[inline]
    fn each(&self, mut judge: impl FnMut(u32, &'t [u8])) {
        let mut start = 0;
        for (place, end) in (0..).zip(self.ends) {
            judge(place, &self.bytes[start..*end as usize]);
            start = *end as usize;
        }
    }

    /// Judges each text in which there is something, once.
    #[inline]
    fn each_at(&self, next: impl Fn(usize) -> Option<usize>, mut judge: impl FnMut(u32, &'t [u8])) {
        let (mut place, mut from) = (0, 0);
        while let Some(at) = next(from) {
            let mut start = from;
            while self.ends[place] as usize <= at {
                start = self.ends[place] as usize;
                place += 1;
            }
            from = self.ends[place] as usize;
            judge(u32::try_from(place).unwrap_or(u32::MAX), &self.bytes[start..from]);
        }
    }
}
