//! Which fields have a column of their own.

use std::collections::BTreeMap;

use cupola_store::Entry;
use maud::{Markup, html};

use crate::pages::icon::icon;
use crate::pages::visit::Visit;

/// More columns than this leave no room for what is said.
const MOST: usize = 4;
/// So many fields are offered.
const OFFERED: usize = 40;
/// What has a place in every row.
const ALWAYS: [&str; 3] = ["level", "service", "message"];

/// The columns that were chosen.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns(Vec<String>);

impl Columns {
    /// As the parameter `columns` has them, with commas between.
    pub(super) fn read(visit: &Visit) -> Self {
        let mut chosen: Vec<String> = Vec::new();
        for name in visit.get("columns").unwrap_or_default().split(',') {
            if !name.is_empty() && !ALWAYS.contains(&name) && !chosen.iter().any(|known| known == name) {
                chosen.push(name.to_owned());
            }
        }
        chosen.truncate(MOST);
        Self(chosen)
    }

    pub(super) fn chosen(&self) -> &[String] {
        &self.0
    }

    fn toggled(&self, name: &str) -> String {
        let mut chosen = self.0.clone();
        match chosen.iter().position(|known| known == name) {
            Some(place) => _ = chosen.remove(place),
            None => chosen.push(name.to_owned()),
        }
        chosen.join(",")
    }

    /// What can be chosen: what these entries have.
    pub(super) fn menu(&self, visit: &Visit, entries: &[Entry]) -> Markup {
        let mut names: BTreeMap<&str, usize> = self.0.iter().map(|name| (&**name, usize::MAX)).collect();
        for (name, _) in entries.iter().flat_map(Entry::fields).filter(|(name, _)| is_name(name)) {
            let count = names.entry(name).or_default();
            *count = count.saturating_add(1);
        }
        let mut offered: Vec<_> = names.into_iter().collect();
        offered.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), *name));
        offered.truncate(OFFERED);
        html! {
            details.menu {
                summary.button { "Columns" (icon("down")) }
                div.menu-box {
                    ul.menu-list.menu-long {
                        @for (name, _) in &offered {
                            @let is_chosen = self.0.iter().any(|known| known == name);
                            @if is_chosen || self.0.len() < MOST {
                                li { a href=(visit.here().set("columns", self.toggled(name))) aria-current=[is_chosen.then_some("true")] { (name) } }
                            }
                        }
                    }
                    @if self.0.len() >= MOST { p.hint { "At most " (MOST) ": take one away first." } }
                }
            }
        }
    }
}

fn is_name(name: &str) -> bool {
    !ALWAYS.contains(&name) && !name.contains(',') && name.len() <= 60
}
