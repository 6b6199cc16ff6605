//! The pages over a day of made-up traffic: `cargo run -p cupola-dashboard --example pages -- 127.0.0.1:8089`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "what fails here ends the example")]

#[path = "../tests/all/demo.rs"]
#[allow(dead_code, reason = "the tests ask for more of it")]
mod demo;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cupola_alert::{Alerts, Receivers, Rules};
use cupola_dashboard::{Access, Api, Caretaker, Pages, Receiver, Role, Users, replay};
use cupola_store::{Metadata, MetadataFile, Reader, Settings, Store};

#[tokio::main]
async fn main() {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8089".to_owned());
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path(), &Settings::default(), &replay).unwrap());
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
    demo::Demo { now, hours: 25, per_minute: 60 }.fill(&store);

    let reader = Arc::new(Reader::open(dir.path()).unwrap());
    let (stats, tails) = (Arc::clone(&store), store.tails().clone());
    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(dir.path()).unwrap());
    Users::new(Arc::clone(&metadata)).set("ada", "a long password", Role::Admin, "the example", now).unwrap();
    // Everyone looks; who changes anything logs in as `ada`, or with the token `demo`.
    let access = Access::default().users(Arc::clone(&metadata)).token("demo", Role::Admin).everyone(Role::Viewer);
    // As if somebody had judged all the while.
    let alerts = Arc::new(Alerts::new(reader.clone(), Arc::clone(&metadata), Rules::default(), Receivers::default()));
    let judge = Arc::clone(&alerts);
    tokio::task::spawn_blocking(move || {
        for minute in (0..=50).rev() {
            judge.evaluate(now - minute * 60_000_000_000).unwrap();
        }
    });
    let backups = dir.path().join("backups");
    let caretaker = Caretaker::new(Arc::new(store.upkeep(Some(backups))), Arc::clone(&metadata));
    let pages = Pages::new(reader.clone())
        .access(access.clone())
        .metadata(metadata)
        .caretaker(caretaker)
        .tails(tails.clone())
        .stats(move || stats.stats())
        .alerting(Arc::clone(&alerts));
    // More can be sent, to see it come in.
    let receiver = Receiver::new(Arc::new(store.writer())).router();
    let app =
        pages.router().merge(Api::new(reader).access(access).tails(tails).alerting(alerts).router()).merge(receiver);
    let listener = tokio::net::TcpListener::bind(&address).await.unwrap();
    println!("http://{}/cupola", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}
