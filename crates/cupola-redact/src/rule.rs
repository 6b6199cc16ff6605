//! The default deny list: which names say that their value is a secret.
//!
//! A substring such as `token` or `auth` would mask `max_tokens` and `author`, which people need in a log. So
//! long, telling stems count anywhere in a name, and short words only as the last word.

use crate::name::Name;

/// What to do with the value that stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// The value may be shown.
    Keep,
    /// The value is a secret, whatever its type; `null`, `true` and `false` may stay.
    Mask,
    /// A number may be shown, anything else is a secret: `"tokens": 12` counts, `"tokens": ["..."]` reveals.
    MaskUnlessNumber,
}

/// Where a name stands: some names tell in one place only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Position {
    /// A field of a log line or of a context, which the application has named and filled itself. Here a `session_id` is
    /// what joins entries, as an order's number does.
    Field,
    /// A member of JSON, a name in a header or in a text: what came over the wire.
    Body,
    /// A name in a query, a form or a fragment.
    Url,
}

/// Denied wherever they stand in the squashed name, whatever the value's type.
#[rustfmt::skip]
const STRONG: &[&[u8]] = &[
    b"password", b"passwd", b"passphrase", b"passcode",
    b"apikey", b"apitoken", b"apisecret",
    b"secretkey", b"accesskey", b"privatekey", b"signingkey", b"encryptionkey", b"masterkey", b"accountkey",
    b"subscriptionkey", b"functionskey", b"sharedkey", b"authkey", b"sessionkey", b"hmackey",
    b"clientsecret", b"clientassertion", b"codeverifier", b"credential", b"authorization", b"connectionstring",
    b"sessionid", b"sessid",
    b"cardnumber", b"creditcard",
    b"seedphrase", b"mnemonic", b"recoverycode", b"backupcode", b"securityanswer",
    b"samlrequest", b"samlresponse",
];

/// No word that tells is shorter: `pw`.
const SHORTEST_WEAK: usize = 2;

/// A longer word is read with the care that all others are.
const LONGEST_PLAIN: usize = 16;

/// The shortest of [`STRONG`]: a shorter name needs no search.
const SHORTEST_STRONG: usize = 6;

/// One bit for the hash of each stem's first four letters: nearly all places in nearly all names have no such bit.
const STRONG_HEADS: [u64; 8] = {
    let mut heads = [0; 8];
    let mut index = 0;
    while index < STRONG.len() {
        let stem = STRONG[index];
        let hash = head_hash(u32::from_le_bytes([stem[0], stem[1], stem[2], stem[3]]));
        heads[hash / 64] |= 1 << (hash % 64);
        index += 1;
    }
    heads
};

const fn head_hash(head: u32) -> usize {
    (head.wrapping_mul(0x9E37_79B1) >> 23) as usize
}

const fn is_strong_head(head: u32) -> bool {
    let hash = head_hash(head);
    STRONG_HEADS[hash / 64] >> (hash % 64) & 1 == 1
}

/// Judges a name that is one short word of small letters, without reading it into a [`Name`]; most names are.
#[inline]
pub(crate) fn judge_plain(name: &[u8], position: Position) -> Option<Verdict> {
    if name.len() > LONGEST_PLAIN || !name.iter().all(u8::is_ascii_lowercase) {
        return None;
    }
    if name.windows(4).any(|head| is_strong_head(u32::from_le_bytes([head[0], head[1], head[2], head[3]]))) {
        return None;
    }
    let is_telling = position == Position::Url && matches!(name, b"key" | b"code" | b"policy");
    Some(if is_telling { Verdict::Mask } else { weak(name) })
}

/// Judges a name by the default list.
#[inline]
pub(crate) fn judge(name: &Name, position: Position) -> Verdict {
    if name.squashed().len() < SHORTEST_WEAK {
        return Verdict::Keep;
    }
    if position == Position::Field && name.squashed() == b"sessionid" {
        return Verdict::Keep;
    }
    if has_strong_stem(name) {
        return Verdict::Mask;
    }
    let verdict = judge_words(name);
    if verdict == Verdict::Keep && position == Position::Url && is_telling_in_url(name) {
        return Verdict::Mask;
    }
    verdict
}

/// Whether the name is itself one of the strong stems, so that nobody may keep it by an oversight.
pub(crate) fn is_strong(name: &Name) -> bool {
    STRONG.contains(&name.squashed())
}

/// The same for a decoded name as it stands in a body.
pub(crate) fn is_strong_name(name: &[u8]) -> bool {
    is_strong(&Name::new(name))
}

/// Whether a strong stem stands anywhere in the name.
#[inline]
pub(crate) fn has_strong_stem(name: &Name) -> bool {
    let letters = name.squashed();
    if letters.len() < SHORTEST_STRONG {
        return false;
    }
    (0..=letters.len() - SHORTEST_STRONG).any(|index| is_strong_head(name.four_letters(index)) && stem_at(name, index))
}

#[cold]
fn stem_at(name: &Name, index: usize) -> bool {
    let rest = &name.squashed()[index..];
    STRONG.iter().any(|stem| {
        // `session_idle_timeout` is no session id: a stem on `id` has to end its word.
        rest.starts_with(stem)
            && (!stem.ends_with(b"id") || name.is_boundary(index + stem.len()) || rest[stem.len()] == b's')
    })
}

#[inline]
fn judge_words(name: &Name) -> Verdict {
    let last = name.last_word();
    let hard = name.last_hard_word();
    let verdict = match weak(last) {
        Verdict::Keep if hard.len() != last.len() => weak(hard),
        verdict => verdict,
    };
    let tells = || is_one_time_code(name, last) || has_secret_word(name);
    if verdict == Verdict::Keep && !name.is_single() && tells() { Verdict::Mask } else { verdict }
}

/// Words that tell at the end of a name; their plurals may count things.
#[inline]
fn weak(word: &[u8]) -> Verdict {
    match word {
        b"cookie" | b"auth" | b"authentication" | b"pwd" | b"pass" | b"pw" | b"otp" | b"totp" | b"pin" | b"pincode"
        | b"cvv" | b"cvc" | b"ssn" | b"iban" | b"sid" | b"session" | b"sig" | b"signature" | b"csrf" | b"xsrf"
        | b"secret" | b"jwt" | b"userpass" | b"dbpass" => Verdict::Mask,
        b"cookies" | b"secrets" | b"sessions" | b"signatures" | b"otps" | b"pins" | b"jwts" => {
            Verdict::MaskUnlessNumber
        }
        _ => glued(word),
    }
}

/// `accesstoken` and `clientsecret` are written as one word too, and no other word ends like them.
#[inline]
fn glued(word: &[u8]) -> Verdict {
    let tells = |stem: &[u8]| word.ends_with(stem);
    match word.last() {
        Some(b'n') if tells(b"token") => Verdict::Mask,
        Some(b't') if tells(b"secret") || tells(b"jwt") => Verdict::Mask,
        Some(b'e') if tells(b"cookie") => Verdict::Mask,
        Some(b'd') if tells(b"pwd") => Verdict::Mask,
        Some(b's') if tells(b"tokens") => Verdict::MaskUnlessNumber,
        _ => Verdict::Keep,
    }
}

/// `sms_code` and `2fa_code` open a door; `status_code` and `zip_code` do not.
fn is_one_time_code(name: &Name, last: &[u8]) -> bool {
    let before = || name.second_last_word();
    matches!(last, b"code" | b"codes")
        && matches!(
            before(),
            b"mfa" | b"totp" | b"otp" | b"sms" | b"fa" | b"tfa" | b"verification" | b"recovery" | b"backup"
        )
}

/// `secret` and `jwt` tell wherever they are a whole word; `secretary` is another word.
fn has_secret_word(name: &Name) -> bool {
    let letters = name.squashed();
    let is_word_at =
        |index: usize, word: &[u8]| letters[index..].starts_with(word) && name.is_boundary(index + word.len());
    name.word_starts().any(|index| match letters[index] {
        b's' => is_word_at(index, b"secret") || is_word_at(index, b"secrets"),
        b'j' => is_word_at(index, b"jwt"),
        _ => false,
    })
}

/// Bearer-equivalent in a link, everyday words elsewhere.
fn is_telling_in_url(name: &Name) -> bool {
    name.is_single() && matches!(name.squashed(), b"key" | b"code" | b"policy")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(name: &str, position: Position) -> Verdict {
        judge(&Name::new(name.as_bytes()), position)
    }

    #[test]
    fn stems_fit_the_prefilter() {
        assert_eq!(STRONG.iter().map(|stem| stem.len()).min(), Some(SHORTEST_STRONG));
        assert!(STRONG.iter().flat_map(|stem| stem.iter()).all(u8::is_ascii_lowercase));
    }

    /// The table in the documentation is the list.
    #[test]
    fn the_documentation_names_every_stem() {
        let table = include_str!("lib.rs").lines().find(|line| line.starts_with("//! | strong")).expect("the table");
        let named: Vec<String> = table
            .split('|')
            .nth(2)
            .expect("the names")
            .split(',')
            .flat_map(|names| {
                let mut alternatives = names.split('/');
                let first = alternatives.next().unwrap_or_default().trim().to_owned();
                let stem = first.rsplit_once(' ').map_or("", |(stem, _)| stem).to_owned();
                let others: Vec<String> = alternatives.map(|last| format!("{stem} {last}")).collect();
                std::iter::once(first).chain(others)
            })
            .map(|name| name.replace(' ', ""))
            .collect();
        for stem in STRONG {
            let stem = String::from_utf8_lossy(stem);
            assert!(named.contains(&stem.clone().into_owned()), "{stem} is not in the table");
        }
        assert_eq!(named.len(), STRONG.len(), "{named:?}");
    }

    #[test]
    fn some_words_tell_in_a_url_only() {
        for name in ["key", "code", "Policy"] {
            assert_eq!(verdict(name, Position::Url), Verdict::Mask, "{name}");
            assert_eq!(verdict(name, Position::Body), Verdict::Keep, "{name}");
        }
    }
}
