//! The pages: what people see, made here and not in their browser. Every state is an address, and no page needs a script.

mod answer;
mod assets;
mod chart;
mod deploys;
mod error_groups;
mod fault;
mod icon;
mod layout;
mod link;
mod overview;
mod parts;
mod range;
mod red;
mod red_charts;
mod red_table;
mod room;
mod service;
mod show;
mod visit;
mod volume;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawPathParams, RawQuery, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use cupola_store::{Metadata, Query, Stats, Tails};
use http::header::COOKIE;
use http::{HeaderMap, StatusCode};
use jiff::Zoned;

use crate::desk::Desk;
use crate::token::Tokens;
use fault::Fault;
use layout::Drawn;
pub use room::OpenAlert;
use room::Room;
use visit::{Theme, Visit};

/// A page: reads what the address says, asks, and draws. It may block: it works away from the threads that others wait for.
type Page = fn(&Visit, &Room<'_>) -> Result<Drawn, Fault>;

/// The pages, by their address below `/cupola`.
const PAGES: [(&str, Page); 3] = [("", overview::page), ("/service", service::page), ("/route", service::route)];

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
    tokens: Tokens,
    seams: room::Seams,
}

impl Pages {
    /// Asks here.
    pub fn new(query: Arc<dyn Query>) -> Self {
        Self { desk: Desk::new(query), tokens: Tokens::default(), seams: room::Seams::default() }
    }

    /// Shows them only to who has this token, or another one that it was given. Without any, everyone sees them.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.tokens.add(token);
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

    /// Tells on the first screen which alerts are open.
    #[must_use]
    pub fn alerts(mut self, alerts: impl Fn() -> Vec<OpenAlert> + Send + Sync + 'static) -> Self {
        self.seams.alerts = Some(Arc::new(alerts));
        self
    }

    /// How long a page waits while others are made, which is five seconds otherwise; then it is to be asked for again: 503.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.desk.wait(wait);
        self
    }

    /// The routes.
    pub fn router(self) -> Router {
        let Self { desk, tokens, seams } = self;
        let mut pages = Router::new();
        for (path, page) in PAGES {
            let (desk, seams) = (desk.clone(), seams.clone());
            let handler = async move |steps: RawPathParams, asked: RawQuery, head: HeaderMap| {
                let (visit, fault) = visit(path, steps.iter(), &asked, &head);
                made(&desk, &seams, visit, fault, page).await
            };
            pages = pages.route(&format!("/cupola{path}"), get(handler));
        }
        let missing = async move |asked: RawQuery, head: HeaderMap| {
            let (visit, _) = visit("", std::iter::empty(), &asked, &head);
            let fault = Fault::missing("Nothing is at this address.");
            made(&desk, &seams, visit, Err(fault), overview::page).await
        };
        let pages = pages
            .route("/cupola/", get(async || answer::redirect("/cupola")))
            .route("/cupola/{*else}", get(missing))
            .layer(from_fn(move |asked, next| admitted(tokens.clone(), asked, next)));
        Router::new().route("/cupola/assets/{name}", get(assets::serve)).route("/cupola/theme", get(theme)).merge(pages)
    }
}

async fn admitted(tokens: Tokens, asked: Request, next: Next) -> Response {
    if tokens.admit(asked.headers()) { next.run(asked).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

/// Makes a page, or one that says why there is none.
async fn made(desk: &Desk, seams: &room::Seams, visit: Visit, fault: Result<(), Fault>, page: Page) -> Response {
    let (seams, at_work) = (seams.clone(), visit.clone());
    let drawn = desk.ask(move |query| {
        let stats = seams.stats.as_ref().map(|stats| stats());
        let room = Room { query, seams: &seams, stats: stats.as_ref() };
        let drawn = fault.and_then(|()| page(&at_work, &room));
        let (status, drawn) = match drawn {
            Ok(drawn) => (StatusCode::OK, drawn),
            Err(fault) => (fault.status, fault.draw()),
        };
        (status, layout::page(&at_work, &drawn, stats.as_ref()))
    });
    match drawn.await {
        Ok((status, page)) => answer::html(status, page),
        Err(unasked) => {
            let fault = Fault::from(unasked);
            answer::html(fault.status, layout::page(&visit, &fault.draw(), None))
        }
    }
}

fn visit<'a>(
    path: &str,
    steps: impl Iterator<Item = (&'a str, &'a str)>,
    RawQuery(asked): &RawQuery,
    head: &HeaderMap,
) -> (Visit, Result<(), Fault>) {
    let theme = cookie(head, "cupola_theme").and_then(Theme::read).unwrap_or_default();
    let (visit, fault) = Visit::read(path, asked.as_deref(), &Zoned::now());
    (visit.with_theme(theme).with_steps(steps), fault)
}

fn cookie<'a>(head: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = head.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Chooses colours, and goes back.
async fn theme(RawQuery(asked): RawQuery) -> Response {
    let (visit, _) = Visit::read("", asked.as_deref(), &Zoned::now());
    let chosen = visit.get("to").and_then(Theme::read).unwrap_or_default();
    // Only to pages of ours: `//elsewhere` would be another host.
    let back = visit
        .get("back")
        .filter(|back| *back == "/cupola" || back.starts_with("/cupola/") || back.starts_with("/cupola?"));
    let mut answer = answer::redirect(back.unwrap_or("/cupola"));
    let kept = format!("cupola_theme={}; Path=/cupola; Max-Age=31536000; SameSite=Lax; HttpOnly", chosen.as_str());
    if let Ok(kept) = kept.try_into() {
        answer.headers_mut().insert(http::header::SET_COOKIE, kept);
    }
    answer
}
