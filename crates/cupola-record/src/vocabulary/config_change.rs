//! A configuration was loaded, or has changed.

use std::borrow::Cow;
use std::fmt::Write as _;

use cupola_context::{FieldValue, Scope};
use cupola_redact::{KeyPolicy, REDACTED, Verdict};
use tracing::Level;

use super::macros::say;
use crate::category::Category;

const TARGET: &str = Category::Operations.target();

/// What a value is that is not there.
const UNSET: &str = "(unset)";

/// A configuration has changed: which settings, from what to what. Secrets are masked as they are told.
///
/// ```
/// use cupola_record::ConfigChange;
///
/// ConfigChange::new("smtp")
///     .source("/etc/app/mail.toml")
///     .changed("pool_size", Some("10"), Some("20"))
///     .changed("smtp_password", Some("old secret"), Some("new secret"))
///     .emit();
/// ```
/// says `"changed_keys":"pool_size,smtp_password","changes":"pool_size: 10 → 20\nsmtp_password: [REDACTED]"`: a line's text is masked
/// once more by the policy of the pipeline, which may know names that this one does not.
#[derive(Clone, Debug)]
#[must_use = "it is said by `emit`"]
pub struct ConfigChange<'a> {
    scope_name: &'a str,
    source: Option<&'a str>,
    alias: Option<&'a str>,
    policy: KeyPolicy,
    keys: String,
    changes: String,
    scope: Option<Scope>,
}

impl<'a> ConfigChange<'a> {
    /// What is configured.
    pub fn new(scope: &'a str) -> Self {
        let (policy, keys, changes) = (KeyPolicy::default(), String::new(), String::new());
        Self { scope_name: scope, source: None, alias: None, policy, keys, changes, scope: None }
    }

    /// Names of the application's own are secret too; tell this before the changes.
    pub fn policy(mut self, policy: &KeyPolicy) -> Self {
        self.policy = policy.clone();
        self
    }

    /// Where the settings come from: a file, `environment`, a person.
    pub const fn source(mut self, source: &'a str) -> Self {
        self.source = Some(source);
        self
    }

    /// Its name for people.
    pub const fn alias(mut self, alias: &'a str) -> Self {
        self.alias = Some(alias);
        self
    }

    /// One setting, before and after; `None` where it was, or is, not set.
    pub fn changed(mut self, name: &str, old: Option<&str>, new: Option<&str>) -> Self {
        let (keys, lines) =
            (if self.keys.is_empty() { "" } else { "," }, if self.changes.is_empty() { "" } else { "\n" });
        let name_shown = one_line(name);
        let (old, new) = (self.shown(name, old), self.shown(name, new));
        let more = format_args!("{lines}{name_shown}: {old} → {new}").to_string();
        write!(self.keys, "{keys}{name_shown}").expect("a String takes all");
        self.changes.push_str(&more);
        self
    }

    /// With a field of the caller's own.
    pub fn field(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<FieldValue>) -> Self {
        self.scope = Some(self.scope.unwrap_or_default().with(key, value));
        self
    }

    /// With all fields of this scope.
    pub fn context(mut self, scope: &Scope) -> Self {
        self.scope = Some(scope.clone());
        self
    }

    pub(crate) const fn scope_name(&self) -> &str {
        self.scope_name
    }

    /// `name: old → new`, one a line.
    pub(crate) fn changes(&self) -> &str {
        &self.changes
    }

    fn shown(&self, name: &str, value: Option<&str>) -> String {
        let Some(value) = value else { return UNSET.to_owned() };
        match self.policy.verdict(name) {
            Verdict::Keep => one_line(self.policy.text(value).as_str()).into_owned(),
            Verdict::MaskUnlessNumber if value.parse::<f64>().is_ok() => value.to_owned(),
            _ => REDACTED.to_owned(),
        }
    }

    /// Says it.
    pub fn emit(&self) {
        let told = |text: &'static str| if self.keys.is_empty() { "configuration loaded" } else { text };
        say!(self.scope, Level::INFO, [INFO], TARGET, {
            message = told("configuration changed"),
            event = "config_change",
            config_scope = self.scope_name,
            config_source = self.source,
            config_alias = self.alias,
            changed_keys = Some(&*self.keys).filter(|keys| !keys.is_empty()),
            changes = Some(&*self.changes).filter(|changes| !changes.is_empty()),
        });
    }
}

/// One change, one line.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains('\n') { text.replace('\n', "\\n").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_by_their_names_and_their_looks() {
        let check = |name: &str, old: Option<&str>, new: Option<&str>, expected: &str| {
            let change = ConfigChange::new("app").changed(name, old, new);
            assert_eq!((change.changes.as_str(), change.keys.as_str()), (expected, name));
        };
        check("pool_size", Some("10"), Some("20"), "pool_size: 10 → 20");
        check("pool_size", None, Some("20"), "pool_size: (unset) → 20");
        check("api_key", Some("a"), None, "api_key: [REDACTED] → (unset)");
        check("max_tokens", Some("512"), Some("1024"), "max_tokens: 512 → 1024");
        check("tokens", Some("512"), Some("abc"), "tokens: 512 → [REDACTED]");
        check(
            "database",
            Some("pg://bob:s3cr3t@db/x"),
            Some("pg://db/x\npassword: a"),
            "database: pg://[REDACTED]@db/x → pg://db/x\\npassword: [REDACTED]",
        );
        let own = KeyPolicy::builder().deny("customer_ref").build().unwrap();
        let change = ConfigChange::new("app").policy(&own).changed("customer_ref", Some("17"), Some("18"));
        assert_eq!(change.changes, "customer_ref: [REDACTED] → [REDACTED]");
    }
}
