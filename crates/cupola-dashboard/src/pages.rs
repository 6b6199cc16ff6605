//! The pages: what people see, made here and not in their browser. Every state is an address, and no page needs a script.

mod alerts;
mod answer;
mod assets;
mod chart;
mod deploys;
mod entry_fields;
mod error_groups;
mod errors;
mod executions;
mod fault;
mod form;
mod icon;
mod jobs;
mod layout;
mod link;
mod llm;
mod login;
mod logs;
mod money;
mod overview;
mod parts;
mod range;
mod red;
mod red_charts;
mod red_table;
mod room;
mod rules;
mod searching;
mod service;
mod settings;
mod show;
mod system;
mod terms;
mod told;
mod traces;
mod views;
mod visit;
mod volume;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, RawQuery, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use cupola_alert::Alerts;
use cupola_store::{Metadata, Query, Stats, Tails};
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Zoned;
use maud::Markup;

use crate::access::{Access, Role, Visitor};
use crate::desk::Desk;
use crate::{Caretaker, LogLevels};
use fault::Fault;
use form::Form;
use layout::Drawn;
use link::Link;
pub(crate) use link::is_ours;
use room::Room;
use visit::{THEME, Theme, Visit};

/// A page: reads what the address says, asks, and draws. It may block: it works away from the threads that others wait for.
type Page = fn(&Visit, &Room<'_>) -> Result<Drawn, Fault>;

/// What a form asks for: does it, and says where it can be seen.
type Action = fn(&Visit, &Room<'_>, &Form) -> Result<Link, Fault>;

/// The pages, by their address below `/cupola`.
const PAGES: &[(&str, Page)] = &[
    ("", overview::page),
    ("/service", service::page),
    ("/route", service::route),
    ("/logs", logs::page),
    ("/logs/entry", logs::entry),
    ("/traces", traces::page),
    ("/traces/{id}", traces::one),
    ("/errors", errors::page),
    ("/errors/{fingerprint}", errors::one),
    ("/jobs", jobs::page),
    ("/jobs/{id}", jobs::one),
    ("/executions", executions::page),
    ("/executions/{id}", executions::one),
    ("/llm", llm::page),
    ("/system", system::page),
    ("/alerts", alerts::page),
    ("/alerts/{rule}/{fingerprint}", alerts::one),
    ("/alerts-history", alerts::history),
    ("/silences", alerts::silences),
    ("/rules", rules::page),
    ("/rules/{name}", rules::one),
    ("/rule", rules::check),
    ("/settings", settings::page),
    ("/views", views::page),
];

/// What can be done, by the address that its form is sent to, and who may.
const ACTIONS: &[(&str, Role, Action)] = &[
    ("/alerts/act", Role::Operator, alerts::act),
    ("/alerts/send-again", Role::Operator, alerts::again),
    ("/silences/add", Role::Operator, alerts::add_silence),
    ("/silences/end", Role::Operator, alerts::end_silence),
    ("/rule/set", Role::Admin, rules::set),
    ("/rule/enable", Role::Admin, rules::enable),
    ("/rule/delete", Role::Admin, rules::delete),
    ("/settings/users", Role::Admin, settings::set_user),
    ("/settings/users/remove", Role::Admin, settings::remove_user),
    ("/settings/store/verify", Role::Admin, settings::verify_store),
    ("/settings/store/compact", Role::Admin, settings::compact_store),
    ("/settings/store/backup", Role::Admin, settings::back_up_store),
    ("/settings/store/prune", Role::Admin, settings::prune_store),
    ("/settings/levels", Role::Admin, settings::set_levels),
    ("/settings/levels/reset", Role::Admin, settings::reset_levels),
    ("/views/save", Role::Viewer, views::save),
    ("/views/change", Role::Viewer, views::change),
    ("/views/remove", Role::Viewer, views::remove),
];

/// Shows what is stored, below `/cupola`.
///
/// ```
/// use std::sync::Arc;
/// use cupola_dashboard::Pages;
/// use cupola_store::Reader;
///
/// # let dir = tempfile::tempdir()?;
/// let pages = Pages::new(Arc::new(Reader::open(dir.path())?));
/// let app: axum::Router = pages.router();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pages {
    desk: Desk,
    access: Option<Access>,
    seams: room::Seams,
}

impl Pages {
    /// Asks here.
    pub fn new(query: Arc<dyn Query>) -> Self {
        Self { desk: Desk::new(query), access: None, seams: room::Seams::default() }
    }

    /// Shows them to whom this lets in. Without it everyone sees them, and nobody changes anything.
    #[must_use]
    pub fn access(mut self, access: Access) -> Self {
        self.access = Some(access);
        self
    }

    /// What people have decided: users, views, and notes of who changed what.
    #[must_use]
    pub fn metadata(mut self, metadata: Arc<dyn Metadata>) -> Self {
        self.seams.metadata = Some(metadata);
        self
    }

    /// Lets people watch what comes in: those of the store that it goes into. The [`Api`](crate::Api) beside the pages has the same.
    #[must_use]
    pub fn tails(mut self, tails: Tails) -> Self {
        self.seams.tails = Some(tails);
        self
    }

    /// Says on each page how the store is.
    #[must_use]
    pub fn stats(mut self, stats: impl Fn() -> Stats + Send + Sync + 'static) -> Self {
        self.seams.stats = Some(Arc::new(stats));
        self
    }

    /// Shows the alerts and rules of whoever evaluates them, and lets people decide about them.
    #[must_use]
    pub fn alerting(mut self, alerting: Arc<Alerts>) -> Self {
        self.seams.alerting = Some(alerting);
        self
    }

    /// Shows what a process logs, and lets admins change it for a while.
    #[must_use]
    pub fn levels(mut self, levels: Arc<dyn LogLevels>) -> Self {
        self.seams.levels = Some(levels);
        self
    }

    /// Lets admins have the store taken care of. The [`Api`](crate::Api) beside the pages has the same.
    #[must_use]
    pub fn caretaker(mut self, caretaker: Caretaker) -> Self {
        self.seams.caretaker = Some(caretaker);
        self
    }

    /// The path of an alert's page: `/cupola/alerts/api%20errors/9f86d081884c7d65`.
    pub fn path_of_alert(rule: &str, fingerprint: &str) -> String {
        link::Link::new("/alerts", []).below(rule).below(fingerprint).to_string()
    }

    /// How long a page waits while others are made, which is five seconds otherwise; then it is to be asked for again: 503.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.desk.wait(wait);
        self
    }

    /// The routes.
    pub fn router(self) -> Router {
        let Self { desk, access, seams } = self;
        let access = access.unwrap_or_else(|| Access::default().everyone_by_any_name(Role::Viewer));
        let house = House { desk, seams, access };
        let mut pages = Router::new();
        for &(path, page) in PAGES {
            let house = house.clone();
            let handler = async move |steps: RawPathParams, head: Parts| {
                let (visit, fault) = visit(path, steps.iter(), &head);
                house.show(visit, fault, page, &head).await
            };
            pages = pages.route(&format!("/cupola{path}"), get(handler));
        }
        for &(path, role, action) in ACTIONS {
            let house = house.clone();
            let handler = async move |steps: RawPathParams, asked: Request| {
                let (head, sent) = asked.into_parts();
                let (visit, _) = visit(path, steps.iter(), &head);
                house.act(visit, role, action, &head, sent).await
            };
            pages = pages.route(&format!("/cupola{path}"), post(handler));
        }
        let missing = {
            let house = house.clone();
            async move |head: Parts| {
                let (visit, _) = visit("", std::iter::empty(), &head);
                house.show(visit, Err(Fault::missing("Nothing is at this address.")), overview::page, &head).await
            }
        };
        let others = logs::routes(&house).merge(settings::export_routes(&house));
        let access = house.access;
        let guard = access.clone();
        let pages = pages
            .route("/cupola/", get(async || answer::redirect("/cupola")))
            .route("/cupola/{*else}", get(missing))
            .merge(others)
            .layer(from_fn(move |asked, next| admitted(guard.clone(), asked, next)));
        Router::new()
            .route("/cupola/assets/{name}", get(assets::serve))
            .route("/cupola/theme", get(theme))
            .merge(login::routes(&access))
            .merge(pages)
    }
}

/// Whoever is not known is asked who they are.
async fn admitted(access: Access, asked: Request, next: Next) -> Response {
    let (mut head, sent) = asked.into_parts();
    let Some(visitor) = access.visitor(&head).await else { return login::asked_for(&head) };
    head.extensions.insert(visitor);
    next.run(Request::from_parts(head, sent)).await
}

/// What all pages have in common.
#[derive(Clone, Debug)]
struct House {
    desk: Desk,
    seams: room::Seams,
    access: Access,
}

impl House {
    /// Makes a page, or one that says why there is none.
    async fn show(&self, visit: Visit, fault: Result<(), Fault>, page: Page, head: &Parts) -> Response {
        let (form, cookie) = self.access.form(head, &visit.user);
        let visit = visit.with_form(form);
        let (seams, at_work) = (self.seams.clone(), visit.clone());
        let drawn = self.desk.ask(move |query| {
            let stats = seams.stats.as_ref().map(|stats| stats());
            let room = Room { query, seams: &seams, stats: stats.as_ref() };
            let drawn = fault.and_then(|()| page(&at_work, &room));
            let (status, drawn) = match drawn {
                Ok(drawn) => (drawn.status, drawn),
                Err(fault) => (fault.status, fault.draw()),
            };
            let views = views::offered(&at_work, &seams);
            (status, layout::page(&at_work, &drawn, stats.as_ref(), views.as_deref()))
        });
        let (status, page) = drawn.await.unwrap_or_else(|unasked| told(&visit, &unasked.into()));
        with_cookie(answer::html(status, page, &head.headers), cookie)
    }

    /// Does what a form asks for, and goes on to the page that shows it.
    async fn act(&self, visit: Visit, role: Role, action: Action, head: &Parts, sent: Body) -> Response {
        let form = match self.form(&visit, role, head, sent).await {
            Ok(form) => form,
            Err(fault) => return refused(&visit, &fault),
        };
        let (seams, at_work) = (self.seams.clone(), visit.clone());
        let done = self.desk.ask(move |query| {
            let room = Room { query, seams: &seams, stats: None };
            action(&at_work, &room, &form)
        });
        match done.await.unwrap_or_else(|unasked| Err(unasked.into())) {
            Ok(link) => answer::redirect(&link.to_string()),
            Err(fault) => refused(&visit, &fault),
        }
    }
}

impl House {
    /// What a form sends: one of ours, of somebody who may.
    async fn form(&self, visit: &Visit, role: Role, head: &Parts, sent: Body) -> Result<Form, Fault> {
        let form = Form::read(sent).await?;
        let visitor = head.extensions.get::<Visitor>();
        if !visitor.is_some_and(|visitor| self.access.is_wanted(head, visitor, form.get("form"))) {
            let says = "The form is too old, or is none of ours. Go back, read the page again, and send it once more.";
            return Err(Fault::forbidden(says));
        }
        if visit.user.role < role {
            return Err(Fault::forbidden(format!("This needs the role {role}; yours is {}.", visit.user.role)));
        }
        Ok(form)
    }
}

fn told(visit: &Visit, fault: &Fault) -> (StatusCode, Markup) {
    (fault.status, layout::page(visit, &fault.draw(), None, None))
}

fn refused(visit: &Visit, fault: &Fault) -> Response {
    let (status, page) = told(visit, fault);
    answer::html(status, page, &HeaderMap::new())
}

fn with_cookie(mut answer: Response, cookie: Option<String>) -> Response {
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

fn visit<'a>(path: &str, steps: impl Iterator<Item = (&'a str, &'a str)>, head: &Parts) -> (Visit, Result<(), Fault>) {
    let theme = Theme::of(&head.headers);
    let user = head.extensions.get::<Visitor>().map(|visitor| visitor.user.clone());
    let (visit, fault) = Visit::read(path, head.uri.query(), &Zoned::now());
    (visit.with_theme(theme).with_user(user).with_steps(steps), fault)
}

/// Chooses colours, and goes back.
async fn theme(RawQuery(asked): RawQuery) -> Response {
    let (visit, _) = Visit::read("", asked.as_deref(), &Zoned::now());
    let chosen = visit.get("to").and_then(Theme::read).unwrap_or_default();
    let back = visit.get("back").filter(|back| link::is_ours(back));
    let answer = answer::redirect(back.unwrap_or("/cupola"));
    let kept = format!("{THEME}={}; Path=/cupola; Max-Age=31536000; SameSite=Lax; HttpOnly", chosen.as_str());
    with_cookie(answer, Some(kept))
}
