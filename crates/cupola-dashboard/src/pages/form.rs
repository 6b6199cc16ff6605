//! What a form of a page sends.

use axum::body::{Body, to_bytes};
use maud::{Markup, html};

use super::fault::Fault;
use super::link::Link;
use super::visit::{Visit, pair};

/// So many bytes a form has at most.
const MOST: usize = 64 << 10;

/// What a form has sent.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) async fn read(sent: Body) -> Result<Self, Fault> {
        let bytes =
            to_bytes(sent, MOST).await.map_err(|_| Fault::bad("The form is too large, or did not come whole."))?;
        Ok(Self(String::from_utf8_lossy(&bytes).split('&').filter_map(pair).collect()))
    }

    /// A field; empty ones are none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value).filter(|value| !value.is_empty())
    }
}

/// A form that is sent to an action of ours.
pub(super) fn form(visit: &Visit, to: &str, class: &str, fields: &Markup) -> Markup {
    html! {
        form method="post" action=(Link::new(to, [])) class=(class) {
            input type="hidden" name="form" value=(visit.form);
            (fields)
        }
    }
}
