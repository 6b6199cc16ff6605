//! Saved views, as the metadata has them: the address of a page under a name.

use std::sync::Arc;

use cupola_store::{Change, Document, Expect, Metadata};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{Role, User, audit};
use crate::pages::is_ours;
use crate::problem::Problem;

const KIND: &str = "view";
/// So many of their own somebody has at most, so many characters a name, and so many bytes an address.
const MOST: usize = 100;
const MAX_NAME: usize = 80;
const MAX_ADDRESS: usize = 8_192;

/// An address of a page that somebody has given a name.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) is: Kept,
    version: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) name: String,
    /// Whose it is.
    pub(crate) owner: String,
    /// Whether all see it.
    pub(crate) shared: bool,
    /// `/cupola/logs?query=level%3E%3Dwarn`
    pub(crate) address: String,
}

impl View {
    fn read(document: Document) -> Option<Self> {
        let is = serde_json::from_str(&document.body).ok()?;
        Some(Self { id: document.key, is, version: document.version })
    }

    fn is_seen_by(&self, user: &User) -> bool {
        self.is.shared || self.is.owner == user.name
    }

    /// What all see, those look after who look after alerts.
    pub(crate) fn is_changed_by(&self, user: &User) -> bool {
        !user.name.is_empty() && if self.is.shared { user.role >= Role::Operator } else { self.is.owner == user.name }
    }
}

/// Those of the metadata, as one person has them.
#[derive(Debug)]
pub(crate) struct Views<'a> {
    metadata: &'a Arc<dyn Metadata>,
    user: &'a User,
    now: i64,
}

impl<'a> Views<'a> {
    pub(crate) fn new(metadata: &'a Arc<dyn Metadata>, user: &'a User, now: i64) -> Self {
        Self { metadata, user, now }
    }

    /// Those that the person sees, by name.
    pub(crate) fn list(&self) -> Result<Vec<View>, Problem> {
        let all = self.metadata.all(KIND).map_err(|_| Problem::unavailable())?;
        let mut seen: Vec<View> =
            all.into_iter().filter_map(View::read).filter(|view| view.is_seen_by(self.user)).collect();
        seen.sort_by_cached_key(|view| (view.is.name.to_lowercase(), view.id.clone()));
        Ok(seen)
    }

    /// Keeps an address.
    pub(crate) fn save(&self, name: &str, address: &str, shared: bool) -> Result<View, Problem> {
        self.may_own(shared)?;
        let name = named(name)?;
        let is_address = is_ours(address)
            && address.len() <= MAX_ADDRESS
            && address.bytes().all(|byte| byte.is_ascii_graphic())
            && !climbs(address);
        if !is_address {
            let accepted = format!("one of these pages, of at most {MAX_ADDRESS} bytes");
            return Err(Problem::bad("address", "is none that can be kept", accepted));
        }
        if self.list()?.iter().filter(|view| view.is.owner == self.user.name).count() >= MOST {
            return Err(Problem::of_asker(format!("you have {MOST} views, and more are not kept: remove one first")));
        }
        let is = Kept { name, owner: self.user.name.clone(), shared, address: address.to_owned() };
        let view = View { id: format!("{:x}", self.now), is, version: 0 };
        self.put(&view, "view saved", Expect::Absent)?;
        Ok(view)
    }

    /// Gives it another name, or shows it to all or to its owner alone.
    pub(crate) fn change(&self, id: &str, name: Option<&str>, shared: Option<bool>) -> Result<View, Problem> {
        self.may_own(shared.is_some())?;
        let mut view = self.of(id)?;
        if let Some(name) = name {
            view.is.name = named(name)?;
        }
        view.is.shared = shared.unwrap_or(view.is.shared);
        let expect = Expect::Version(view.version);
        self.put(&view, "view changed", expect)?;
        Ok(view)
    }

    /// Takes one away.
    pub(crate) fn remove(&self, id: &str) -> Result<(), Problem> {
        self.may_own(false)?;
        let view = self.of(id)?;
        let delete = Change::Delete { kind: KIND, key: view.id };
        let note = audit(&self.user.name, "view removed", &json!({ "view": view.is.name }), self.now);
        self.metadata.apply(&[delete, note]).map_err(|_| Problem::unavailable())
    }

    /// Those of somebody whose name is known; what all see is for those who look after alerts.
    fn may_own(&self, for_all: bool) -> Result<(), Problem> {
        if self.user.name.is_empty() {
            return Err(Problem::forbidden("a view belongs to whoever saves it: log in first".to_owned()));
        }
        let role = self.user.role;
        if for_all && role < Role::Operator {
            return Err(Problem::forbidden(format!(
                "views that all see need the role {}; yours is {role}",
                Role::Operator
            )));
        }
        Ok(())
    }

    /// One that the person may change.
    fn of(&self, id: &str) -> Result<View, Problem> {
        let document = self.metadata.get(KIND, id).map_err(|_| Problem::unavailable())?;
        let view = document.and_then(View::read).filter(|view| view.is_seen_by(self.user));
        let view = view.ok_or_else(|| Problem::not_here("there is no such view"))?;
        if !view.is_changed_by(self.user) {
            let role = Role::Operator;
            return Err(Problem::forbidden(format!(
                "a view that all see needs the role {role}; yours is {}",
                self.user.role
            )));
        }
        Ok(view)
    }

    fn put(&self, view: &View, what: &str, expect: Expect) -> Result<(), Problem> {
        let body = serde_json::to_string(&view.is).unwrap_or_default();
        let put = Change::Put { kind: KIND, key: view.id.clone(), body, expect };
        let about = json!({ "view": view.is.name, "shared": view.is.shared });
        let note = audit(&self.user.name, what, &about, self.now);
        self.metadata.apply(&[put, note]).map_err(|error| match error.conflict() {
            Some(_) => Problem::of_asker("somebody else has changed it meanwhile: look again".to_owned()),
            None => Problem::unavailable(),
        })
    }
}

/// Whether a browser would leave these pages by it: it takes `..` for a step up, however that is written.
fn climbs(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|step| matches!(&*percent_decode_str(step).decode_utf8_lossy(), "." | ".."))
}

fn named(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    if is_name {
        Ok(name.to_owned())
    } else {
        Err(Problem::bad("name", "is none that a view can have", format!("1 to {MAX_NAME} characters")))
    }
}
