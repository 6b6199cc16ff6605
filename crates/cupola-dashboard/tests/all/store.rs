//! A store that is open, taken care of over HTTP.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use cupola_dashboard::{Access, Api, Caretaker, Role};
use cupola_store::maintain::{self, Backup, Compacted, MaintainError, Prune, Verified};
use cupola_store::{
    Batch, Entry, FileStats, Metadata, MetadataFile, Selection, Signal, StoreUpkeep, Upkeep, Value, Walked,
};
use http::Request;
use http::response::Parts;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value as Json, json};

use crate::support::{House, now, serve};

const DAY: i64 = 86_400_000_000_000;

struct Server {
    house: House,
    base: String,
    metadata: Arc<dyn Metadata>,
}

impl Server {
    /// Over a store of three days.
    async fn start(upkeep: impl FnOnce(&House) -> Arc<dyn Upkeep>) -> Self {
        let house = House::new();
        let mut logs = Batch::new(Signal::Logs);
        for number in 0..900 {
            let mut row = logs.row(now().cast_signed() - number % 3 * DAY);
            row.set("number", Value::Int(number)).set("message", Value::Text("machine is up"));
        }
        house.store().writer().offer(logs);
        assert!(house.store().flush());
        let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(house.dir()).unwrap());
        let access = Access::default()
            .users(Arc::clone(&metadata))
            .token("view-token", Role::Viewer)
            .token("operator-token", Role::Operator)
            .token("admin-token", Role::Admin);
        let caretaker = Caretaker::new(upkeep(&house), Arc::clone(&metadata));
        let (base, _) = serve(Api::new(Arc::new(house.reader())).access(access).caretaker(caretaker).router()).await;
        Self { house, base, metadata }
    }

    /// Asks, and gives the head and what came of the body; `false` where that was cut off.
    fn send(
        &self,
        method: &str,
        path: &str,
        role: &str,
        body: &Json,
    ) -> impl Future<Output = (Parts, String, bool)> + use<> {
        let request = Request::builder().method(method).uri(format!("{}/cupola/api/v1/store/{path}", self.base));
        let request = request.header("authorization", format!("Bearer {role}-token"));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
        async move {
            let (head, mut body) = client.request(request.body(body.into()).unwrap()).await.unwrap().into_parts();
            let mut text = Vec::new();
            loop {
                match body.frame().await {
                    Some(Ok(frame)) => text.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
                    ended => return (head, String::from_utf8(text).unwrap(), ended.is_none()),
                }
            }
        }
    }

    async fn ask(&self, method: &str, path: &str, role: &str, body: Json) -> (u16, Json) {
        let (head, text, is_whole) = self.send(method, path, role, &body).await;
        assert!(is_whole);
        (head.status.as_u16(), serde_json::from_str(&text).unwrap_or_default())
    }

    async fn done(&self, path: &str, body: Json) -> Json {
        let (status, told) = self.ask("POST", path, "admin", body).await;
        assert_eq!(status, 200, "{told}");
        told
    }

    /// Who did what, and what is said of it; the newest first.
    fn audit(&self) -> Vec<(String, String, Json)> {
        let notes = self.metadata.notes("audit", None, None, 100).unwrap();
        let read = |body: &str| serde_json::from_str::<Json>(body).unwrap();
        notes
            .into_iter()
            .map(|note| {
                (note.subject, read(&note.body)["what"].as_str().unwrap().to_owned(), read(&note.body)["about"].clone())
            })
            .collect()
    }
}

fn live(backups: Option<PathBuf>) -> impl FnOnce(&House) -> Arc<dyn Upkeep> {
    move |house| Arc::new(house.store().upkeep(backups))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_does_what_it_says_and_is_noted() {
    let backups = tempfile::tempdir().unwrap();
    let server = Server::start(live(Some(backups.path().join("all")))).await;
    let verified = server.done("verify", Json::Null).await;
    assert_eq!((&verified["files"], &verified["entries"], &verified["problems"]), (&json!(3), &json!(900), &json!(0)));
    let compacted = server.done("compact", json!({})).await;
    assert_eq!((&compacted["files"], &compacted["damaged_blocks"]), (&json!(3), &json!(0)));
    assert!(compacted["bytes_before"].as_u64() > Some(0) && compacted["bytes_after"].as_u64() > Some(0));
    let made = server.done("backup", Json::Null).await;
    let (copy, restored) =
        (backups.path().join("all").join(made["name"].as_str().unwrap()), backups.path().join("restored"));
    let entries = maintain::restore(&copy, &restored, false, &|_| {}).unwrap().entries;
    assert_eq!(entries, 900);
    let would = server.done("prune", json!({ "days": 1, "dry_run": true })).await;
    assert_eq!((&would["files"], server.house.store().stats().files.len()), (&json!(1), 3));
    let gone = server.done("prune", json!({ "before": "1d ago" })).await;
    assert_eq!((&gone["first_files"], server.house.store().stats().files.len()), (&would["first_files"], 2));
    let gone = server.done("prune", json!({ "max_bytes": 1 })).await;
    assert_eq!((&gone["files"], server.house.store().stats().files.len()), (&json!(1), 1), "today stays");
    let expected = ["verify", "compact", "backup", "prune", "prune", "prune"];
    let told: Vec<String> =
        expected.iter().flat_map(|what| [format!("store {what} begun"), format!("store {what} done")]).collect();
    let audit = server.audit();
    assert_eq!(audit.iter().rev().map(|(_, what, _)| what.clone()).collect::<Vec<_>>(), told);
    assert!(audit.iter().all(|(who, ..)| who == "token"));
    assert_eq!(audit[0].2["files"], json!(1));
    assert_eq!((&audit[1].2["max_bytes"], &audit[1].2["dry_run"]), (&json!(1), &json!(false)));
    assert_eq!(audit[4].2["dry_run"], json!(true));
    let (_, state) = server.ask("GET", "work", "admin", Json::Null).await;
    assert_eq!(
        (&state["at_work"], &state["last"]["what"], &state["last"]["done"]["files"]),
        (&Json::Null, &json!("prune"), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_takes_care_of_the_store() {
    let server = Server::start(live(None)).await;
    for (method, path) in [
        ("POST", "verify"),
        ("POST", "prune"),
        ("POST", "compact"),
        ("POST", "backup"),
        ("POST", "export"),
        ("GET", "work"),
    ] {
        for role in ["view", "operator"] {
            let (status, told) = server.ask(method, path, role, Json::Null).await;
            assert!(
                status == 403 && told["detail"].as_str().unwrap().contains("needs the role admin"),
                "{path}: {told}"
            );
        }
        assert_eq!(server.ask(method, path, "no", Json::Null).await.0, 401, "{path}");
        let other = if method == "GET" { "POST" } else { "GET" };
        assert_eq!(server.ask(other, path, "admin", Json::Null).await.0, 405, "{path}");
    }
    assert_eq!(server.audit(), []);
    assert_eq!(server.house.store().stats().files.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_before_anything_is_done() {
    let server = Server::start(live(None)).await;
    for (path, body, says) in [
        ("prune", Json::Null, "dry_run"),
        ("prune", json!({ "dry_run": true }), "does not say what is to go"),
        ("prune", json!({ "days": 30, "dryrun": true }), "unknown field `dryrun`"),
        ("prune", json!({ "days": 0 }), "1 to 36500"),
        ("prune", json!({ "days": 1, "before": "now" }), "one of the two"),
        ("prune", json!({ "before": "soon" }), "`before` is no time"),
        ("verify", json!({ "deep": true }), "says what is not asked for"),
        ("backup", json!({ "to": "/etc/cupola" }), "says what is not asked for"),
        ("backup?to=/etc", Json::Null, "`to` is no parameter"),
        ("export?signal=cats", Json::Null, "logs, spans, metrics"),
        ("export?query=a%3D%22", Json::Null, "`query` cannot be read"),
    ] {
        let (status, told) = server.ask("POST", path, "admin", body).await;
        assert!(status == 400 && told["detail"].as_str().unwrap().contains(says), "{says}: {told}");
    }
    assert_eq!(server.audit(), []);
    let (status, told) = server.ask("POST", "backup", "admin", Json::Null).await;
    assert!(status == 409 && told["detail"].as_str().unwrap().contains("CUPOLA_STORE_BACKUPS"), "{told}");
    let audit = server.audit();
    assert_eq!((&*audit[0].1, &*audit[1].1), ("store backup failed", "store backup begun"));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_come_as_lines_while_they_are_read() {
    let server = Server::start(live(None)).await;
    let take = async |path: &str| {
        let (head, text, is_whole) = server.send("POST", path, "admin", &Json::Null).await;
        assert_eq!(
            (head.status.as_u16(), &head.headers["cache-control"], is_whole),
            (200, &"no-store".parse().unwrap(), true)
        );
        assert!(head.headers["content-disposition"].to_str().unwrap().contains("logs-2"));
        text
    };
    let all = take("export").await;
    let lines: Vec<Json> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), lines.iter().filter(|line| line["message"] == "machine is up").count()), (900, 900));
    assert!(lines.iter().map(|line| line["timestamp"].as_str().unwrap()).is_sorted(), "the oldest first");
    assert_eq!(take("export?query=number%3C10&since=12h").await.lines().count(), 4);
    assert_eq!(server.audit()[0].2, json!({ "entries": 4, "bytes": server.audit()[0].2["bytes"], "partial": null }));
    assert_eq!(server.audit()[1].2, json!({ "signal": "logs", "query": "number<10" }));
}

/// Does nothing until it is let, and then fails or panics.
#[derive(Debug)]
struct Slow {
    store: StoreUpkeep,
    is_let: Mutex<bool>,
    changed: Condvar,
}

impl Slow {
    fn let_go(&self) {
        *self.is_let.lock().unwrap() = true;
        self.changed.notify_all();
    }

    fn wait(&self) {
        let let_go = self.is_let.lock().unwrap();
        drop(self.changed.wait_timeout_while(let_go, Duration::from_secs(60), |is_let| !*is_let).unwrap());
    }
}

impl Upkeep for Slow {
    fn verify(&self) -> Result<Verified, MaintainError> {
        self.wait();
        maintain::verify(&PathBuf::from("/nowhere"), &|_| {})
    }

    fn prune(&self, prune: &Prune, dry_run: bool) -> Result<Vec<FileStats>, MaintainError> {
        self.store.prune(prune, dry_run)
    }

    fn compact(&self) -> Result<Compacted, MaintainError> {
        panic!("it went wrong")
    }

    fn backup(&self) -> Result<(String, Backup), MaintainError> {
        self.store.backup()
    }

    fn export(
        &self,
        selection: &Selection,
        visit: &mut dyn FnMut(&Entry) -> ControlFlow<()>,
    ) -> Result<Walked, MaintainError> {
        self.store.export(selection, visit)?;
        // Some of it came, and then something was wrong.
        maintain::verify(&PathBuf::from("/nowhere"), &|_| {}).map(|_| unreachable!("nothing is there"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thing_is_done_at_a_time_and_what_fails_says_why() {
    let mut slow = None;
    let server = Server::start(|house| {
        let store = house.store().upkeep(None);
        Arc::clone(slow.insert(Arc::new(Slow { store, is_let: Mutex::new(false), changed: Condvar::new() }))) as _
    })
    .await;
    let slow = slow.unwrap();
    let first = tokio::spawn(server.send("POST", "verify", "admin", &Json::Null));
    let begun = async {
        while server.ask("GET", "work", "admin", Json::Null).await.1["at_work"]["what"] != "verify" {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), begun).await.unwrap();
    for path in ["verify", "prune", "export"] {
        let body = if path == "prune" { json!({ "days": 1 }) } else { Json::Null };
        let (status, told) = server.ask("POST", path, "admin", body).await;
        let detail = told["detail"].as_str().unwrap();
        assert!(status == 409 && detail.starts_with("token has had the store's verify at work since 2"), "{told}");
    }
    slow.let_go();
    let (head, text, _) = first.await.unwrap();
    assert!(head.status.as_u16() == 500 && text.contains("no store in /nowhere"), "{text}");
    let (status, told) = server.ask("POST", "compact", "admin", Json::Null).await;
    assert_eq!((status, &told["detail"]), (500, &json!("it panicked")));
    assert_eq!(
        server.done("prune", json!({ "days": 1, "dry_run": true })).await["files"],
        json!(1),
        "others have their turn"
    );
    let (head, _, is_whole) = server.send("POST", "export", "admin", &Json::Null).await;
    assert_eq!((head.status.as_u16(), is_whole), (200, false), "what is cut off is seen to be");
    let failed =
        |audit: &[(String, String, Json)]| audit.iter().filter(|(_, what, _)| what.ends_with("failed")).count();
    assert_eq!(failed(&server.audit()), 3);
}
