//! The ids of one run of an operation.

use std::time::{SystemTime, UNIX_EPOCH};

use cupola_context::{Scope, current};

use crate::names;

/// A longer name is cut.
const MAX_NAME: usize = 64;

/// The ids of one run of an operation: `name_unixtime_8hex`.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use cupola_record::OperationIds;
///
/// let now = UNIX_EPOCH + Duration::from_secs(1_795_232_762);
/// let ids = OperationIds::new("query_offers", now, [0x1a, 0x2b, 0x3c, 0x4d, 0, 0, 0, 7]);
/// assert_eq!(ids.operation_id, "query_offers_1795232762_1a2b3c4d");
/// assert_eq!(ids.session_id, "session_1795232762_00000007");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationIds {
    /// Of this run.
    pub operation_id: String,
    /// Of the session that this run opens, if it is in none.
    pub session_id: String,
}

impl OperationIds {
    /// Ids of a name, a time and randomness. What no id may hold becomes `_`.
    pub fn new(name: &str, now: SystemTime, random: [u8; 8]) -> Self {
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (high, low) = ((u64::from_be_bytes(random) >> 32) as u32, u64::from_be_bytes(random) as u32);
        let name: String = name.chars().take(MAX_NAME).map(|c| if is_allowed(c) { c } else { '_' }).collect();
        Self {
            operation_id: format!("{name}_{seconds}_{high:08x}"),
            session_id: format!("session_{seconds}_{low:08x}"),
        }
    }

    /// The same in the session that there is already, of the user or of an operation around this one.
    #[must_use]
    pub fn in_session(mut self) -> Self {
        let of_scope = || Scope::current()?.field(names::SESSION_ID).map(ToString::to_string);
        let of_context = || current()?.field(names::SESSION_ID).map(|value| value.to_string());
        if let Some(session) = of_scope().or_else(of_context) {
            self.session_id = session;
        }
        self
    }

    /// The fields of what runs inside: `operation`, `operation_id`, `session_id`.
    pub fn scope(&self, operation: &str) -> Scope {
        Scope::new()
            .with(names::OPERATION, operation.to_owned())
            .with(names::OPERATION_ID, self.operation_id.clone())
            .with(names::SESSION_ID, self.session_id.clone())
    }
}

const fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_one_word() {
        let check = |name: &str, expected: &str| {
            assert_eq!(OperationIds::new(name, UNIX_EPOCH, [0; 8]).operation_id, expected);
        };
        check("sync", "sync_0_00000000");
        check("a b\n\"c\"", "a_b__c__0_00000000");
        check(&"x".repeat(100), &format!("{}_0_00000000", "x".repeat(64)));
    }
}
