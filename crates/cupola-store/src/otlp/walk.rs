//! The way through a message of protobuf: resources, their scopes, and the records of each. It is the same for all signals.

use std::borrow::Cow;

use serde::Deserialize;

use super::any::Pair;
use super::error::Flaw;
use super::json::values;
use super::several::Several;
use super::wire::Fields;

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
    let mut fields = Fields::new(message);
    let mut count = 0;
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            value
                .bytes()
                .and_then(|bytes| of_resource(bytes, records))
                .map_err(|flaw| flaw.within(R::NAMES[0], count))?;
            count += 1;
        }
    }
    Ok(())
}

fn of_resource<'a, R: Records<'a>>(bytes: &'a [u8], records: &mut R) -> Result<(), Flaw> {
    let mut home = Home::default();
    // The resource may stand behind its scopes.
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            let read = value.bytes().and_then(|bytes| read_attributes(bytes, 1, &mut home.resource));
            read.map_err(|flaw| flaw.within("resource", 0))?;
        }
    }
    records.settle(&mut home.resource);
    let mut fields = Fields::new(bytes);
    let mut count = 0;
    while let Some((number, value)) = fields.next()? {
        if number == 2 {
            let taken = value.bytes().and_then(|bytes| of_scope(bytes, &mut home, records));
            taken.map_err(|flaw| flaw.within(R::NAMES[1], count))?;
            count += 1;
        }
    }
    Ok(())
}

fn of_scope<'a, R: Records<'a>>(bytes: &'a [u8], home: &mut Home<'a>, records: &mut R) -> Result<(), Flaw> {
    home.scope = Scope::default();
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            value
                .bytes()
                .and_then(|bytes| read_scope(bytes, &mut home.scope))
                .map_err(|flaw| flaw.within("scope", 0))?;
        }
    }
    records.settle(&mut home.scope.attributes);
    let mut fields = Fields::new(bytes);
    let mut count = 0;
    while let Some((number, value)) = fields.next()? {
        if number == 2 {
            let taken = value.bytes().and_then(|bytes| records.record(home, bytes));
            taken.map_err(|flaw| flaw.within(R::NAMES[2], count))?;
            count += 1;
        }
    }
    Ok(())
}

fn read_scope<'a>(bytes: &'a [u8], scope: &mut Scope<'a>) -> Result<(), Flaw> {
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        if number == 1 {
            scope.name = value.text()?;
        }
    }
    read_attributes(bytes, 3, &mut scope.attributes)
}

fn read_attributes<'a>(bytes: &'a [u8], field: u64, attributes: &mut Several<Pair<'a>>) -> Result<(), Flaw> {
    let mut fields = Fields::new(bytes);
    while let Some((number, value)) = fields.next()? {
        if number == field {
            attributes.push(Pair::from_protobuf(value.bytes()?)?);
        }
    }
    Ok(())
}
