//! A body without end that shows every byte that is lost, doubled or changed.

/// Gives or checks the pieces of a body, from its beginning on.
#[derive(Clone, Debug)]
pub struct Pattern {
    period: Vec<u8>,
    at: usize,
}

/// What stands before the pattern where it is a text in a JSON object, after a secret.
pub const JSON_HEAD: &str = r#"{"password":"hunter2","data":""#;
/// What ends that object.
pub const JSON_TAIL: &str = r#""}"#;

/// A prime: no buffer's length is a multiple of it.
const PERIOD: usize = 65_521;

impl Default for Pattern {
    fn default() -> Self {
        // Letters only, so that it can stand in a JSON text.
        let letter = |index: usize| b'a' + (index * index % 26) as u8;
        let period: Vec<u8> = (0..PERIOD).map(letter).collect();
        Self { period, at: 0 }
    }
}

impl Pattern {
    /// The next piece, up to `most` bytes.
    pub fn next(&mut self, most: usize) -> &[u8] {
        let start = self.at;
        let end = PERIOD.min(start + most);
        self.at = end % PERIOD;
        &self.period[start..end]
    }

    /// Whether these bytes come next.
    pub fn continues_with(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let piece = self.next(bytes.len()).len();
            let start = (self.at + PERIOD - piece) % PERIOD;
            if bytes[..piece] != self.period[start..start + piece] {
                return false;
            }
            bytes = &bytes[piece..];
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_that_is_lost_is_seen() {
        let mut whole = Vec::new();
        let mut given = Pattern::default();
        while whole.len() < 3 * PERIOD {
            whole.extend_from_slice(given.next(10_000));
        }
        let mut checked = Pattern::default();
        assert!(whole.chunks(777).all(|piece| checked.continues_with(piece)));
        whole.remove(100_000);
        assert!(!Pattern::default().continues_with(&whole));
    }
}
