//! Something goes from one state to another.

use tracing::Level;

use super::macros::{noun, say};
use crate::category::Category;

const TARGET: &str = Category::Instances.target();

noun! {
    /// Something that has a life of its own went from one state to another.
    ///
    /// ```
    /// use cupola_record::StateChange;
    ///
    /// StateChange::new("vm", "starting", "running").id("vm-7").why("the hypervisor says so").emit();
    /// ```
    StateChange(subject: &'a str, from: &'a str, to: &'a str) {
        /// Which one.
        id: &'a str,
        /// The reason.
        why: &'a str,
    }
}

impl StateChange<'_> {
    /// Says it.
    pub fn emit(&self) {
        say!(self.scope, Level::INFO, [INFO], TARGET, {
            message = "state changed",
            event = "state_change",
            subject = self.subject,
            subject_id = self.id,
            from = self.from,
            to = self.to,
            why = self.why,
        });
    }
}
