//! Protobuf's wire format, as far as messages are written.

/// Writes the fields of a message. A number that is zero is left out, as proto3 has it.
#[derive(Debug, Default)]
pub(crate) struct Wire(pub(crate) Vec<u8>);

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;

impl Wire {
    fn tag(&mut self, field: u64, kind: u64) {
        self.varint(field << 3 | kind);
    }

    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    pub(crate) fn unsigned(&mut self, field: u64, number: u64) {
        if number != 0 {
            self.tag(field, VARINT);
            self.varint(number);
        }
    }

    /// A number of type `fixed64` or `sfixed64`. Zero is written too, here and below: it is not the absence of a value.
    #[cfg(feature = "otlp")]
    pub(crate) fn fixed(&mut self, field: u64, number: u64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    /// A list of numbers of type `fixed64` or `double`, packed.
    #[cfg(feature = "otlp")]
    pub(crate) fn fixed_list(&mut self, field: u64, numbers: impl Iterator<Item = u64>) {
        self.message(field, |list| numbers.for_each(|number| list.0.extend_from_slice(&number.to_le_bytes())));
    }

    /// A list of numbers of type `uint64`, packed.
    #[cfg(feature = "otlp")]
    pub(crate) fn varint_list(&mut self, field: u64, numbers: impl Iterator<Item = u64>) {
        self.message(field, |list| numbers.for_each(|number| list.varint(number)));
    }

    #[cfg(feature = "otlp")]
    pub(crate) fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.tag(field, BYTES);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    #[cfg(feature = "otlp")]
    pub(crate) fn always_text(&mut self, field: u64, text: &str) {
        self.bytes(field, text.as_bytes());
    }

    /// A number of type `sint32` or `sint64`.
    pub(crate) fn signed(&mut self, field: u64, number: i64) {
        self.unsigned(field, zigzag(number));
    }

    pub(crate) fn double(&mut self, field: u64, number: f64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(crate) fn text(&mut self, field: u64, text: &str) {
        if !text.is_empty() {
            self.tag(field, BYTES);
            self.varint(text.len() as u64);
            self.0.extend_from_slice(text.as_bytes());
        }
    }

    /// A list of numbers of type `sint64`, packed.
    pub(crate) fn signed_list(&mut self, field: u64, numbers: impl Iterator<Item = i64>) {
        self.message(field, |list| numbers.for_each(|number| list.varint(zigzag(number))));
    }

    pub(crate) fn message(&mut self, field: u64, write: impl FnOnce(&mut Self)) {
        self.tag(field, BYTES);
        self.delimited(1, write);
    }

    /// A message that is most often long enough for a length of two bytes.
    pub(crate) fn long_message(&mut self, field: u64, write: impl FnOnce(&mut Self)) {
        self.tag(field, BYTES);
        self.delimited(2, write);
    }

    /// A message with its length before it, for which so many bytes are kept free; what follows is moved where it needs
    /// another number of them.
    pub(crate) fn delimited(&mut self, room: usize, write: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.0.resize(start + room, 0);
        write(self);
        let mut length = self.0.len() - start - room;
        let (mut prefix, mut used) = ([0; 10], 0);
        while length >= 0x80 {
            prefix[used] = length as u8 | 0x80;
            (length, used) = (length >> 7, used + 1);
        }
        prefix[used] = length as u8;
        if used + 1 == room {
            self.0[start..start + room].copy_from_slice(&prefix[..room]);
        } else {
            self.0.splice(start..start + room, prefix[..=used].iter().copied());
        }
    }
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_protobuf_reads_them() {
        let mut wire = Wire::default();
        wire.unsigned(1, 150);
        wire.signed(2, -2);
        wire.text(3, "hi");
        wire.unsigned(4, 0);
        wire.signed_list(5, [1, -1].into_iter());
        wire.message(6, |inner| inner.text(1, &"x".repeat(200)));
        let mut expected =
            vec![0x08, 0x96, 0x01, 0x10, 3, 0x1a, 2, b'h', b'i', 0x2a, 2, 2, 1, 0x32, 0xcb, 1, 0x0a, 0xc8, 1];
        expected.extend([b'x'; 200]);
        assert_eq!(wire.0, expected);
    }
}
