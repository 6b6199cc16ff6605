//! Protobuf's wire format, as far as it is written here.

/// Appends one field after another to a buffer. What is zero or empty is left out, as proto3 does.
#[derive(Debug)]
pub(crate) struct Wire<'a>(pub(crate) &'a mut Vec<u8>);

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const LENGTH: u8 = 2;
const FIXED32: u8 = 5;

impl Wire<'_> {
    pub(crate) fn uint(&mut self, field: u8, value: u64) {
        if value != 0 {
            self.always_uint(field, value);
        }
    }

    /// A member of a oneof says that it is there even where it is zero.
    pub(crate) fn always_uint(&mut self, field: u8, value: u64) {
        self.tag(field, VARINT);
        varint(self.0, value);
    }

    pub(crate) fn fixed32(&mut self, field: u8, value: u32) {
        if value != 0 {
            self.tag(field, FIXED32);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
    }

    pub(crate) fn fixed64(&mut self, field: u8, value: u64) {
        if value != 0 {
            self.always_fixed64(field, value);
        }
    }

    pub(crate) fn always_fixed64(&mut self, field: u8, value: u64) {
        self.tag(field, FIXED64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, field: u8, value: &[u8]) {
        if !value.is_empty() {
            self.always_bytes(field, value);
        }
    }

    pub(crate) fn always_bytes(&mut self, field: u8, value: &[u8]) {
        self.tag(field, LENGTH);
        varint(self.0, value.len() as u64);
        self.0.extend_from_slice(value);
    }

    /// A message within the message.
    pub(crate) fn message(&mut self, field: u8, write: impl FnOnce(&mut Wire<'_>)) {
        self.tag(field, LENGTH);
        // Most are short enough for a length of one byte; what follows is moved where one is not.
        let at = self.0.len();
        self.0.push(0);
        write(&mut Wire(self.0));
        let length = self.0.len() - at - 1;
        match u8::try_from(length) {
            Ok(short) if short < 0x80 => self.0[at] = short,
            _ => {
                let mut prefix = Vec::with_capacity(10);
                varint(&mut prefix, length as u64);
                self.0.splice(at..=at, prefix);
            }
        }
    }

    fn tag(&mut self, field: u8, wire_type: u8) {
        varint(self.0, u64::from(field) << 3 | u64::from(wire_type));
    }
}

pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How many bytes the head of a length-delimited field below 16 takes.
pub(crate) fn head_length(length: usize) -> usize {
    let bits = usize::BITS - length.leading_zeros();
    1 + (bits.max(1) as usize).div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_gets_the_length_it_needs() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 70_000] {
            let mut out = Vec::new();
            Wire(&mut out).message(2, |inner| inner.0.extend(std::iter::repeat_n(7, length)));
            let mut expected = vec![0x12];
            varint(&mut expected, length as u64);
            assert_eq!(head_length(length), expected.len());
            expected.extend(std::iter::repeat_n(7, length));
            assert!(out == expected, "{length}");
        }
    }

    #[test]
    fn fields_as_protobuf_wants_them() {
        let mut out = Vec::new();
        let mut wire = Wire(&mut out);
        wire.uint(1, 300);
        wire.uint(2, 0);
        wire.fixed32(16, 1);
        wire.bytes(3, b"ab");
        wire.bytes(3, b"");
        wire.fixed64(4, 2);
        assert_eq!(out, [8, 0xac, 2, 0x85, 1, 1, 0, 0, 0, 26, 2, b'a', b'b', 33, 2, 0, 0, 0, 0, 0, 0, 0]);
    }
}
