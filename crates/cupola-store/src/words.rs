//! Words of texts, as filters know them and queries ask for them.
//!
//! A token is a run of `A-Z a-z 0-9 _` and of bytes beyond ASCII, as long as it goes; of a longer one than 64 bytes, the first 64.
//! Upper and lower case are one. What this page says is part of the file format: a filter that was written knows no other hash.

/// So much of a token counts.
pub(crate) const LONGEST: usize = 64;

const IS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte >= 128 || byte == b'_' as usize || (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// The tokens of a text, in its own case.
pub(crate) fn tokens(text: &[u8]) -> Tokens<'_> {
    Tokens { rest: text }
}

/// Whether the byte can stand in a token.
pub(crate) fn is_word(byte: u8) -> bool {
    IS_WORD[usize::from(byte)]
}

/// Iterates over tokens.
#[derive(Clone, Debug)]
pub(crate) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = self.rest.iter().position(|byte| is_word(*byte))?;
        let from = &self.rest[start..];
        let len = from.iter().position(|byte| !is_word(*byte)).unwrap_or(from.len());
        self.rest = &from[len..];
        Some(&from[..len.min(LONGEST)])
    }
}

/// The number that stands for a token, whatever its case.
pub(crate) fn hash(token: &[u8]) -> u64 {
    let token = &token[..token.len().min(LONGEST)];
    let mut state = 0x9e37_79b9_7f4a_7c15 ^ token.len() as u64;
    let (eights, rest) = token.as_chunks::<8>();
    for eight in eights {
        state = mix(state ^ lower(u64::from_le_bytes(*eight)));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(state ^ lower(u64::from_le_bytes(last)))
}

/// The number that stands for bytes that have no case.
pub(crate) fn hash_id(bytes: &[u8]) -> u64 {
    let mut state = 0xd6e8_feb8_6659_fd93 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        state = mix(state ^ u64::from_le_bytes(eight));
    }
    state
}

/// A multiplication whose upper half comes back in: each bit of the outcome hangs on each bit that came in.
fn mix(word: u64) -> u64 {
    let product = u128::from(word ^ 0xa076_1d64_78bd_642f) * u128::from(0xe703_7ed1_a0b4_28db_u64);
    #[allow(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    let low = product as u64;
    low ^ (product >> 64) as u64
}

/// Eight bytes at once: those between `A` and `Z` get the bit that makes them lower-case.
fn lower(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let ascii = word & (0x7f * ONES);
    let from_a = ascii + (0x80 - 0x41) * ONES;
    let beyond_z = ascii + (0x80 - 0x5b) * ONES;
    let upper = from_a & !beyond_z & !word & (0x80 * ONES);
    word | (upper >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_words() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<&[u8]> = tokens(text.as_bytes()).collect();
            assert_eq!(found, expected.iter().map(|token| token.as_bytes()).collect::<Vec<_>>(), "{text}");
        };
        check("", &[]);
        check(" -- ", &[]);
        check("GET /api/v1/vms/{vm_id}", &["GET", "api", "v1", "vms", "vm_id"]);
        check("Größe: 3.5GB", &["Größe", "3", "5GB"]);
        let long = "x".repeat(100);
        check(&format!("{long} y"), &[&long[..64], "y"]);
    }

    #[test]
    fn a_word_has_one_number_in_either_case_and_another_word_another() {
        assert_eq!(hash(b"Connection_REFUSED"), hash(b"connection_refused"));
        assert_ne!(hash(b"connection"), hash(b"connections"));
        assert_ne!(hash(b"a"), hash(b"a\0"));
        assert_ne!(hash(b"`"), hash(b"@"), "only letters have a case");
        assert_ne!(hash(b"{"), hash(b"["));
        assert_eq!(hash(b"AZaz09_"), hash(b"azaz09_"));
        assert_ne!(hash("Ä".as_bytes()), hash("ä".as_bytes()), "beyond ASCII each case is itself");
    }

    #[test]
    fn lower_case_by_eights_is_lower_case_by_one() {
        for byte in 0..=255_u8 {
            for place in 0..8 {
                let mut eight = [b'Q'; 8];
                eight[place] = byte;
                assert_eq!(lower(u64::from_le_bytes(eight)).to_le_bytes(), eight.map(|byte| byte.to_ascii_lowercase()));
            }
        }
    }
}
