//! The way through a message of JSON: resources, their scopes, and the records of each.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::metric;
use super::values::{Text, or_default};
use crate::otlp::any::Pair;
use crate::otlp::entry::{Layout, settle};
use crate::otlp::log::LogRecord;
use crate::otlp::several::Several;
use crate::otlp::span::Span;
use crate::otlp::walk::{Home, Scope};
use crate::signal::Signal;

/// An object on the way, which has what is common to all of a list, and the list.
pub(super) struct Level<'w, 'de> {
    layout: &'w mut Layout,
    home: &'w mut Home<'de>,
    depth: usize,
}

/// What the lists of each depth are called.
const fn lists(signal: Signal) -> [&'static str; 3] {
    match signal {
        Signal::Logs => ["resourceLogs", "scopeLogs", "logRecords"],
        Signal::Spans => ["resourceSpans", "scopeSpans", "spans"],
        Signal::Metrics => ["resourceMetrics", "scopeMetrics", "metrics"],
    }
}

/// What belongs to all of a list.
const COMMON: [&str; 3] = ["", "resource", "scope"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Resource<'a> {
    #[serde(borrow)]
    attributes: Several<Pair<'a>>,
}

impl<'w, 'de> Level<'w, 'de> {
    pub(super) fn first(layout: &'w mut Layout, home: &'w mut Home<'de>) -> Self {
        Self { layout, home, depth: 0 }
    }

    /// Forgets what the one before had in common.
    fn begin(&mut self) {
        match self.depth {
            1 => self.home.resource.clear(),
            2 => self.home.scope = Scope::default(),
            _ => {}
        }
    }

    fn common<A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        let signal = self.layout.signal();
        if self.depth == 1 {
            self.home.resource = map.next_value::<Option<Resource<'de>>>()?.unwrap_or_default().attributes;
            settle(signal, &mut self.home.resource);
        } else {
            self.home.scope = map.next_value::<Option<Scope<'de>>>()?.unwrap_or_default();
            settle(signal, &mut self.home.scope.attributes);
        }
        Ok(())
    }

    fn list(&mut self) -> List<'_, 'de> {
        List { layout: self.layout, home: self.home, depth: self.depth }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        let name = lists(self.layout.signal())[self.depth];
        let mut known = self.depth == 0;
        let mut later: Option<&'de RawValue> = None;
        self.begin();
        while let Some(Text(key)) = map.next_key()? {
            if key == COMMON[self.depth] {
                self.common(&mut map)?;
                known = true;
            } else if key != name {
                map.next_value::<IgnoredAny>()?;
            } else if known {
                map.next_value_seed(self.list())?;
            } else if later.replace(map.next_value()?).is_some() {
                return Err(A::Error::custom("a list stands here twice"));
            }
        }
        if let Some(later) = later {
            let mut json = serde_json::Deserializer::from_str(later.get());
            self.list().deserialize(&mut json).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// A list of objects of the next depth, or of records.
struct List<'w, 'de> {
    layout: &'w mut Layout,
    home: &'w mut Home<'de>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for List<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for List<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { layout, home, depth } = self;
        if depth < 2 {
            while let Some(()) = list.next_element_seed(Level { layout, home, depth: depth + 1 })? {}
        } else {
            while let Some(()) = list.next_element_seed(Record { layout, home })? {}
        }
        Ok(())
    }
}

/// One record.
struct Record<'w, 'de> {
    layout: &'w mut Layout,
    home: &'w Home<'de>,
}

impl<'de> DeserializeSeed<'de> for Record<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.layout.signal() {
            Signal::Logs => or_default::<_, LogRecord<'de>>(deserializer)?.lay_out(self.home, self.layout),
            Signal::Spans => or_default::<_, Span<'de>>(deserializer)?.lay_out(self.home, self.layout),
            Signal::Metrics => metric::read(deserializer, self.home, self.layout)?,
        }
        Ok(())
    }
}
