//! Lines by the value of a field, with the durations of each.

use rustc_hash::FxHashMap;

use super::histogram::Histogram;

/// Of more groups than this, those that come least are forgotten.
const MAX_GROUPS: usize = 2_048;
/// What one thread counts for itself.
const MAX_PART: usize = 256;
/// Texts that have so many bytes in common are one.
const MAX_KEY_BYTES: usize = 512;

/// What is counted of one value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) errors: u64,
    pub(crate) durations: Histogram,
}

impl Group {
    #[inline]
    pub(crate) fn add(&mut self, is_error: bool, duration: Option<f64>) {
        self.count += 1;
        self.errors += u64::from(is_error);
        if let Some(duration) = duration {
            self.durations.add(duration);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.errors += other.errors;
        self.durations.merge(&other.durations);
    }
}

/// Counts by value: exact as long as there are few enough values, and then at most `excess` too high.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: FxHashMap<Box<[u8]>, Group>,
    pub(crate) excess: u64,
}

impl Groups {
    #[inline]
    pub(crate) fn add(&mut self, key: &[u8], is_error: bool, duration: Option<f64>) {
        let key = key.get(..MAX_KEY_BYTES).unwrap_or(key);
        if let Some(group) = self.groups.get_mut(key) {
            return group.add(is_error, duration);
        }
        self.groups.entry(key.into()).or_default().add(is_error, duration);
    }

    /// Whether a thread's own groups are to be handed over.
    pub(crate) fn is_full(&self) -> bool {
        self.groups.len() >= MAX_PART
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Takes all that a thread has counted.
    pub(crate) fn take(&mut self, part: &mut Self) {
        for (key, group) in part.groups.drain() {
            let new = || Group { count: self.excess, ..Group::default() };
            self.groups.entry(key).or_insert_with(new).merge(&group);
        }
        if self.groups.len() > MAX_GROUPS {
            self.forget();
        }
    }

    /// Forgets the half that comes least.
    fn forget(&mut self) {
        let mut counts: Vec<u64> = self.groups.values().map(|group| group.count).collect();
        let half = counts.len() / 2;
        let (_, count, _) = counts.select_nth_unstable(half);
        self.excess = *count;
        self.groups.retain(|_, group| group.count > self.excess);
    }

    /// The first so many, the most frequent first, and of equals in the order of the alphabet.
    pub(crate) fn first(&self, number: usize) -> Vec<(&[u8], &Group)> {
        let mut groups: Vec<_> = self.groups.iter().map(|(key, group)| (&**key, group)).collect();
        groups.sort_by(|(one, left), (other, right)| right.count.cmp(&left.count).then_with(|| one.cmp(other)));
        groups.truncate(number);
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_comes_often_is_not_forgotten() {
        let (mut sum, mut part) = (Groups::default(), Groups::default());
        for number in 0..30_000_u64 {
            part.add(format!("{:0600}", number % 10_000).as_bytes(), false, None);
            part.add(number.to_string().as_bytes(), false, Some(1.0));
            part.add(b"/often", number % 10 == 0, Some(number as f64));
            if part.is_full() {
                sum.take(&mut part);
            }
        }
        sum.take(&mut part);
        assert!(sum.len() <= MAX_GROUPS && sum.excess > 0);
        let first = sum.first(2);
        let long = vec![b'0'; MAX_KEY_BYTES];
        assert_eq!(first.iter().map(|(key, _)| *key).collect::<Vec<_>>(), [b"/often", &long[..]]);
        let often = first[0].1;
        assert_eq!((often.count, often.errors, often.durations.count()), (30_000, 3_000, 30_000));
    }
}
