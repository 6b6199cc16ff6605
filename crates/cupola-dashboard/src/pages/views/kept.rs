//! Views as the metadata has them.

use std::sync::Arc;

use cupola_store::{Change, Document, Expect, Metadata};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::fault::Fault;
use super::super::link::{Link, is_ours};
use super::super::visit::pair;
use crate::access::{Role, User, audit};

const KIND: &str = "view";
/// So many of their own somebody has at most, so many characters a name, and so many bytes an address.
const MOST: usize = 100;
const MAX_NAME: usize = 80;
const MAX_ADDRESS: usize = 8_192;

/// An address of a page that somebody has given a name.
#[derive(Clone, Debug)]
pub(in crate::pages) struct View {
    pub(super) id: String,
    pub(super) is: Kept,
    version: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) name: String,
    /// Whose it is.
    pub(super) owner: String,
    /// Whether all see it.
    pub(super) shared: bool,
    /// `/cupola/logs?query=level%3E%3Dwarn`
    address: String,
}

impl View {
    fn read(document: Document) -> Option<Self> {
        let is = serde_json::from_str(&document.body).ok()?;
        Some(Self { id: document.key, is, version: document.version })
    }

    /// The page.
    pub(super) fn link(&self) -> Link {
        let (path, asked) = self.is.address.split_once('?').unwrap_or((&self.is.address, ""));
        Link::new(path.strip_prefix("/cupola").unwrap_or_default(), asked.split('&').filter_map(pair))
    }

    fn is_seen_by(&self, user: &User) -> bool {
        self.is.shared || self.is.owner == user.name
    }

    /// What all see, those look after who look after alerts.
    pub(super) fn is_changed_by(&self, user: &User) -> bool {
        !user.name.is_empty() && if self.is.shared { user.role >= Role::Operator } else { self.is.owner == user.name }
    }
}

/// Those of the metadata, as one person has them.
#[derive(Debug)]
pub(super) struct Views<'a> {
    metadata: &'a Arc<dyn Metadata>,
    user: &'a User,
    now: i64,
}

impl<'a> Views<'a> {
    pub(super) fn new(metadata: &'a Arc<dyn Metadata>, user: &'a User, now: i64) -> Self {
        Self { metadata, user, now }
    }

    /// Those that the person sees, by name.
    pub(super) fn list(&self) -> Result<Vec<View>, Fault> {
        let all = self.metadata.all(KIND).map_err(|_| unavailable())?;
        let mut seen: Vec<View> =
            all.into_iter().filter_map(View::read).filter(|view| view.is_seen_by(self.user)).collect();
        seen.sort_by_cached_key(|view| (view.is.name.to_lowercase(), view.id.clone()));
        Ok(seen)
    }

    /// Keeps an address.
    pub(super) fn save(&self, name: &str, address: &str, shared: bool) -> Result<View, Fault> {
        let name = named(name)?;
        let is_address = is_ours(address)
            && address.len() <= MAX_ADDRESS
            && address.bytes().all(|byte| byte.is_ascii_graphic())
            && !climbs(address);
        if !is_address {
            return Err(Fault::bad(format!(
                "The address is none that can be kept. Accepted: one of these pages, of at most {MAX_ADDRESS} bytes."
            )));
        }
        if self.list()?.iter().filter(|view| view.is.owner == self.user.name).count() >= MOST {
            return Err(Fault::bad(format!("You have {MOST} views, and more are not kept. Remove one first.")));
        }
        let is = Kept { name, owner: self.user.name.clone(), shared, address: address.to_owned() };
        let view = View { id: format!("{:x}", self.now), is, version: 0 };
        self.put(&view, "view saved", Expect::Absent)?;
        Ok(view)
    }

    /// Gives it another name, or shows it to all or to its owner alone.
    pub(super) fn change(&self, id: &str, name: Option<&str>, shared: Option<bool>) -> Result<(), Fault> {
        let mut view = self.of(id)?;
        if let Some(name) = name {
            view.is.name = named(name)?;
        }
        view.is.shared = shared.unwrap_or(view.is.shared);
        let expect = Expect::Version(view.version);
        self.put(&view, "view changed", expect)
    }

    pub(super) fn remove(&self, id: &str) -> Result<(), Fault> {
        let view = self.of(id)?;
        let delete = Change::Delete { kind: KIND, key: view.id };
        let note = audit(&self.user.name, "view removed", &json!({ "view": view.is.name }), self.now);
        self.metadata.apply(&[delete, note]).map_err(|_| unavailable())
    }

    /// One that the person may change.
    fn of(&self, id: &str) -> Result<View, Fault> {
        let document = self.metadata.get(KIND, id).map_err(|_| unavailable())?;
        let view = document.and_then(View::read).filter(|view| view.is_seen_by(self.user));
        let view = view.ok_or_else(|| Fault::missing("There is no such view."))?;
        if !view.is_changed_by(self.user) {
            let role = Role::Operator;
            return Err(Fault::forbidden(format!(
                "A view that all see needs the role {role}; yours is {}.",
                self.user.role
            )));
        }
        Ok(view)
    }

    fn put(&self, view: &View, what: &str, expect: Expect) -> Result<(), Fault> {
        let body = serde_json::to_string(&view.is).unwrap_or_default();
        let put = Change::Put { kind: KIND, key: view.id.clone(), body, expect };
        let about = json!({ "view": view.is.name, "shared": view.is.shared });
        let note = audit(&self.user.name, what, &about, self.now);
        self.metadata.apply(&[put, note]).map_err(|error| match error.conflict() {
            Some(_) => Fault::bad("Somebody else has changed it meanwhile. Go back, and look again."),
            None => unavailable(),
        })
    }
}

/// Whether a browser would leave these pages by it: it takes `..` for a step up, however that is written.
fn climbs(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|step| matches!(&*percent_decode_str(step).decode_utf8_lossy(), "." | ".."))
}

fn named(name: &str) -> Result<String, Fault> {
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    if is_name {
        Ok(name.to_owned())
    } else {
        Err(Fault::bad(format!("No view can have such a name. Accepted: 1 to {MAX_NAME} characters.")))
    }
}

pub(super) fn unavailable() -> Fault {
    Fault { status: http::StatusCode::SERVICE_UNAVAILABLE, says: "Views cannot be read or written.".to_owned() }
}
