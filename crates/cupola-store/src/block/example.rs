//! One entry out of a block, kept beside it as it is.

use crate::batch::Kind;
use crate::block::gather::Gathered;
use crate::block::reader::{Reader, put_bytes};
use crate::block::torn::Torn;
use crate::block::{decode, encode};
use crate::column::Owned;

/// A larger one is not kept: it is read where it is.
const MAX_BYTES: usize = 16 << 10;

/// The fields of an entry, each as `name kind(1) value`; nothing where they were too large.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Example(pub(crate) Vec<u8>);

impl Example {
    /// An entry of a block that has these fields.
    pub(crate) fn of(columns: &[Gathered<'_>], row: u32) -> Self {
        let mut out = Vec::new();
        for column in columns {
            let Ok(place) = column.rows.binary_search(&row) else { continue };
            let (kind, value): (Kind, &[u8]) = column.get(place);
            if out.len() + column.name.len() + value.len() > MAX_BYTES {
                return Self::default();
            }
            put_bytes(&mut out, column.name.as_bytes());
            out.push(encode::code(kind));
            put_bytes(&mut out, value);
        }
        Self(out)
    }

    /// Its fields.
    pub(crate) fn fields(&self) -> Result<Vec<(&str, Owned)>, Torn> {
        let (mut from, mut fields) = (Reader(&self.0), Vec::new());
        while !from.0.is_empty() {
            let name = from.text()?;
            let kind = from.byte()?;
            fields.push((name, decode::owned(kind, &mut from)?));
        }
        Ok(fields)
    }
}
