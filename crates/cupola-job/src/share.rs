//! Which fields of a request go along with its jobs.

use std::sync::Arc;

use cupola_context::FieldValue;
use cupola_redact::{End, KeyPolicy, Verdict};

/// Which fields of a request go along with its jobs: a queue keeps them for long, and shows them to others. Whatever is chosen,
/// fields whose name the policy denies stay, and texts go masked.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Share {
    /// All but those whose name the policy denies.
    #[default]
    AllButSecret,
    /// Those of these names.
    Only(Arc<[&'static str]>),
    /// None.
    Nothing,
}

impl Share {
    /// Those of these names.
    pub fn only(names: impl IntoIterator<Item = &'static str>) -> Self {
        Self::Only(names.into_iter().collect())
    }

    /// What goes along of a field.
    pub(crate) fn choose(&self, policy: &KeyPolicy, name: &str, value: &FieldValue) -> Option<FieldValue> {
        let wanted = match self {
            Self::AllButSecret => true,
            Self::Only(names) => names.contains(&name),
            Self::Nothing => false,
        };
        let secret = wanted && is_secret(policy, name, value);
        (wanted && !secret).then(|| match value {
            FieldValue::Str(text) => policy.free_text(text, End::Complete).into_owned().into(),
            other => other.clone(),
        })
    }
}

fn is_secret(policy: &KeyPolicy, name: &str, value: &FieldValue) -> bool {
    let number = matches!(value, FieldValue::I64(_) | FieldValue::U64(_) | FieldValue::F64(_));
    match policy.verdict(name) {
        Verdict::Keep => false,
        Verdict::MaskUnlessNumber => !number,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_stays_whatever_was_chosen() {
        let check = |share: &Share, name: &str, value: &str, expected: Option<&str>| {
            let chosen = share.choose(&KeyPolicy::default(), name, &FieldValue::from(value.to_owned()));
            assert_eq!(chosen, expected.map(|text| text.to_owned().into()), "{share:?} {name}");
        };
        let only = Share::only(["vm_id", "password"]);
        check(&Share::AllButSecret, "vm_id", "vm-7", Some("vm-7"));
        check(&Share::AllButSecret, "password", "hunter2", None);
        check(&Share::AllButSecret, "note", "password=hunter2", Some("password=[REDACTED]"));
        check(&only, "vm_id", "vm-7", Some("vm-7"));
        check(&only, "password", "hunter2", None);
        check(&only, "note", "x", None);
        check(&Share::Nothing, "vm_id", "vm-7", None);
    }
}
