//! Who may see what is stored, and who may change what people decide.

mod password;
mod role;
mod secret;
mod session;
mod throttle;
mod users;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use cupola_http::Peer;
use cupola_store::{Change, Metadata};
use http::header::{AUTHORIZATION, COOKIE, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::timeout;

pub use role::{Role, User};
pub use users::{UserError, Users};

use crate::token::{bearer, is_same};
use secret::{Key, digest};
pub(crate) use session::COOKIE as SESSION;
use session::{Kept, Sessions};
use throttle::Throttle;

/// How many characters of a form's token make it another one each time.
const NONCE: usize = 16;

/// The head by which a script of our pages says what a form has.
pub(crate) const FORM_HEAD: &str = "x-cupola-form";

/// The cookie that binds forms to who was given them.
const FORM: &str = "cupola_form";

/// Who may see what is stored, and who may change what people decide. Nobody may, until it is told otherwise.
///
/// ```
/// use cupola_dashboard::{Access, Role};
///
/// let access = Access::default().token("long and random", Role::Viewer).token("longer", Role::Admin);
/// ```
///
/// | who | how |
/// |---|---|
/// | has a token | `Authorization: Bearer …`, or logs in with it |
/// | has a name and a password ([`Users`]) | logs in |
/// | is known to the application around it | [`Access::external`] |
/// | can reach it | [`Access::everyone`] |
///
/// Logging in makes a session: a cookie that no script reads, sent to these pages alone. Too many attempts that fail have to wait. What is
/// changed over a cookie needs a token of the page, too, which no other site has.
#[derive(Clone, Default)]
pub struct Access {
    tokens: Vec<(Box<str>, Role)>,
    users: Option<Users>,
    external: Option<External>,
    everyone: Option<Everyone>,
    is_secure: bool,
    sessions: Arc<Sessions>,
    throttle: Arc<Throttle>,
    key: Key,
    door: Door,
}

/// Few log in at once: each takes a thread and some memory for a while.
#[derive(Clone, Debug)]
struct Door(Arc<Semaphore>);

impl Default for Door {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(4)))
    }
}

type External = Arc<dyn Fn(&Parts) -> Option<User> + Send + Sync>;

#[derive(Clone, Copy, Debug)]
struct Everyone {
    role: Role,
    /// Under whatever name the server is asked for.
    by_any_name: bool,
}

/// Who asks, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(crate) user: User,
    by: By,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// A head that no browser sends by itself.
    Bearer,
    /// What a browser sends by itself.
    Browser,
}

/// Why nobody was logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Name and password, or the token, are not known.
    Unknown,
    /// Too many have been tried: again in so many seconds.
    Wait(u64),
    /// It cannot be found out at present.
    Unavailable,
}

impl Access {
    /// Whoever has this token.
    #[must_use]
    pub fn token(mut self, token: &str, role: Role) -> Self {
        self.tokens.push((token.into(), role));
        self
    }

    /// Whoever has a token that is made here: to be shown once, to who starts the server.
    #[must_use]
    pub fn new_token(self, role: Role) -> (Self, String) {
        let token = secret::random();
        (self.token(&token, role), token)
    }

    /// Those who have a name and a password in the metadata, which has the sessions, too: they outlive the process.
    #[must_use]
    pub fn users(mut self, metadata: Arc<dyn Metadata>) -> Self {
        self.sessions = Arc::new(Sessions::kept(Arc::clone(&metadata)));
        self.users = Some(Users::new(metadata));
        self
    }

    /// Those whom the application around it knows: it is shown the head of each request, and must not wait for anything.
    #[must_use]
    pub fn external(mut self, who: impl Fn(&Parts) -> Option<User> + Send + Sync + 'static) -> Self {
        self.external = Some(Arc::new(who));
        self
    }

    /// Everyone who can reach it, and says nothing else of themselves. Only where it is asked for as `localhost` or by an address: a page of
    /// another site cannot make a browser ask so.
    #[must_use]
    pub fn everyone(mut self, role: Role) -> Self {
        self.everyone = Some(Everyone { role, by_any_name: false });
        self
    }

    /// The same under whatever name it is asked for: where something in front of it decides who comes through.
    #[must_use]
    pub fn everyone_by_any_name(mut self, role: Role) -> Self {
        self.everyone = Some(Everyone { role, by_any_name: true });
        self
    }

    /// Connections are encrypted, so that cookies are sent over no others.
    #[must_use]
    pub fn secure(mut self) -> Self {
        self.is_secure = true;
        self
    }

    /// Whether passwords are known, so that a name can be asked for.
    pub(crate) fn has_users(&self) -> bool {
        self.users.is_some()
    }

    /// Who asks. May wait for the metadata.
    pub(crate) fn who(&self, head: &Parts, now: i64) -> Option<Visitor> {
        if let Some(given) = head.headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes())) {
            let role = self.role_of(given)?;
            return Some(Visitor { user: User::new("token", role), by: By::Bearer });
        }
        let user = self.by_session(&head.headers, now).or_else(|| self.external.as_ref()?(head)).or_else(|| {
            let everyone = self.everyone.filter(|everyone| everyone.by_any_name || is_near(head))?;
            Some(User::new("", everyone.role))
        });
        user.map(|user| Visitor { user, by: By::Browser })
    }

    /// All are compared, whichever it is.
    fn role_of(&self, given: &[u8]) -> Option<Role> {
        self.tokens
            .iter()
            .fold(None, |found, (token, role)| found.max(is_same(token.as_bytes(), given).then_some(*role)))
    }

    fn by_session(&self, heads: &HeaderMap, now: i64) -> Option<User> {
        let kept = self.sessions.find(cookie(heads, SESSION)?, now)?;
        match &kept.token {
            // A token that is accepted no more lets nobody in who has come with it.
            Some(token) => {
                let (_, role) = self.tokens.iter().find(|(known, _)| digest(known.as_bytes()) == *token)?;
                Some(User::new(&kept.user, *role))
            }
            None => self.users.as_ref()?.get(&kept.user),
        }
    }

    /// Logs somebody in: with a name and a password, or with a token where there is no name. Returns the cookie. Takes a while, on purpose.
    fn log_in(&self, head: &Parts, name: &str, secret: &str, now: i64) -> Result<String, Refused> {
        let keys = throttle_keys(peer(head), name);
        self.throttle.begin(&keys, now).map_err(Refused::Wait)?;
        let kept = if name.is_empty() {
            let known = self.role_of(secret.as_bytes()).map(|_| digest(secret.as_bytes()));
            known.map(|token| Kept::new("token", Some(token), now))
        } else {
            let user = self.users.as_ref().and_then(|users| users.verify(name, secret));
            user.map(|user| Kept::new(&user.name, None, now))
        };
        let Some(kept) = kept else {
            self.throttle.failed(&keys, now);
            self.note("login refused", name, &json!({ "from": peer(head).map(|peer| peer.to_string()) }), now);
            return Err(Refused::Unknown);
        };
        self.throttle.succeeded(&keys);
        let session = self.sessions.begin(&kept, now).ok_or(Refused::Unavailable)?;
        self.note("login", &kept.user, &json!({ "from": peer(head).map(|peer| peer.to_string()) }), now);
        Ok(self.cookie(head, SESSION, &session, session::SECONDS))
    }

    /// The same, away from the threads that others wait for.
    pub(crate) async fn come_in(&self, head: &Parts, name: &str, secret: &str) -> Result<String, Refused> {
        let turn = timeout(Duration::from_secs(5), Arc::clone(&self.door.0).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Refused::Wait(1)) };
        let (access, head, name, secret) = (self.clone(), head.clone(), name.to_owned(), secret.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            let _one_of_few = turn;
            access.log_in(&head, &name, &secret, now())
        });
        done.await.unwrap_or(Err(Refused::Unavailable))
    }

    /// Ends a session. Returns the cookie that takes its place.
    pub(crate) fn log_out(&self, head: &Parts, now: i64) -> String {
        if let Some(session) = cookie(&head.headers, SESSION) {
            if let Some(kept) = self.sessions.find(session, now) {
                self.note("logout", &kept.user, &json!({}), now);
            }
            self.sessions.end(session);
        }
        self.cookie(head, SESSION, "", 0)
    }

    /// A token for the forms of a page, and the cookie that it needs where there is none yet.
    pub(crate) fn form(&self, head: &Parts, user: &User) -> (String, Option<String>) {
        let (bound, set) = match cookie(&head.headers, FORM).filter(|bound| bound.len() == 64) {
            Some(bound) => (bound.to_owned(), None),
            None => {
                let bound = secret::random();
                let set = self.cookie(head, FORM, &bound, session::SECONDS);
                (bound, Some(set))
            }
        };
        // Another one each time: pages are compressed, and how long one is would tell of a text that stays the same.
        let nonce = &secret::random()[..NONCE];
        (format!("{nonce}{}", self.key.sign(&[&bound, &user.name, nonce])), set)
    }

    /// Whether it is this visitor who wants what they send, and no page of another site.
    pub(crate) fn is_wanted(&self, head: &Parts, visitor: &Visitor, form: Option<&str>) -> bool {
        visitor.by == By::Bearer || self.is_own_form(head, &visitor.user, form)
    }

    /// The same of somebody who is yet to log in.
    pub(crate) fn is_own_form(&self, head: &Parts, user: &User, form: Option<&str>) -> bool {
        let site = head.headers.get(HeaderName::from_static("sec-fetch-site"));
        let is_ours = site.is_none_or(|site| site == "same-origin" || site == "none");
        let bound = cookie(&head.headers, FORM).filter(|bound| bound.len() == 64);
        let Some((bound, (nonce, given))) = bound.zip(form.and_then(|form| form.split_at_checked(NONCE))) else {
            return false;
        };
        let signed = self.key.sign(&[bound, &user.name, nonce]);
        is_ours && is_same(signed.as_bytes(), given.as_bytes())
    }

    fn cookie(&self, head: &Parts, name: &str, value: &str, seconds: i64) -> String {
        let proto = head.headers.get(HeaderName::from_static("x-forwarded-proto"));
        let secure = if self.is_secure || proto.is_some_and(|proto| proto == "https") { "; Secure" } else { "" };
        format!("{name}={value}; Path=/cupola; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    fn note(&self, what: &str, who: &str, about: &serde_json::Value, now: i64) {
        if let Some(users) = &self.users {
            users.apply(&[audit(who, what, about, now)]);
        }
    }
}

/// A note of what somebody has changed, for the `apply` that changes it.
pub(crate) fn audit(who: &str, what: &str, about: &serde_json::Value, now: i64) -> Change {
    let note = json!({ "what": what, "about": about }).to_string();
    Change::Note { topic: "audit", subject: cut(who).to_owned(), time: now, body: note }
}

/// What somebody has typed for a name may be anything.
fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(users::MAX_NAME)]
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(heads: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = heads.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

fn peer(head: &Parts) -> Option<IpAddr> {
    head.extensions.get::<Peer>().map(|peer| peer.0)
}

fn throttle_keys(peer: Option<IpAddr>, name: &str) -> Vec<String> {
    let of_peer = peer.map_or_else(|| "from somewhere".to_owned(), |peer| format!("from {peer}"));
    let of_name = (!name.is_empty()).then(|| format!("as {}", cut(name)));
    [Some(of_peer), of_name].into_iter().flatten().collect()
}

/// Whether the server is asked for by a name that no other site can have.
fn is_near(head: &Parts) -> bool {
    // HTTP/2 says it in the address.
    let host = match (head.uri.authority(), head.headers.get(HOST)) {
        (Some(host), _) => host.as_str(),
        (None, Some(host)) => host.to_str().unwrap_or_default(),
        (None, None) => return true,
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

impl Access {
    /// Who asks, found out away from the threads that others wait for.
    pub(crate) async fn visitor(&self, head: &Parts) -> Option<Visitor> {
        let (access, head) = (self.clone(), head.clone());
        tokio::task::spawn_blocking(move || access.who(&head, now())).await.ok()?
    }
}

/// Nanoseconds since 1970, now.
pub(crate) fn now() -> i64 {
    i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tokens, users) = (self.tokens.len(), self.users.is_some());
        let mut access = f.debug_struct("Access");
        access.field("tokens", &tokens).field("users", &users).field("external", &self.external.is_some());
        access.field("everyone", &self.everyone).field("is_secure", &self.is_secure).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
