//! Context fields: what a handler says about its request, shown on every later line.

use std::borrow::Cow;
use std::fmt;

/// The most fields of one context.
pub const MAX_FIELDS: usize = 32;
/// The most bytes of one context's fields, names and values together.
pub const MAX_FIELD_BYTES: usize = 8 * 1024;

/// The value of a context field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FieldValue {
    /// Text.
    Str(Cow<'static, str>),
    /// A signed number.
    I64(i64),
    /// An unsigned number.
    U64(u64),
    /// A floating-point number.
    F64(f64),
    /// Yes or no.
    Bool(bool),
}

impl FieldValue {
    fn bytes(&self) -> usize {
        if let Self::Str(text) = self { text.len() } else { 8 }
    }
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Str(text) => f.pad(text),
            Self::I64(number) => number.fmt(f),
            Self::U64(number) => number.fmt(f),
            Self::F64(number) => number.fmt(f),
            Self::Bool(flag) => flag.fmt(f),
        }
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),+ $(,)?) => {$(
        impl From<$type> for FieldValue {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )+};
}

from! {
    &'static str => Str, String => Str, Cow<'static, str> => Str,
    i64 => I64, i32 => I64, i16 => I64, i8 => I64,
    u64 => U64, u32 => U64, u16 => U64, u8 => U64,
    f64 => F64, f32 => F64, bool => Bool,
}

impl From<usize> for FieldValue {
    fn from(value: usize) -> Self {
        Self::U64(value as u64)
    }
}

/// Fields in the order in which they were first set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    list: Vec<(Cow<'static, str>, FieldValue)>,
    bytes: usize,
    dropped: u64,
}

impl Fields {
    /// Last write wins; `false` where the bounds refuse it, which is counted.
    pub(crate) fn set(&mut self, key: Cow<'static, str>, value: FieldValue) -> bool {
        let at = self.list.iter().position(|(name, _)| *name == key);
        let freed = at.map_or(0, |index| self.list[index].1.bytes());
        let bytes = self.bytes - freed + value.bytes() + if at.is_none() { key.len() } else { 0 };
        if bytes > MAX_FIELD_BYTES || (at.is_none() && self.list.len() == MAX_FIELDS) {
            self.refuse();
            return false;
        }
        self.bytes = bytes;
        match at {
            Some(index) => self.list[index].1 = value,
            None => self.list.push((key, value)),
        }
        true
    }

    pub(crate) fn refuse(&mut self) {
        self.refuse_so_many(1);
    }

    pub(crate) fn refuse_so_many(&mut self, number: u64) {
        self.dropped = self.dropped.saturating_add(number);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&FieldValue> {
        self.list.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(crate) fn list(&self) -> &[(Cow<'static, str>, FieldValue)] {
        &self.list
    }

    pub(crate) const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_write_wins_and_keeps_its_place() {
        let mut fields = Fields::default();
        assert!(fields.set("a".into(), 1.into()) && fields.set("b".into(), true.into()));
        assert!(fields.set("a".into(), "two".into()));
        let text: Vec<String> = fields.list().iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(text, ["a=two", "b=true"]);
    }

    #[test]
    fn over_the_bounds_it_is_dropped_and_counted() {
        let mut fields = Fields::default();
        for n in 0..MAX_FIELDS {
            assert!(fields.set(format!("k{n}").into(), 0.into()));
        }
        assert!(!fields.set("one more".into(), 0.into()));
        assert!(!fields.set("k0".into(), "x".repeat(MAX_FIELD_BYTES).into()));
        assert!(fields.set("k0".into(), "short".into()));
        assert_eq!((fields.list().len(), fields.dropped()), (MAX_FIELDS, 2));
    }
}
