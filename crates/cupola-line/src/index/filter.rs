//! Bloom filters of ids: whatever one of them denies is not there.

use xxhash_rust::xxh3::xxh3_64;

/// With these two, one id in 400 is not denied though it is not there.
const BITS_AN_ID: usize = 12;
const PROBES: u32 = 8;
/// The bits of few ids are not to fill it.
const LEAST_BYTES: usize = 32;

/// The hash under which an id is kept, by its text: what it says if it is a text, as it stands there if not.
#[inline]
pub fn id_hash(text: &[u8]) -> u64 {
    xxh3_64(text)
}

/// Appends a filter of these ids. They are sorted, and each is kept once.
pub(super) fn write(ids: &mut Vec<u64>, out: &mut Vec<u8>) {
    ids.sort_unstable();
    ids.dedup();
    let start = out.len();
    let length = (ids.len() * BITS_AN_ID).div_ceil(8).max(LEAST_BYTES);
    out.resize(start + if ids.is_empty() { 0 } else { length }, 0);
    let filter = &mut out[start..];
    for id in ids.iter() {
        for bit in bits(*id, filter.len()) {
            filter[bit / 8] |= 1 << (bit % 8);
        }
    }
}

/// Whether an id may be among them.
#[inline]
pub(super) fn may_hold(filter: &[u8], id: u64) -> bool {
    !filter.is_empty() && bits(id, filter.len()).all(|bit| filter[bit / 8] & (1 << (bit % 8)) != 0)
}

/// The bits of an id, each by a multiplication in place of a division.
#[inline]
fn bits(id: u64, bytes: usize) -> impl Iterator<Item = usize> {
    let (first, step) = (id as u32, (id >> 32) as u32 | 1);
    let size = bytes as u64 * 8;
    (0..PROBES).map(move |probe| {
        let hash = first.wrapping_add(probe.wrapping_mul(step));
        ((u64::from(hash) * size) >> 32) as usize
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_never_denied_and_little_else_is_held() {
        for count in [0_u64, 1, 2, 100, 2_000] {
            let hash = |number: u64| id_hash(&number.to_le_bytes());
            let (mut ids, mut filter) = ((0..count).chain(0..count).map(hash).collect(), Vec::new());
            write(&mut ids, &mut filter);
            assert!(
                filter.len() <= (count as usize * BITS_AN_ID).div_ceil(8).max(32) && (count > 0 || filter.is_empty())
            );
            assert!((0..count).all(|number| may_hold(&filter, hash(number))));
            let wrong = (count..count + 100_000).filter(|number| may_hold(&filter, hash(*number))).count();
            assert!(wrong < 600, "{wrong} of 100,000 at {count}");
        }
    }
}
