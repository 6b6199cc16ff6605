//! `AnyValue` in JSON. What is nested is written as plain JSON while it is read, so that no tree of it is made.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::values::{Text, some_double, some_number};
use crate::otlp::any::{Any, Commas, MAX_DEPTH, TOO_DEEP, hex, write_text};

impl<'de: 'a, 'a> Deserialize<'de> for Any<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor { depth: 0 })
    }
}

struct AnyVisitor {
    depth: u32,
}

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Any<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a value")
    }

    fn visit_unit<E>(self) -> Result<Any<'de>, E> {
        Ok(Any::Absent)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Any<'de>, A::Error> {
        let mut any = Any::Absent;
        while let Some(Text(key)) = map.next_key()? {
            let read = match &*key {
                "stringValue" => map.next_value::<Option<Text<'de>>>()?.map(|text| Any::Text(text.0)),
                "boolValue" => map.next_value::<Option<bool>>()?.map(Any::Bool),
                "intValue" => map.next_value::<Int>()?.0.map(Any::Int),
                "doubleValue" => map.next_value::<Double>()?.0.map(Any::Double),
                "bytesValue" => map.next_value::<Option<Text<'de>>>()?.map(bytes).transpose()?,
                "arrayValue" => Some(self.nested(&mut map, Of::Values)?),
                "kvlistValue" => Some(self.nested(&mut map, Of::Pairs)?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    None
                }
            };
            any = read.unwrap_or(any);
        }
        Ok(any)
    }
}

impl AnyVisitor {
    fn nested<'de, A: MapAccess<'de>>(&self, map: &mut A, of: Of) -> Result<Any<'de>, A::Error> {
        if self.depth == MAX_DEPTH {
            map.next_value::<IgnoredAny>()?;
            return Ok(Any::Text(Cow::Borrowed(TOO_DEEP)));
        }
        let mut out = Vec::new();
        map.next_value_seed(Nested { of, depth: self.depth + 1, out: &mut out })?;
        Ok(Any::Json(String::from_utf8(out).unwrap_or_default()))
    }
}

struct Int(Option<i64>);

impl<'de> Deserialize<'de> for Int {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        some_number(deserializer).map(Self)
    }
}

struct Double(Option<f64>);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        some_double(deserializer).map(Self)
    }
}

/// Protobuf's JSON takes base64 with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[allow(clippy::needless_pass_by_value, reason = "it is handed over by `map`")]
fn bytes<'de, E: Error>(text: Text<'de>) -> Result<Any<'de>, E> {
    let bytes = BASE64.decode(text.0.as_bytes()).map_err(|_| E::custom("bytes are not in base64"))?;
    Ok(Any::Text(Cow::Owned(hex(&bytes))))
}

/// What is in a list.
#[derive(Clone, Copy)]
enum Of {
    Values,
    Pairs,
}

/// `{"values":[…]}`, of which only what stands in it is written.
struct Nested<'o> {
    of: Of,
    depth: u32,
    out: &'o mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Nested<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with values")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.out.extend_from_slice(if let Of::Values = self.of { b"[]" } else { b"{}" });
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { of, depth, out } = self;
        let start = out.len();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if key.0 == "values" {
                out.truncate(start);
                map.next_value_seed(Items { of, depth, out })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if out.len() == start {
            out.extend_from_slice(if let Of::Values = of { b"[]" } else { b"{}" });
        }
        Ok(())
    }
}

/// The items of a list.
struct Items<'o> {
    of: Of,
    depth: u32,
    out: &'o mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Items<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { of, depth, out } = self;
        let (open, close) = if let Of::Values = of { (b'[', b']') } else { (b'{', b'}') };
        let mut commas = Commas::default();
        out.push(open);
        loop {
            let start = out.len();
            commas.next(out);
            let more = match of {
                Of::Values => list.next_element_seed(Item { depth, out })?,
                Of::Pairs => list.next_element_seed(PairItem { depth, out })?,
            };
            if more.is_none() {
                out.truncate(start);
                break;
            }
        }
        out.push(close);
        Ok(())
    }
}

/// A value of a list.
struct Item<'o> {
    depth: u32,
    out: &'o mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(AnyVisitor { depth: self.depth })?.write(self.out);
        Ok(())
    }
}

/// A name and its value, in whichever order.
struct PairItem<'o> {
    depth: u32,
    out: &'o mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for PairItem<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PairItem<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a key and a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut name, mut value) = (Text::default(), Vec::new());
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key.0 {
                "key" => name = map.next_value()?,
                "value" => {
                    value.clear();
                    map.next_value_seed(Item { depth: self.depth, out: &mut value })?;
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        write_text(&name.0, self.out);
        self.out.push(b':');
        self.out.extend_from_slice(if value.is_empty() { b"null" } else { &value });
        Ok(())
    }
}
