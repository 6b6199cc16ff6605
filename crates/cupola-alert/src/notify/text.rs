//! What people read.

use crate::Notice;

/// One line: the rule, and what it is about.
pub(crate) fn headline(notice: &Notice) -> String {
    notice.rule.clone()
}
