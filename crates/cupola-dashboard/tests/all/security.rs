//! Who comes in to the pages, and what they may do there.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use cupola_dashboard::{Access, Api, Pages, Role, User, Users};
use cupola_store::{Metadata, MetadataFile};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::support::House;

/// A browser: it keeps cookies, and shows pages.
pub(crate) struct Browser {
    app: Router,
    cookies: Vec<(String, String)>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) heads: HeaderMap,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) fn new(app: &Router) -> Self {
        Self { app: app.clone(), cookies: Vec::new() }
    }

    async fn send(&mut self, request: http::request::Builder, sent: String) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("cookie", cookies.join("; ")).body(Body::from(sent)).unwrap();
        let (head, body) = self.app.clone().oneshot(request).await.unwrap().into_parts();
        for set in head.headers.get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        Answer { status: head.status.as_u16(), heads: head.headers, text }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path), String::new()).await
    }

    /// Sends a form of a page, as somebody who reads it would.
    pub(crate) async fn post(&mut self, page: &str, path: &str, fields: &str) -> Answer {
        let text = self.get(page).await.text;
        let form = text.split("name=\"form\" value=\"").nth(1).map_or("", |rest| rest.split('"').next().unwrap());
        self.send(Request::post(path), format!("form={form}&{fields}")).await
    }

    pub(crate) async fn log_in(&mut self, fields: &str) -> Answer {
        self.post("/cupola/login", "/cupola/login", fields).await
    }
}

fn app(house: &House, access: Access) -> (Router, Arc<dyn Metadata>) {
    let reader = Arc::new(house.reader());
    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(house.dir()).unwrap());
    let access = access.users(Arc::clone(&metadata));
    let pages = Pages::new(reader.clone()).metadata(Arc::clone(&metadata)).access(access.clone());
    (pages.router().merge(Api::new(reader).access(access).router()), metadata)
}

fn tokens() -> Access {
    Access::default().token("view-token", Role::Viewer).token("admin-token", Role::Admin)
}

#[tokio::test]
async fn whoever_is_not_known_logs_in_and_comes_back() {
    let house = House::new();
    let (app, _) = app(&house, tokens());
    let mut browser = Browser::new(&app);
    let sent_away = browser.get("/cupola/service?service=a%20b&since=2h").await;
    assert_eq!(sent_away.status, 303);
    let login = sent_away.heads["location"].to_str().unwrap().to_owned();
    assert_eq!(login, "/cupola/login?back=/cupola/service%3Fservice%3Da%2520b%26since%3D2h");
    let page = browser.get(&login).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("name=\"back\" value=\"/cupola/service?service=a%20b&amp;since=2h\""), "{}", page.text);
    let wrong = browser.log_in("secret=wrong").await;
    assert_eq!((wrong.status, wrong.text.contains("That is not known here.")), (401, true));
    let back = browser.log_in("secret=view-token&back=/cupola/service%3Fservice%3Dx").await;
    assert_eq!((back.status, back.heads["location"].to_str().unwrap()), (303, "/cupola/service?service=x"));
    assert_eq!(browser.get("/cupola").await.status, 200);
    // The same session asks the REST API, for what comes in live.
    assert_eq!(browser.get("/cupola/api/v1/logs").await.status, 200);
    let out = browser.post("/cupola", "/cupola/logout", "").await;
    assert_eq!(out.heads["location"].to_str().unwrap(), "/cupola/login");
    assert_eq!((browser.get("/cupola").await.status, browser.get("/cupola/api/v1/logs").await.status), (303, 401));
    for away in ["//evil.example", "https://evil.example/cupola", "/cupolaevil", "/cupola\\evil"] {
        let back = browser.log_in(&format!("secret=view-token&back={away}")).await;
        assert_eq!(back.heads["location"].to_str().unwrap(), "/cupola", "{away}");
    }
}

#[tokio::test]
async fn a_token_in_the_head_needs_no_session() {
    let house = House::new();
    let (app, _) = app(&house, tokens());
    let mut browser = Browser::new(&app);
    for (token, status) in [("view-token", 200), ("admin-token", 200), ("other", 401), ("", 401)] {
        for path in ["/cupola", "/cupola/api/v1/logs", "/cupola/nothing"] {
            let request = Request::get(path).header("authorization", format!("Bearer {token}"));
            let found = browser.send(request, String::new()).await;
            let expected = if path.ends_with("nothing") && status == 200 { 404 } else { status };
            assert_eq!(found.status, expected, "{token} {path}");
        }
    }
    assert_eq!(browser.get("/cupola/assets/none.css").await.status, 404, "files say nothing of anybody");
}

#[tokio::test]
async fn nothing_is_changed_without_role_and_form() {
    let house = House::new();
    let (app, metadata) = app(&house, tokens());
    let users = Users::new(Arc::clone(&metadata));
    let ada = "name=ada&password=a+long+password&role=operator";
    let mut nobody = Browser::new(&app);
    assert_eq!(nobody.post("/cupola/login", "/cupola/settings/users", ada).await.status, 401);
    let mut viewer = Browser::new(&app);
    viewer.log_in("secret=view-token").await;
    let refused = viewer.post("/cupola", "/cupola/settings/users", ada).await;
    assert_eq!((refused.status, refused.text.contains("This needs the role admin; yours is viewer.")), (403, true));
    let mut admin = Browser::new(&app);
    admin.log_in("secret=admin-token").await;
    let without = admin.send(Request::post("/cupola/settings/users"), ada.to_owned()).await;
    assert_eq!(without.status, 403, "another site's form");
    let page = admin.get("/cupola").await.text;
    let form = page.split("name=\"form\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let elsewhere = Request::post("/cupola/settings/users").header("sec-fetch-site", "cross-site");
    assert_eq!(admin.send(elsewhere, format!("form={form}&{ada}")).await.status, 403);
    let mut other = Browser::new(&app);
    other.log_in("secret=admin-token").await;
    assert_eq!(
        other.send(Request::post("/cupola/settings/users"), format!("form={form}&{ada}")).await.status,
        403,
        "somebody else's form"
    );
    assert!(users.list().unwrap().is_empty());

    assert_eq!(admin.post("/cupola/settings", "/cupola/settings/users", ada).await.status, 303);
    assert_eq!(users.list().unwrap(), [User::new("ada", Role::Operator)]);
    let bad = admin.post("/cupola/settings", "/cupola/settings/users", "name=eve&password=short&role=admin").await;
    assert_eq!((bad.status, bad.text.contains("at least 10 characters")), (400, true));
    let bad =
        admin.post("/cupola/settings", "/cupola/settings/users", "name=eve&password=a+long+password&role=king").await;
    assert_eq!((bad.status, bad.text.contains("accepted: viewer, operator, admin")), (400, true));
    let mut browser = Browser::new(&app);
    assert_eq!(browser.log_in("name=ada&secret=a+long+password").await.status, 303);
    assert!(browser.get("/cupola").await.text.contains(">ada</span>"));
    assert!(!browser.get("/cupola/settings").await.text.contains("Set user"), "an operator is no admin");
    assert_eq!(admin.post("/cupola/settings", "/cupola/settings/users/remove", "name=ada").await.status, 303);
    assert_eq!(browser.get("/cupola").await.status, 303, "the session is over with the user");
    let changes = admin.get("/cupola/settings").await.text;
    assert!(changes.contains("user removed") && changes.contains("user ada") && !changes.contains("a long password"));
}

#[tokio::test]
async fn guesses_have_to_wait() {
    let house = House::new();
    let (app, _) = app(&house, tokens());
    let mut browser = Browser::new(&app);
    for _ in 0..5 {
        assert_eq!(browser.log_in("secret=guess").await.status, 401);
    }
    let wait = browser.log_in("secret=admin-token").await;
    assert_eq!((wait.status, wait.heads["retry-after"].to_str().unwrap()), (429, "1"));
    // Who is in already is not kept out by others' guesses.
    let request = Request::get("/cupola").header("authorization", "Bearer admin-token");
    assert_eq!(browser.send(request, String::new()).await.status, 200);
}

#[tokio::test]
async fn names_of_people_are_text_too() {
    let house = House::new();
    let (app, metadata) = app(&house, tokens());
    let evil = "<img/src=x>\"'";
    Users::new(Arc::clone(&metadata)).set(evil, "a long password", Role::Admin, "<script>x</script>", 0).unwrap();
    let mut browser = Browser::new(&app);
    assert_eq!(browser.log_in("name=%3Cimg/src%3Dx%3E%22%27&secret=a+long+password").await.status, 303);
    browser.log_in("name=%3Cscript%3E&secret=x").await;
    for path in ["/cupola", "/cupola/settings", "/cupola/login?back=%22%3E%3Cimg&token=%22%3E%3Cimg"] {
        let page = browser.get(path).await.text;
        assert!(!page.contains("<img") && !page.contains("<script>"), "{path}: {page}");
    }
}

#[tokio::test]
async fn the_application_around_it_may_know_its_own_people() {
    let house = House::new();
    let external = |head: &http::request::Parts| {
        let name = head.headers.get("x-who")?.to_str().ok()?;
        Some(User::new(name, Role::Viewer))
    };
    let (app, _) = app(&house, Access::default().external(external));
    let mut browser = Browser::new(&app);
    let page = browser.send(Request::get("/cupola").header("x-who", "grace"), String::new()).await;
    assert!(page.text.contains(">grace</span>"));
    assert_eq!(browser.get("/cupola").await.status, 303);
}
