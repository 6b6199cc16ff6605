//! Where masked text is written: a string for the request path, or one that also counts by rule.

use crate::tally::{Rule, Tally};
use crate::{KeyPolicy, REDACTED};

/// Takes what may be shown, and marks in the place of what may not.
pub(crate) trait Target {
    /// Text that passed.
    fn pass(&mut self, text: &str);
    /// A value that is masked, and by which rule.
    fn mask(&mut self, policy: &KeyPolicy, rule: Rule, value: &str);
}

impl Target for String {
    #[inline]
    fn pass(&mut self, text: &str) {
        self.push_str(text);
    }

    #[inline]
    fn mask(&mut self, policy: &KeyPolicy, rule: Rule, value: &str) {
        policy.count(rule);
        write_mask(self, policy, rule, value);
    }
}

#[inline]
fn write_mask(out: &mut String, policy: &KeyPolicy, rule: Rule, value: &str) {
    match policy.forms() {
        None => out.push_str(REDACTED),
        Some(forms) => forms.write(out, rule, value),
    }
}

/// A string, and the count of what was masked in it, which whoever takes it adds to the policy's.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) text: String,
    pub(crate) tally: Tally,
}

impl Target for Counted {
    fn pass(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn mask(&mut self, policy: &KeyPolicy, rule: Rule, value: &str) {
        self.tally.count(rule);
        write_mask(&mut self.text, policy, rule, value);
    }
}
