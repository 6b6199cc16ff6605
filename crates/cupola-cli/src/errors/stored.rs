//! Errors of a store by their fingerprint.

use cupola_store::language::Expression;
use cupola_store::{Failures, Level, Selection, Signal};

use super::group::Groups;
use crate::options::stored::{Source, complain_of, line_of};

impl Groups {
    /// Those of the entries that are wanted, each with its last one as the example.
    pub(super) fn of_store(source: &Source, expression: Expression) -> anyhow::Result<Self> {
        let selection = Selection { expression: Some(expression), ..Selection::of(Signal::Logs) };
        // How serious they are to be stands in the expression.
        let failures = Failures {
            selection,
            level: Level::Trace,
            besides: Vec::new(),
            step: None,
            examples: true,
            limit: usize::MAX,
        };
        let failed = source.failures(&failures)?;
        complain_of(failed.partial);
        let mut groups = Self::default();
        groups.others = failed.others;
        for group in &failed.groups {
            let times = (group.first.div_euclid(1_000), group.last.div_euclid(1_000));
            groups.put(group.fingerprint, group.count, Some(times), &line_of(&group.example));
        }
        Ok(groups)
    }
}
