//! OTLP's JSON: the same nouns, read by serde. What there may be much of is laid out as it comes, unless what belongs to all of it
//! stands behind it.

mod any;
mod metric;
pub(super) mod values;
mod walk;

use std::str;

use serde::de::DeserializeSeed;

use super::entry::Layout;
use super::error::{DecodeError, Flaw};
use super::walk::Home;
use walk::Level;

/// Reads a message; `layout` says of which signal.
pub(super) fn read(message: &[u8], layout: &mut Layout) -> Result<(), DecodeError> {
    let text = str::from_utf8(message).map_err(|_| Flaw::new("JSON is text in UTF-8"))?;
    let mut json = serde_json::Deserializer::from_str(text);
    Level::first(layout, &mut Home::default()).deserialize(&mut json)?;
    json.end()?;
    Ok(())
}
