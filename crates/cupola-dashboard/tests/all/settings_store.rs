//! The store taken care of on the settings page, by forms that need no script.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use cupola_dashboard::{Access, Caretaker, Pages, Role};
use cupola_store::{Batch, Metadata, MetadataFile, Signal, Value, maintain};

use crate::security::{Answer, Browser};
use crate::support::{House, now};

const DAY: i64 = 86_400_000_000_000;
const SETTINGS: &str = "/cupola/settings";

/// Pages over a store of three days.
fn app(house: &House, backups: Option<std::path::PathBuf>) -> Router {
    let mut logs = Batch::new(Signal::Logs);
    for number in 0..900 {
        let mut row = logs.row(now().cast_signed() - number % 3 * DAY);
        row.set("number", Value::Int(number)).set("message", Value::Text("machine is up"));
    }
    house.store().writer().offer(logs);
    assert!(house.store().flush());
    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(house.dir()).unwrap());
    let caretaker = Caretaker::new(Arc::new(house.store().upkeep(backups)), Arc::clone(&metadata));
    let access = Access::default().token("operator-token", Role::Operator).token("admin-token", Role::Admin);
    Pages::new(Arc::new(house.reader())).metadata(metadata).access(access).caretaker(caretaker).router()
}

async fn logged_in(app: &Router, role: &str) -> Browser {
    let mut browser = Browser::new(app);
    assert_eq!(browser.log_in(&format!("secret={role}-token")).await.status, 303);
    browser
}

async fn act(browser: &mut Browser, what: &str, fields: &str) -> Answer {
    browser.post(SETTINGS, &format!("{SETTINGS}/store/{what}"), fields).await
}

/// Has something done, and gives the page that says what became of it.
async fn done(browser: &mut Browser, what: &str, fields: &str) -> String {
    let answer = act(browser, what, fields).await;
    assert_eq!((answer.status, answer.heads["location"].to_str().unwrap()), (303, SETTINGS), "{}", answer.text);
    let ended = async {
        loop {
            let page = browser.get(SETTINGS).await.text;
            if !page.contains("At work: ") {
                return page;
            }
            assert!(page.contains("data-refresh=\"30\""), "it is read again while something is at work");
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_takes_care_of_the_store_by_forms() {
    let (house, backups) = (House::new(), tempfile::tempdir().unwrap());
    let app = app(&house, Some(backups.path().join("all")));
    let mut admin = logged_in(&app, "admin").await;
    let says = |page: &str, text: &str| assert!(page.contains(text), "{text}: {page}");
    says(&admin.get(SETTINGS).await.text, "Nothing was done since this process began");
    says(&done(&mut admin, "verify", "").await, "900 entries in 3 files were read, 0 problems found");
    says(&done(&mut admin, "compact", "").await, "0 small blocks are in larger ones");
    says(&done(&mut admin, "backup", "").await, " files of ");
    let copy = std::fs::read_dir(backups.path().join("all")).unwrap().next().unwrap().unwrap().path();
    assert_eq!(maintain::restore(&copy, &backups.path().join("restored"), false, &|_| {}).unwrap().entries, 900);

    let files = || house.store().stats().files.len();
    let page = done(&mut admin, "prune", "days=1&dry_run=yes").await;
    assert_eq!((page.contains("1 files of ") && page.contains(" would go, and none went"), files()), (true, 3));
    let page = done(&mut admin, "prune", "days=1&sure=yes").await;
    assert_eq!((page.contains(" went."), files()), (true, 2));
    says(&page, "store prune begun");
    says(&page, "store backup done");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_deleted_that_was_not_meant() {
    let house = House::new();
    let app = app(&house, None);
    let mut admin = logged_in(&app, "admin").await;
    for (fields, says) in [
        ("days=1", "the box that says that you are sure is not ticked"),
        ("days=1&sure=perhaps", "the box that says that you are sure is not ticked"),
        ("sure=yes", "Nothing says what is to go"),
        ("days=0&sure=yes", "a whole number from 1 to 36500"),
        ("days=all&sure=yes", "a whole number from 1 to 36500"),
        ("mib=-1&sure=yes", "`mib` is no such number"),
    ] {
        let refused = act(&mut admin, "prune", fields).await;
        assert_eq!((refused.status, refused.text.contains(says)), (400, true), "{fields}: {}", refused.text);
    }
    let mut operator = logged_in(&app, "operator").await;
    assert!(!operator.get(SETTINGS).await.text.contains("Care of the store"));
    for what in ["verify", "compact", "backup", "prune", "export"] {
        let refused = act(&mut operator, what, "days=1&sure=yes").await;
        assert_eq!((refused.status, refused.text.contains("This needs the role admin")), (403, true), "{what}");
        let without = admin.post("/cupola/login", &format!("{SETTINGS}/store/{what}"), "days=1&sure=yes&form=").await;
        assert_eq!(without.status, 403, "{what}: another site's form");
    }
    assert_eq!(house.store().stats().files.len(), 3);
    let page = done(&mut admin, "backup", "").await;
    assert!(page.contains("no place for backups was named") && page.contains("store backup failed"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_taken_out_by_a_form() {
    let house = House::new();
    let app = app(&house, None);
    let mut admin = logged_in(&app, "admin").await;
    let file = act(&mut admin, "export", "signal=logs&query=number%3C10&since=12h").await;
    assert_eq!((file.status, file.text.lines().count()), (200, 4), "{}", file.text);
    assert!(file.heads["content-disposition"].to_str().unwrap().starts_with("attachment; filename=\"logs-2"));
    assert_eq!(act(&mut admin, "export", "signal=logs&query=&since=").await.text.lines().count(), 900);
    for fields in ["signal=cats", "signal=logs&query=a%3D%22", "signal=logs&since=soon"] {
        assert_eq!(act(&mut admin, "export", fields).await.status, 400, "{fields}");
    }
    assert!(admin.get(SETTINGS).await.text.contains("900 entries were taken out"));
}
