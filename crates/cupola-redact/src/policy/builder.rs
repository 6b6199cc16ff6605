//! Collects what extends the default policy, and checks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::{PolicyError, Problem};
use super::own::OwnName;
use super::selector::{Effect, Selectors};
use super::{KeyPolicy, Rules};
use crate::form::{Form, Forms};
use crate::header;
use crate::name::Name;
use crate::pattern::PiiSet;
use crate::rule;
use crate::tally::{Rule, Totals};

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Collects the rules that extend the default policy.
#[derive(Debug, Clone, Default)]
pub struct KeyPolicyBuilder {
    deny: Vec<String>,
    keep: Vec<String>,
    headers: Vec<String>,
    paths: Vec<(String, Effect)>,
    forms: Forms,
    pii: PiiSet,
    without_patterns: bool,
    literals: bool,
}

/// What the preset for personal data denies by name.
const PII_NAMES: [&str; 27] = [
    "email",
    "e_mail",
    "email_address",
    "mail_address",
    "phone",
    "phone_number",
    "mobile",
    "mobile_number",
    "telephone",
    "fax",
    "address",
    "street",
    "street_address",
    "postal_address",
    "birth_date",
    "birthday",
    "date_of_birth",
    "dob",
    "first_name",
    "last_name",
    "full_name",
    "given_name",
    "family_name",
    "surname",
    "client_ip",
    "ip_address",
    "remote_addr",
];

impl KeyPolicyBuilder {
    /// Denies a name in every spelling, and every name that ends in its words.
    pub fn deny(mut self, name: impl Into<String>) -> Self {
        self.deny.push(name.into());
        self
    }

    /// Keeps a name that the default list denies; just this name, in every spelling.
    ///
    /// A strong name such as `password` cannot be kept; `password_policy` can.
    pub fn keep(mut self, name: impl Into<String>) -> Self {
        self.keep.push(name.into());
        self
    }

    /// Shows a header that is not on the default allow list; its value still passes the value patterns.
    pub fn allow_header(mut self, name: impl Into<String>) -> Self {
        self.headers.push(name.into());
        self
    }

    /// Masks what stands at a path of a JSON body: `$.user.note`, `$..iban`, `$.items[*].price`, `$['odd name'][0]`.
    ///
    /// Names are compared letter by letter, as in JSON.
    ///
    /// ```
    /// use cupola_redact::{End, KeyPolicy, Media, Redactor};
    ///
    /// let policy = KeyPolicy::builder().deny_path("$.items[*].note").build()?;
    /// let mut body = Redactor::new(&policy, Media::Json, 8192);
    /// body.feed(br#"{"note":"a","items":[{"note":"b","n":1}]}"#);
    /// assert_eq!(body.finish(End::Complete).text, r#"{"note":"a","items":[{"note":"[REDACTED]","n":1}]}"#);
    /// # Ok::<(), cupola_redact::PolicyError>(())
    /// ```
    pub fn deny_path(mut self, path: impl Into<String>) -> Self {
        self.paths.push((path.into(), Effect::Deny));
        self
    }

    /// Keeps what stands at a path of a JSON body, unless its name is a strong one.
    pub fn keep_path(mut self, path: impl Into<String>) -> Self {
        self.paths.push((path.into(), Effect::Keep));
        self
    }

    /// Shows only what stands at or under the paths that are named so: every other value of a JSON body is masked, and
    /// names and types stay. A body that is no JSON is not shown at all.
    ///
    /// What the default list denies stays masked: an allow list is no way to show a password.
    pub fn allow_path(mut self, path: impl Into<String>) -> Self {
        self.paths.push((path.into(), Effect::Allow));
        self
    }

    /// What stands in the place of masked values.
    pub fn form(mut self, form: Form) -> Self {
        self.forms.all = form;
        self
    }

    /// The same for what one rule masks.
    pub fn form_of(mut self, rule: Rule, form: Form) -> Self {
        self.forms.by_rule.retain(|(own, _)| *own != rule);
        self.forms.by_rule.push((rule, form));
        self
    }

    /// Masks personal data too: names such as `email` and `birth_date`, and values that look like an e-mail address, a
    /// telephone number, an IBAN, an IP address or a social security number.
    pub fn pii(mut self) -> Self {
        self.pii = PiiSet::ALL;
        self.deny.extend(PII_NAMES.map(str::to_owned));
        self
    }

    /// Masks values that look like personal data of one kind: [`Rule::Email`], [`Rule::Phone`], [`Rule::Iban`],
    /// [`Rule::IpAddress`] or [`Rule::Ssn`].
    pub fn pii_values(mut self, rule: Rule) -> Self {
        match rule {
            Rule::Email => self.pii.email = true,
            Rule::Phone => self.pii.phone = true,
            Rule::Iban => self.pii.iban = true,
            Rule::IpAddress => self.pii.ip = true,
            Rule::Ssn => self.pii.ssn = true,
            _ => {}
        }
        self
    }

    /// Whether values are masked by their looks; `true` unless said otherwise. Names decide alone without.
    pub fn patterns(mut self, on: bool) -> Self {
        self.without_patterns = !on;
        self
    }

    /// Masks `null`, `true` and `false` under a denied name too.
    pub fn mask_literals(mut self) -> Self {
        self.literals = true;
        self
    }

    /// Checks the rules and compiles the policy.
    pub fn build(self) -> Result<KeyPolicy, PolicyError> {
        let deny = self.deny.iter().map(|name| OwnName::new(name)).collect::<Result<Vec<_>, _>>()?;
        let keep = self.keep.iter().map(|name| kept(name, &deny)).collect::<Result<Vec<_>, _>>()?;
        let headers = self.headers.iter().map(|name| header::allowed(name)).collect::<Result<_, _>>()?;
        let has_own = !deny.is_empty() || !keep.is_empty();
        Ok(KeyPolicy(Arc::new(Rules {
            id: if has_own { NEXT_ID.fetch_add(1, Ordering::Relaxed) } else { 0 },
            deny,
            keep,
            has_own,
            headers,
            patterns: !self.without_patterns,
            pii: (!self.pii.is_empty()).then_some(self.pii),
            literals: self.literals,
            forms: (!self.forms.is_fixed()).then_some(self.forms),
            selectors: Selectors::new(&self.paths)?,
            totals: Totals::default(),
        })))
    }
}

fn kept(name: &str, deny: &[OwnName]) -> Result<OwnName, PolicyError> {
    let own = OwnName::new(name)?;
    if rule::is_strong(&Name::new(name.as_bytes())) {
        return Err(PolicyError::new(name, Problem::Strong));
    }
    if deny.contains(&own) {
        return Err(PolicyError::new(name, Problem::Contradiction));
    }
    Ok(own)
}
