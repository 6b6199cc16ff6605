//! Fields that are encoded once and written into many lines.

use crate::key::Key;
use crate::out::Out;
use crate::value::FieldValue;

/// More than this is not kept for one set of fields: it would be copied into each line.
const MAX_BYTES: usize = 64 * 1024;

/// The fields of a span or a context in their encoded form: encoded when they are set, copied into each line.
///
/// Setting a name again replaces its value. [`LineWriter::fields`](crate::LineWriter::fields) writes them.
///
/// ```
/// use cupola_line::{EncodedFields, FieldValue, Key};
///
/// let mut fields = EncodedFields::new();
/// fields.set(Key::new("vm_id"), FieldValue::Str("vm-7"));
/// fields.set(Key::new("tries"), FieldValue::U64(1));
/// fields.set(Key::new("vm_id"), FieldValue::Str("vm-8"));
/// assert_eq!(fields.as_bytes(), br#","tries":1,"vm_id":"vm-8""#);
/// ```
#[derive(Clone, Debug, Default)]
pub struct EncodedFields {
    /// One after the other, each as `,"name":value`.
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    dropped: u32,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u64,
    end: usize,
}

impl EncodedFields {
    /// Makes an empty set; it allocates with the first field.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a field. One that would make the set too large is left out and counted; an older value of its name goes too.
    pub fn set(&mut self, key: Key<'_>, value: FieldValue<'_>) {
        self.remove(key);
        let before = self.bytes.len();
        let mut out = Out::new(&mut self.bytes);
        key.write(&mut out);
        value.encode(&mut out);
        out.finish();
        if self.bytes.len() > MAX_BYTES {
            self.bytes.truncate(before);
            self.dropped += 1;
            return;
        }
        self.entries.push(Entry { hash: key.hash(), end: self.bytes.len() });
    }

    /// Sets what another set holds: where both have a name, the other's value stays.
    ///
    /// ```
    /// use cupola_line::{EncodedFields, FieldValue, Key};
    ///
    /// let (mut fields, mut later) = (EncodedFields::new(), EncodedFields::new());
    /// fields.set(Key::new("tries"), FieldValue::U64(1));
    /// later.set(Key::new("tries"), FieldValue::U64(2));
    /// fields.merge(&later);
    /// assert_eq!(fields.as_bytes(), br#","tries":2"#);
    /// ```
    pub fn merge(&mut self, later: &Self) {
        for (hash, encoded) in later.entries() {
            self.remove_hash(hash);
            if self.bytes.len() + encoded.len() > MAX_BYTES {
                self.dropped += 1;
                continue;
            }
            self.bytes.extend_from_slice(encoded);
            self.entries.push(Entry { hash, end: self.bytes.len() });
        }
        self.dropped += later.dropped;
    }

    /// Removes a field, if it is there.
    pub fn remove(&mut self, key: Key<'_>) {
        self.remove_hash(key.hash());
    }

    fn remove_hash(&mut self, hash: u64) {
        let Some(index) = self.entries.iter().position(|entry| entry.hash == hash) else { return };
        let (start, end) = (self.start(index), self.entries[index].end);
        self.bytes.drain(start..end);
        self.entries.remove(index);
        for entry in &mut self.entries[index..] {
            entry.end -= end - start;
        }
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.entries[before].end)
    }

    /// Forgets all fields and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.dropped = 0;
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many fields did not fit.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The encoded fields, each as `,"name":value`.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each field's hash and encoded form.
    #[inline]
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let encoded = &self.bytes[start..entry.end];
            start = entry.end;
            (entry.hash, encoded)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fields: &EncodedFields) -> &str {
        std::str::from_utf8(fields.as_bytes()).unwrap()
    }

    #[test]
    fn replacing_and_removing_keeps_the_others() {
        let mut fields = EncodedFields::new();
        for (name, number) in [("a", 1), ("b", 22), ("c", 333), ("a", 4444), ("c", 5)] {
            fields.set(Key::new(name), FieldValue::U64(number));
        }
        assert_eq!(text(&fields), r#","b":22,"a":4444,"c":5"#);
        fields.remove(Key::new("a"));
        fields.remove(Key::new("absent"));
        assert_eq!(text(&fields), r#","b":22,"c":5"#);
        let parts: Vec<_> = fields.entries().map(|(_, encoded)| encoded).collect();
        assert_eq!(parts, [br#","b":22"#.as_slice(), br#","c":5"#]);
        fields.clear();
        assert!(fields.is_empty() && text(&fields).is_empty());
    }

    #[test]
    fn a_set_is_bounded() {
        let (mut fields, long) = (EncodedFields::new(), "x".repeat(10_000));
        for number in 0..10 {
            fields.set(Key::new(&format!("field_{number}")), FieldValue::Str(&long));
        }
        assert_eq!((fields.len(), fields.dropped()), (6, 4));
        assert!(fields.as_bytes().len() <= MAX_BYTES);
    }
}
