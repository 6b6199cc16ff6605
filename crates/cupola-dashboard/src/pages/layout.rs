//! What stands around every page: where one can go, which time is told, how the store is.

use cupola_store::Stats;
use http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use super::assets;
use super::form::form;
use super::icon::icon;
use super::link::Link;
use super::range::{PRESETS, UNSAID};
use super::show;
use super::views;
use super::visit::{Theme, Visit};
use crate::views::View;

/// Where one can go: address below `/cupola`, name, icon, and the key that goes there after `g`.
const PLACES: &[(&str, &str, &str, char)] = &[
    ("", "Overview", "overview", 'o'),
    ("/logs", "Logs", "logs", 'l'),
    ("/traces", "Traces", "traces", 't'),
    ("/errors", "Errors", "errors", 'e'),
    ("/jobs", "Jobs", "jobs", 'j'),
    ("/llm", "LLM calls", "llm", 'm'),
    ("/system", "System", "system", 'y'),
    ("/alerts", "Alerts", "alerts", 'a'),
    ("/settings", "Settings", "settings", ','),
];

/// Where what happens to alerts is watched.
const ALERTS_LIVE: &str = "/cupola/api/v1/alerts/live";

/// How often a page may be asked for again: seconds, and how that is said.
const REFRESHES: [(u32, &str); 6] = [(0, "Off"), (5, "5 s"), (10, "10 s"), (30, "30 s"), (60, "1 min"), (300, "5 min")];

/// A page without what stands around it.
#[derive(Debug)]
pub(super) struct Drawn {
    /// Which of the places it belongs to: their address.
    place: &'static str,
    title: String,
    /// The pages above it.
    trail: Vec<(String, Link)>,
    body: Markup,
    has_range: bool,
    /// It goes on, though it tells of no range.
    is_live: bool,
    watches_alerts: bool,
    scripts: Vec<&'static str>,
    /// Whether this is what was asked for.
    pub(super) status: StatusCode,
}

impl Drawn {
    /// A page that belongs to one of the places of the navigation, by its address below `/cupola`.
    pub(super) fn new(place: &'static str, title: impl Into<String>, body: Markup) -> Self {
        Self {
            place,
            title: title.into(),
            trail: Vec::new(),
            body,
            has_range: true,
            is_live: false,
            watches_alerts: false,
            scripts: Vec::new(),
            status: StatusCode::OK,
        }
    }

    /// A page above it, the uppermost first.
    pub(super) fn under(mut self, name: impl Into<String>, link: Link) -> Self {
        self.trail.push((name.into(), link));
        self
    }

    /// It tells of no range of time, so that none can be chosen.
    pub(super) fn alone(mut self) -> Self {
        self.has_range = false;
        self
    }

    /// It is asked for again all the same: what it tells of goes on.
    pub(super) fn live(mut self) -> Self {
        self.is_live = true;
        self
    }

    /// It tells of alerts: it is asked for again as soon as something happens to one.
    pub(super) fn of_alerts(mut self, are_judged: bool) -> Self {
        self.watches_alerts = are_judged;
        self
    }

    /// Needs this script of the assets, too.
    pub(super) fn script(mut self, file: &'static str) -> Self {
        self.scripts.push(file);
        self
    }

    /// It says what is wrong with what was asked.
    pub(super) fn refused(mut self) -> Self {
        self.status = StatusCode::BAD_REQUEST;
        self
    }
}

/// The whole page.
pub(super) fn page(visit: &Visit, drawn: &Drawn, stats: Option<&Stats>, views: Option<&[View]>) -> Markup {
    let refresh = if drawn.has_range || drawn.is_live { visit.refresh() } else { 0 };
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(visit.theme.as_str()) {
            (head(&drawn.title, Some(&visit.form), &drawn.scripts))
            body {
                a.skip href="#content" { "Skip to content" }
                div.shell {
                    aside.side aria-label="Cupola" {
                        a.brand href=(visit.link("")) aria-label="Cupola" { (icon("dome")) span { "Cupola" } }
                        nav aria-label="Pages" {
                            ul { @for &(page, name, picture, key) in PLACES { li { (place(visit, drawn, (page, name, picture, key))) } } }
                        }
                        div.side-foot { (who(visit)) (themes(visit)) }
                    }
                    div.stage {
                        header.bar {
                            (trail(drawn))
                            @if drawn.has_range { div.controls { @if let Some(saved) = views { (views::menu(visit, saved)) } (refreshes(visit)) (ranges(visit)) } }
                        }
                        main #content tabindex="-1" data-refresh=(refresh) data-watches=[drawn.watches_alerts.then_some(ALERTS_LIVE)] data-now=(visit.moment() / 1_000_000) {
                            (drawn.body)
                        }
                        footer.foot { (health(stats)) }
                    }
                }
                (keys())
            }
        }
    }
}

/// A page that has nothing around it: to log in.
pub(super) fn bare(theme: Theme, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=(theme.as_str()) {
            (head(title, None, &[]))
            body.bare { main #content { (body) } }
        }
    }
}

fn head(title: &str, form: Option<&str>, scripts: &[&str]) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            title { (title) " · Cupola" }
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            meta name="robots" content="noindex";
            meta name="description" content="What your services do: requests, errors, traces and logs.";
            // For scripts that change something: they send it as `x-cupola-form`.
            @if let Some(form) = form { meta name="cupola-form" content=(form); }
            link rel="icon" type="image/svg+xml" href=(assets::path("icon.svg"));
            link rel="stylesheet" href=(assets::path("style.css"));
            @for script in ["page.js", "chart.js"].iter().chain(scripts) {
                script type="module" src=(assets::path(script)) {}
            }
        }
    }
}

/// What can be typed.
fn keys() -> Markup {
    const KEYS: [(&str, &str); 7] = [
        ("t", "choose the time"),
        ("v", "saved views"),
        ("r", "read the page again"),
        ("p", "pause, or go on"),
        ("/", "search"),
        ("Esc", "close what is open"),
        ("?", "this list"),
    ];
    html! {
        dialog.keys #keys aria-labelledby="keys-title" {
            h2 #keys-title { "Keys" }
            dl {
                @for (_, name, _, key) in PLACES { dt { kbd { "g" } " " kbd { (key) } } dd { (name) } }
                @for (key, says) in KEYS { dt { kbd { (key) } } dd { (says) } }
            }
            form method="dialog" { button.button type="submit" { "Close" } }
        }
    }
}

fn place(visit: &Visit, drawn: &Drawn, (page, name, picture, key): (&str, &str, &str, char)) -> Markup {
    let is_here = drawn.place == page && drawn.has_place();
    html! {
        a href=(visit.link(page)) aria-current=[is_here.then_some("page")] data-key=(key) { (icon(picture)) span { (name) } }
    }
}

impl Drawn {
    /// An error belongs to no place.
    fn has_place(&self) -> bool {
        self.has_range || !self.place.is_empty()
    }
}

fn trail(drawn: &Drawn) -> Markup {
    html! {
        div.trail {
            @for (name, link) in &drawn.trail { a href=(link) { (name) } span.trail-sep aria-hidden="true" { "/" } }
            h1 { (drawn.title) }
        }
    }
}

fn ranges(visit: &Visit) -> Markup {
    let (since, until) = (visit.get("since").unwrap_or(UNSAID), visit.get("until"));
    let preset = PRESETS.iter().find(|(span, _)| *span == since && visit.range.is_live);
    let here = visit.here().without("until").without("cursor");
    let form = visit.here().without("since").without("until").without("cursor");
    html! {
        details.menu {
            summary.button title="Which time is told (t)" data-opens="t" {
                (icon("clock"))
                @match preset {
                    Some((_, name)) => span { (name) },
                    None if visit.range.is_live && is_span(since) => span { "Last " (since) },
                    None => span { (show::time(visit.range.since)) " – " @if visit.range.is_live { "now" } @else { (show::time(visit.range.until)) } },
                }
                (icon("down"))
            }
            div.menu-box.menu-wide {
                ul.menu-list {
                    @for (span, name) in PRESETS {
                        li { a href=(here.clone().set("since", span)) aria-current=[preset.filter(|(chosen, _)| *chosen == span).map(|_| "true")] { (name) } }
                    }
                }
                form.menu-form method="get" action=(form.path()) data-times {
                    @for (name, value) in form.pairs() { input type="hidden" name=(name) value=(value); }
                    label { "From" input type="text" name="since" value=(since) autocomplete="off" spellcheck="false"; }
                    label { "To" input type="text" name="until" value=(until.unwrap_or("now")) autocomplete="off" spellcheck="false"; }
                    p.hint { "2h, yesterday, 2026-11-21 03:46; " span data-zone { "UTC" } }
                    button.button.primary type="submit" { "Show" }
                }
            }
        }
        (shifts(visit))
    }
}

/// `90m`: a number and a unit.
fn is_span(said: &str) -> bool {
    let unit = said.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < said.len() && matches!(unit, "s" | "m" | "h" | "d" | "w")
}

/// The time before and after, as long as this.
fn shifts(visit: &Visit) -> Markup {
    let (range, here) = (visit.range, visit.here().without("cursor"));
    let earlier = here.clone().between(range.before().since, range.since);
    let later = here.between(range.until, range.until.saturating_add(range.length()));
    html! {
        div.pair {
            a.button.small href=(earlier) aria-label="The time before" title="The time before" { (icon("left")) }
            @if range.is_live { span.button.small.off aria-hidden="true" { (icon("right")) } }
            @else { a.button.small href=(later) aria-label="The time after" title="The time after" { (icon("right")) } }
        }
    }
}

fn refreshes(visit: &Visit) -> Markup {
    let chosen = visit.refresh();
    let name = REFRESHES.iter().find(|(seconds, _)| *seconds == chosen).map_or("", |(_, name)| name);
    html! {
        @if visit.range.is_live {
            details.menu.scripted {
                summary.button title="How often this is read again" { (icon("again")) span data-refreshes { (name) } }
                ul.menu-box.menu-list {
                    @for (seconds, name) in REFRESHES {
                        li { a href=(visit.here().set("refresh", seconds.to_string())) aria-current=[(seconds == chosen).then_some("true")] { (name) } }
                    }
                }
            }
        }
    }
}

fn themes(visit: &Visit) -> Markup {
    let back = visit.here().to_string();
    html! {
        div.themes role="group" aria-label="Colours" {
            @for theme in Theme::ALL {
                a href=(Link::new("/theme", []).set("to", theme.as_str()).set("back", &*back))
                    aria-current=[(theme == visit.theme).then_some("true")] title={ "Colours: " (theme.as_str()) } data-theme-to=(theme.as_str()) {
                    (icon(theme.as_str())) span.unseen { "Colours: " (theme.as_str()) }
                }
            }
        }
    }
}

/// Who looks, and the way out.
fn who(visit: &Visit) -> Markup {
    html! {
        @if visit.user.name.is_empty() {
            a.who href=(Link::new("/login", []).set("back", visit.here().to_string())) { (icon("user")) "Log in" }
        } @else {
            div.who {
                (icon("user"))
                span.cut title={ (visit.user.name) ", " (visit.user.role.as_str()) } { (visit.user.name) }
                (form(visit, "/logout", "", &html! { button.plain type="submit" { "Log out" } }))
            }
        }
    }
}

fn health(stats: Option<&Stats>) -> Markup {
    let Some(stats) = stats else { return html! { span { "Cupola " (env!("CARGO_PKG_VERSION")) } } };
    let mut days: Vec<&str> = stats.files.iter().map(|file| &*file.day).collect();
    days.dedup();
    let lost =
        stats.dropped + stats.busy + stats.quarantined_blocks + stats.quarantined_files + stats.quarantined_records;
    html! {
        @match &stats.trouble {
            Some(why) => span.state.bad title=(why) { "The store cannot write" },
            None if lost > 0 => span.state.fair title={ (stats.dropped) " entries dropped, " (stats.busy) " messages sent away, " (stats.quarantined_blocks + stats.quarantined_files + stats.quarantined_records) " parts damaged" } { "The store works, with losses" },
            None => span.state.good { "The store works" },
        }
        span { (show::bytes(stats.bytes)) " on disk" }
        @if let Some(first) = days.iter().min() { span { "since " (first) } }
        span { (show::count(stats.sealed)) " entries sealed" }
        @if stats.waiting_bytes > 0 { span { (show::bytes(stats.waiting_bytes)) " waiting" } }
        span.push { "Cupola " (env!("CARGO_PKG_VERSION")) }
    }
}
