//! Values as protobuf's JSON has them: whole numbers as numbers or texts, ids in hexadecimal, `null` for what is not there.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use crate::otlp::several::{MAX_SEVERAL, Several};

/// A value, or what stands for none.
pub(in crate::otlp) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A whole number.
pub(in crate::otlp) trait Whole: FromStr + TryFrom<u64> + TryFrom<i64> {}

impl<T: FromStr + TryFrom<u64> + TryFrom<i64>> Whole for T {}

/// A whole number; zero where there is none.
pub(in crate::otlp) fn number<'de, D: Deserializer<'de>, T: Whole + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(some_number(deserializer)?.unwrap_or_default())
}

/// A whole number, where there is one.
pub(in crate::otlp) fn some_number<'de, D: Deserializer<'de>, T: Whole>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(WholeVisitor(PhantomData))
}

/// Many whole numbers.
pub(in crate::otlp) fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    struct Item(u64);
    impl<'de> Deserialize<'de> for Item {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            number(deserializer).map(Self)
        }
    }
    let items: Vec<Item> = or_default(deserializer)?;
    Ok(items.into_iter().map(|item| item.0).collect())
}

struct WholeVisitor<T>(PhantomData<T>);

impl<T: Whole> Visitor<'_> for WholeVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or a text that is one")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<T>, E> {
        T::try_from(number).map(Some).map_err(|_| E::custom("a number is too large"))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<T>, E> {
        T::try_from(number).map(Some).map_err(|_| E::custom("a number is too small"))
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "it is checked that nothing is lost"
    )]
    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<T>, E> {
        let whole = number as i64;
        if whole as f64 == number { self.visit_i64(whole) } else { Err(E::custom("a number is not whole")) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<T>, E> {
        text.parse().map(Some).map_err(|_| E::custom("a text is no whole number"))
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
}

/// A number; zero where there is none.
pub(in crate::otlp) fn double<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(some_double(deserializer)?.unwrap_or_default())
}

/// A number, where there is one.
pub(in crate::otlp) fn some_double<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    deserializer.deserialize_any(DoubleVisitor)
}

/// Many numbers.
pub(in crate::otlp) fn doubles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
    struct Item(f64);
    impl<'de> Deserialize<'de> for Item {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            double(deserializer).map(Self)
        }
    }
    let items: Vec<Item> = or_default(deserializer)?;
    Ok(items.into_iter().map(|item| item.0).collect())
}

struct DoubleVisitor;

impl Visitor<'_> for DoubleVisitor {
    type Value = Option<f64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a text that is one")
    }

    #[allow(clippy::cast_precision_loss, reason = "the field is a double")]
    fn visit_u64<E>(self, number: u64) -> Result<Option<f64>, E> {
        Ok(Some(number as f64))
    }

    #[allow(clippy::cast_precision_loss, reason = "the field is a double")]
    fn visit_i64<E>(self, number: i64) -> Result<Option<f64>, E> {
        Ok(Some(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Option<f64>, E> {
        Ok(Some(number))
    }

    /// `NaN`, `Infinity` and `-Infinity` among them.
    fn visit_str<E: Error>(self, text: &str) -> Result<Option<f64>, E> {
        text.parse().map(Some).map_err(|_| E::custom("a text is no number"))
    }

    fn visit_unit<E>(self) -> Result<Option<f64>, E> {
        Ok(None)
    }
}

/// A text, borrowed where nothing in it is escaped.
#[derive(Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

/// A text; an empty one where there is none.
pub(in crate::otlp) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    Text::deserialize(deserializer).map(|text| text.0)
}

/// The same, as bytes.
pub(in crate::otlp) fn text_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, [u8]>, D::Error> {
    Ok(match text(deserializer)? {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    })
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Text<'de>, E> {
        Ok(Text::default())
    }
}

/// The bytes of an id, which is in hexadecimal of any case.
pub(in crate::otlp) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, [u8]>, D::Error> {
    let Text(text) = Text::deserialize(deserializer)?;
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    match bytes {
        Some(bytes) if odd.is_empty() => Ok(Cow::Owned(bytes)),
        _ => Err(D::Error::custom("an id is not hexadecimal")),
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Several<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeveralVisitor(PhantomData))
    }
}

struct SeveralVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for SeveralVisitor<T> {
    type Value = Several<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Several<T>, A::Error> {
        let mut several = Several::default();
        while several.items().len() < MAX_SEVERAL {
            match list.next_element()? {
                Some(item) => several.push(item),
                None => return Ok(several),
            }
        }
        while let Some(IgnoredAny) = list.next_element()? {
            several.dropped += 1;
        }
        Ok(several)
    }

    fn visit_unit<E>(self) -> Result<Several<T>, E> {
        Ok(Several::default())
    }
}
