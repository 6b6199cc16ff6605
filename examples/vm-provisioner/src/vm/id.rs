//! The id of a machine.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// `vm-` and a UUIDv7 in 32 hexadecimal digits: ids sort by the time of creation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(example = "vm-0199f3a0c7d27b3d9a4be5c1f0a2d37e", pattern = "^vm-[0-9a-f]{32}$")]
pub struct VmId(String);

impl VmId {
    /// A new id.
    pub fn new() -> Self {
        Self(format!("vm-{}", Uuid::now_v7().simple()))
    }

    /// The id with this text, if the text is one.
    ///
    /// Only what looks like one of ours goes into the log's `vm_id`: a caller does not choose what is written there.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("vm-")?;
        let valid = digits.len() == 32 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        valid.then(|| Self(text.to_owned()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for VmId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("it is no machine's id"))
    }
}

impl Default for VmId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for VmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_ids_parse() {
        let id = VmId::new();
        assert_eq!(VmId::parse(id.as_str()), Some(id));
        for text in ["", "vm-", "vm-42", "vm-0123456789ABCDEF0123456789ABCDEF", "0123456789abcdef0123456789abcdef"] {
            assert_eq!(VmId::parse(text), None, "{text}");
        }
    }
}
