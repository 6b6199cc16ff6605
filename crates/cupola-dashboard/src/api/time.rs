//! Moments in what is sent and told: RFC 3339 in UTC.

use jiff::Timestamp;
use serde::de::{Deserializer, Error as _};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// A moment, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(pub(super) i64);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = Timestamp::from_nanosecond(self.0.into()).unwrap_or_default();
        serializer.collect_str(&time)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(said: D) -> Result<Self, D::Error> {
        let text = String::deserialize(said)?;
        let time = text.parse::<Timestamp>().map_err(|_| D::Error::custom("it is no time"))?;
        // What is centuries away is as far as there is time.
        let far = if time < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX };
        Ok(Self(i64::try_from(time.as_nanosecond()).unwrap_or(far)))
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for Moment {}
