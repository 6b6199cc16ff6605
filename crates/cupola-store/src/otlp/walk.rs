//! The way through a message of protobuf: resources, their scopes, and the records of each. It is the same for all signals.

use std::borrow::Cow;

use serde::Deserialize;

use super::any::Pair;
use super::error::Flaw;
use super::json::values;
use super::several::Several;
use super::wire::{END, Fields, bytes_key, text};

/// What a record was said by: it comes from a resource, and from a scope in it.
#[derive(Debug, Default)]
pub(super) struct Home<'a> {
    pub(super) resource: Several<Pair<'a>>,
    pub(super) scope: Scope<'a>,
}

/// A scope.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Scope<'a> {
    #[serde(borrow, deserialize_with = "values::text")]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) attributes: Several<Pair<'a>>,
}

/// Takes the records of a message, in their order.
pub(super) trait Records<'a> {
    /// What the fields are called on the way: `resource_logs`, `scope_logs`, `log_records`.
    const NAMES: [&'static str; 3];

    /// A resource or a scope has been read.
    fn settle(&mut self, attributes: &mut Several<Pair<'a>>);

    /// A record, and where it comes from.
    fn record(&mut self, home: &Home<'a>, bytes: &'a [u8]) -> Result<(), Flaw>;
}

/// Takes all records of a message.
pub(super) fn walk<'a, R: Records<'a>>(message: &'a [u8], records: &mut R) -> Result<(), Flaw> {
    each(message, 1, R::NAMES[0], |bytes| of_resource(bytes, records))
}

fn of_resource<'a, R: Records<'a>>(bytes: &'a [u8], records: &mut R) -> Result<(), Flaw> {
    let mut home = Home::default();
    // The resource may stand behind its scopes.
    each(bytes, 1, "resource", |bytes| read_attributes(bytes, 1, &mut home.resource))?;
    records.settle(&mut home.resource);
    each(bytes, 2, R::NAMES[1], |bytes| of_scope(bytes, &mut home, records))
}

fn of_scope<'a, R: Records<'a>>(bytes: &'a [u8], home: &mut Home<'a>, records: &mut R) -> Result<(), Flaw> {
    home.scope = Scope::default();
    each(bytes, 1, "scope", |bytes| read_scope(bytes, &mut home.scope))?;
    records.settle(&mut home.scope.attributes);
    each(bytes, 2, R::NAMES[2], |bytes| records.record(home, bytes))
}

fn read_scope<'a>(bytes: &'a [u8], scope: &mut Scope<'a>) -> Result<(), Flaw> {
    each(bytes, 1, "name", |name| {
        scope.name = text(name);
        Ok(())
    })?;
    read_attributes(bytes, 3, &mut scope.attributes)
}

fn read_attributes<'a>(bytes: &'a [u8], field: u64, attributes: &mut Several<Pair<'a>>) -> Result<(), Flaw> {
    each(bytes, field, "attributes", |bytes| {
        attributes.push(Pair::from_protobuf(bytes)?);
        Ok(())
    })
}

/// Takes each field of this number, which is a message or a text; the others are passed over.
#[inline]
fn each<'a>(
    bytes: &'a [u8],
    number: u64,
    name: &'static str,
    mut take: impl FnMut(&'a [u8]) -> Result<(), Flaw>,
) -> Result<(), Flaw> {
    let mut fields = Fields::new(bytes);
    let mut count = 0;
    loop {
        match fields.key()? {
            END => return Ok(()),
            key if key == bytes_key(number) => {
                fields.bytes().and_then(&mut take).map_err(|flaw| flaw.within(name, count))?;
                count += 1;
            }
            // Most are this: the list of the other number.
            key if key & 7 == 2 && key >> 3 != number => _ = fields.bytes()?,
            key if key >> 3 == number => {
                return fields.pass_over(key, 1 << number).map_err(|flaw| flaw.within(name, count));
            }
            other => fields.pass_over(other, 0)?,
        }
    }
}
