//! Saved views: whose they are, who sees them, and that they are text.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use cupola_dashboard::{Access, Api, Pages, Role, Users};
use cupola_store::{Metadata, MetadataFile};
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::security::Browser;
use crate::support::House;

const EVIL: &str = "%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E%3Cscript%3Ealert(1)%3C/script%3E";
const LOGS: &str = "name=Errors&address=/cupola/logs%3Fsince%3D2h%26query%3Dlevel%253E%253Derror";

fn app(house: &House) -> (Router, Arc<dyn Metadata>) {
    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(house.dir()).unwrap());
    let users = Users::new(Arc::clone(&metadata));
    for (name, role) in [("ada", Role::Viewer), ("bob", Role::Viewer), ("olga", Role::Operator), ("root", Role::Admin)]
    {
        users.set(name, "a long password", role, "test", 0).unwrap();
    }
    let access = Access::default().users(Arc::clone(&metadata)).everyone(Role::Viewer);
    (Pages::new(Arc::new(house.reader())).metadata(Arc::clone(&metadata)).access(access).router(), metadata)
}

async fn browser(app: &Router, name: &str) -> Browser {
    let mut browser = Browser::new(app);
    assert_eq!(browser.log_in(&format!("name={name}&secret=a+long+password")).await.status, 303);
    browser
}

/// What the page of views calls the first one.
async fn id(browser: &mut Browser) -> String {
    let page = browser.get("/cupola/views").await.text;
    let id = page.split("name=\"id\" value=\"").nth(1).expect("no view can be changed");
    id.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_view_is_saved_renamed_and_removed_by_whose_it_is() {
    let house = House::new();
    let (app, metadata) = app(&house);
    let mut ada = browser(&app, "ada").await;
    let saved = ada.post("/cupola/logs", "/cupola/views/save", LOGS).await;
    let address = "/cupola/logs?since=2h&query=level%3E%3Derror";
    assert_eq!((saved.status, saved.heads["location"].to_str().unwrap()), (303, address), "{}", saved.text);
    let link = "<a href=\"/cupola/logs?since=2h&amp;query=level%3E%3Derror\"><bdi>Errors</bdi></a>";
    assert!(ada.get("/cupola").await.text.contains(link), "it is offered on every page");
    let mut bob = browser(&app, "bob").await;
    assert!(!bob.get("/cupola/views").await.text.contains("<bdi>Errors"), "to nobody else");
    let id = id(&mut ada).await;
    for action in [format!("/cupola/views/change?&name=mine&id={id}"), format!("/cupola/views/remove?&id={id}")] {
        let (path, fields) = action.split_once('?').unwrap();
        assert_eq!(bob.post("/cupola/logs", path, fields).await.status, 404, "{action}");
    }
    let renamed = ada.post("/cupola/views", "/cupola/views/change", &format!("id={id}&name=All+that+fails")).await;
    assert_eq!(renamed.status, 303);
    let page = ada.get("/cupola/views").await.text;
    assert!(page.contains("<bdi>All that fails</bdi>") && !page.contains("<bdi>Errors"), "{page}");
    assert_eq!(ada.post("/cupola/views", "/cupola/views/remove", &format!("id={id}")).await.status, 303);
    assert!(ada.get("/cupola/views").await.text.contains("No view was saved yet"));
    let notes = metadata.notes("audit", Some("ada"), None, 10).unwrap();
    for says in ["view saved", "view changed", "view removed"] {
        assert!(notes.iter().any(|note| note.body.contains(says)), "{says}: {notes:?}");
    }
}

#[tokio::test]
async fn what_all_see_operators_decide() {
    let house = House::new();
    let (app, _) = app(&house);
    let mut ada = browser(&app, "ada").await;
    let shared = format!("{LOGS}&shared=yes");
    let refused = ada.post("/cupola/logs", "/cupola/views/save", &shared).await;
    assert!(refused.status == 403 && refused.text.contains("need the role operator; yours is viewer"));
    let mut olga = browser(&app, "olga").await;
    assert_eq!(olga.post("/cupola/logs", "/cupola/views/save", &shared).await.status, 303);
    let id = id(&mut olga).await;
    let page = ada.get("/cupola/views").await.text;
    assert!(page.contains("<bdi>Errors</bdi>") && !page.contains(">Rename<"), "a viewer sees it, and that is all");
    for path in ["/cupola/views/change", "/cupola/views/remove"] {
        let refused = ada.post("/cupola/logs", path, &format!("id={id}&name=x")).await;
        assert_eq!(refused.status, 403, "{path}");
    }
    let mut nobody = Browser::new(&app);
    let page = nobody.get("/cupola/logs").await.text;
    assert!(
        page.contains("<bdi>Errors</bdi>") && !page.contains("Save this page as"),
        "whoever has no name saves none"
    );
    let mut root = browser(&app, "root").await;
    let alone = root.post("/cupola/views", "/cupola/views/change", &format!("id={id}&shared=false")).await;
    assert_eq!(alone.status, 303, "{}", alone.text);
    assert!(!ada.get("/cupola/views").await.text.contains("<bdi>Errors"), "now it is its owner's alone");
}

#[tokio::test]
async fn a_view_is_text_and_leads_to_these_pages_alone() {
    let house = House::new();
    let (app, _) = app(&house);
    let mut ada = browser(&app, "ada").await;
    let evil = format!("name={EVIL}&address=/cupola/logs%3Fquery%3D{EVIL}");
    assert_eq!(ada.post("/cupola", "/cupola/views/save", &evil).await.status, 400, "no browser makes such an address");
    let evil = format!("name={EVIL}&address=/cupola/logs%3Fquery%3D%2522%253E%253Cimg");
    assert_eq!(ada.post("/cupola", "/cupola/views/save", &evil).await.status, 303);
    for path in ["/cupola", "/cupola/views"] {
        let page = ada.get(path).await.text;
        assert!(
            page.contains("&lt;img src=x") && !page.contains("<img") && !page.contains("<script>"),
            "{path}: {page}"
        );
    }
    for address in [
        "//evil.example",
        "https://evil.example/cupola",
        "/cupolaevil",
        "/cupola/../x",
        "/cupola/%252e%252E/x",
        "/other",
        "",
    ] {
        let refused = ada.post("/cupola", "/cupola/views/save", &format!("name=x&address={address}")).await;
        assert!(refused.status == 400 && refused.text.contains("accepted: one of these pages"), "{address}");
    }
    for name in ["", "+", "a%0ab", &"x".repeat(81)] {
        let refused = ada.post("/cupola", "/cupola/views/save", &format!("name={name}&address=/cupola")).await;
        assert!(refused.status == 400 && refused.text.contains("accepted: 1 to 80 characters"), "{name:?}");
    }
    assert_eq!(ada.post("/cupola", "/cupola/views/remove", "id=none").await.status, 404);
    for nth in 1..100 {
        assert_eq!(
            ada.post("/cupola/settings", "/cupola/views/save", &format!("name={nth}&address=/cupola")).await.status,
            303
        );
    }
    let refused = ada.post("/cupola", "/cupola/views/save", "name=more&address=/cupola").await;
    assert!(refused.status == 400 && refused.text.contains("more are not kept"), "{}", refused.text);
}

#[tokio::test]
async fn the_api_has_the_same_views_for_the_same_people() {
    let house = House::new();
    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(house.dir()).unwrap());
    let access = Access::default().token("view-token", Role::Viewer).token("operator-token", Role::Operator);
    let api = Api::new(Arc::new(house.reader()))
        .access(access.everyone_by_any_name(Role::Viewer))
        .metadata(metadata)
        .router();
    let ask = async |method: &str, path: &str, token: &str, body: Value| {
        let request = Request::builder().method(method).uri(format!("/cupola/api/v1/views{path}"));
        let request =
            if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}-token")) };
        let answer = api.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice::<Value>(&bytes).unwrap())
    };
    let wanted = json!({ "name": "Errors", "address": "/cupola/logs?query=level%3E%3Derror" });
    let (status, view) = ask("POST", "", "view", wanted.clone()).await;
    assert_eq!(
        (status, &view["name"], &view["shared"], &view["changeable"]),
        (200, &json!("Errors"), &json!(false), &json!(true))
    );
    let id = format!("/{}", view["id"].as_str().unwrap());
    assert_eq!(ask("GET", "", "view", Value::Null).await.1["views"], json!([view]));
    let (status, renamed) = ask("PATCH", &id, "view", json!({ "name": "All that fails" })).await;
    assert_eq!((status, &renamed["name"]), (200, &json!("All that fails")));
    let (status, refused) = ask("PATCH", &id, "view", json!({ "shared": true })).await;
    assert!(status == 403 && refused["detail"].as_str().unwrap().contains("need the role operator"), "{refused}");
    assert_eq!(ask("PATCH", &id, "operator", json!({ "shared": true })).await.0, 200);
    let seen = ask("GET", "", "", Value::Null).await.1;
    assert_eq!((&seen["views"][0]["name"], &seen["views"][0]["changeable"]), (&json!("All that fails"), &json!(false)));
    assert_eq!(ask("DELETE", &id, "view", Value::Null).await.0, 403, "a view that all see");
    assert_eq!(ask("DELETE", &id, "operator", Value::Null).await.0, 200);
    assert_eq!(ask("DELETE", &id, "operator", Value::Null).await.0, 404);
    assert_eq!(ask("PATCH", &id, "operator", json!({ "name": "x" })).await.0, 404);
    for (body, named) in [
        (json!({ "name": "x", "address": "//evil.example" }), "address"),
        (json!({ "name": "", "address": "/cupola" }), "name"),
        (json!({ "name": "x", "address": "/cupola", "owner": "ada" }), "owner"),
        (json!({ "name": 7, "address": "/cupola" }), "name"),
    ] {
        let (status, refused) = ask("POST", "", "view", body).await;
        assert_eq!((status, &refused["parameter"]), (400, &json!(named)), "{refused}");
    }
    assert_eq!(ask("POST", "", "", wanted).await.0, 403, "nobody knows whose it would be");
}
