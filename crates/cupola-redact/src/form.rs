//! What stands in the place of a masked value.

use std::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::REDACTED;
use crate::tally::Rule;

/// What stands in the place of a masked value; by default `[REDACTED]`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Form {
    /// `[REDACTED]`: no length, no prefix, the same for every secret.
    #[default]
    Fixed,
    /// The rule beside it: `[REDACTED:jwt]`.
    Typed,
    /// A known scheme stays, as in `Bearer [REDACTED]`; what has none is masked whole.
    Scheme,
    /// The last four characters of a value that has at least sixteen; what stands under a denied name stays masked whole.
    LastFour,
    /// The same text for the same value, which nobody can undo or guess without the key.
    Pseudonym(PseudonymKey),
    /// The member, parameter or cookie goes with its name; where nothing can be taken out, as [`Form::Fixed`].
    Remove,
}

/// A value that is longer than this is masked whole by every form.
pub(crate) const LONGEST: usize = 4096;

/// A shorter value would be given away by its last four.
const LEAST_FOR_LAST_FOUR: usize = 16;

/// The key of pseudonyms, and the id by which they name it.
///
/// The same value under the same class of rule has the same pseudonym, so that entries can be joined; a new key begins
/// a new set, which its id tells. Keep the key where secrets are kept: with it, short values can be guessed.
///
/// ```
/// use cupola_redact::{Form, KeyPolicy, PseudonymKey};
///
/// let key = PseudonymKey::new("k1", b"a key of at least sixteen bytes")?;
/// let policy = KeyPolicy::builder().form(Form::Pseudonym(key)).build()?;
/// let query = policy.query("token=abc&other=1");
/// assert_eq!(query, policy.query("token=abc&other=1"));
/// assert!(query.as_str().starts_with("token=[k1:"), "{query}");
/// # Ok::<(), cupola_redact::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct PseudonymKey {
    id: Box<str>,
    mac: Hmac<Sha256>,
}

/// A shorter key can be guessed together with the values.
const LEAST_KEY: usize = 16;
const MAX_ID: usize = 16;

impl PseudonymKey {
    /// A key of at least sixteen bytes; the id has up to sixteen letters, digits, `-` or `_`.
    pub fn new(id: &str, key: &[u8]) -> Result<Self, crate::PolicyError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(is_plain) {
            return Err(crate::PolicyError::key_id(id));
        }
        if key.len() < LEAST_KEY {
            return Err(crate::PolicyError::short_key(id));
        }
        let mac = Hmac::new_from_slice(key).expect("HMAC takes a key of any length");
        Ok(Self { id: id.into(), mac })
    }

    /// The class is part of what is hashed: a card number and a password that look the same do not show as the same.
    fn push_pseudonym(&self, out: &mut String, rule: Rule, value: &str) {
        let mut mac = self.mac.clone();
        mac.update(rule.as_str().as_bytes());
        mac.update(b"\0");
        mac.update(value.as_bytes());
        out.push('[');
        out.push_str(&self.id);
        out.push(':');
        for byte in &mac.finalize().into_bytes()[..12] {
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
        out.push(']');
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Without the key.
impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PseudonymKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The forms of one policy: one for all rules, and others for some.
#[derive(Debug, Clone, Default)]
pub(crate) struct Forms {
    pub(crate) all: Form,
    pub(crate) by_rule: Vec<(Rule, Form)>,
}

impl Forms {
    /// Whether every mask is the fixed text.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.all, Form::Fixed) && self.by_rule.iter().all(|(_, form)| matches!(form, Form::Fixed))
    }

    pub(crate) fn of(&self, rule: Rule) -> &Form {
        self.by_rule.iter().find(|(own, _)| *own == rule).map_or(&self.all, |(_, form)| form)
    }

    /// Whether the mask cannot be written before the value was seen.
    pub(crate) fn looks_at_value(&self, rule: Rule) -> bool {
        matches!(self.of(rule), Form::Scheme | Form::LastFour | Form::Pseudonym(_))
    }

    /// Writes the mask of a value that is known as a whole; what was masked before stays as it is.
    pub(crate) fn write(&self, out: &mut String, rule: Rule, value: &str) {
        let form = self.of(rule);
        if form.has_written(value) {
            return out.push_str(value);
        }
        match form {
            Form::Typed => push_typed(out, rule),
            Form::Scheme => push_scheme(out, value),
            Form::LastFour => push_last_four(out, rule, value),
            Form::Pseudonym(key) if value.len() <= LONGEST => key.push_pseudonym(out, rule, value),
            _ => out.push_str(REDACTED),
        }
    }

    /// Writes the mask of a value that is not known as a whole.
    pub(crate) fn write_unseen(&self, out: &mut String, rule: Rule) {
        if let Form::Typed = self.of(rule) { push_typed(out, rule) } else { out.push_str(REDACTED) }
    }
}

fn push_typed(out: &mut String, rule: Rule) {
    out.push_str("[REDACTED:");
    out.push_str(rule.as_str());
    out.push(']');
}

fn push_scheme(out: &mut String, value: &str) {
    if let Some(scheme) = crate::header::scheme(value) {
        out.push_str(scheme);
        out.push(' ');
    }
    out.push_str(REDACTED);
}

/// Passwords and one-time codes stand under names: of these nothing is shown.
fn push_last_four(out: &mut String, rule: Rule, value: &str) {
    out.push_str(REDACTED);
    let is_named = matches!(rule, Rule::Name | Rule::Selector | Rule::NotAllowed | Rule::PrivateKey | Rule::Userinfo);
    if !is_named && value.len() >= LEAST_FOR_LAST_FOUR && value.len() <= LONGEST {
        let tail = value.len() - 4;
        if let Some(last) = value.get(tail..).filter(|last| last.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            out.push_str("..");
            out.push_str(last);
        }
    }
}

impl Form {
    /// Whether the value is a mask that this form has written before.
    fn has_written(&self, value: &str) -> bool {
        let Some(inside) = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else { return false };
        match (self, inside.split_once(':')) {
            (_, None) => inside == "REDACTED",
            (Self::Typed, Some(("REDACTED", rule))) => Rule::ALL.iter().any(|known| known.as_str() == rule),
            (Self::Pseudonym(key), Some((id, digest))) => {
                *key.id == *id && digest.len() == 24 && digest.bytes().all(|byte| HEX.contains(&byte))
            }
            _ => false,
        }
    }
}
