//! The pages in a real browser: no fault in the console, none that axe finds in either theme, and one gets from a spike to its trace.

use std::sync::Arc;
use std::time::Duration;

use cupola_dashboard::{Access, Api, Caretaker, Pages, Role};
use cupola_store::{Metadata, MetadataFile};
use tokio::process::Command;
use tokio::time::timeout;

use crate::alerts::failing;
use crate::demo::Demo;
use crate::support::{House, now, serve};

/// The pages over two hours of the demo, at an address of their own.
async fn served() -> (House, String) {
    let house = House::new();
    let now = now().cast_signed();
    Demo { now, hours: 2, per_minute: 20 }.fill(house.store());
    let reader = Arc::new(house.reader());
    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(house.dir()).unwrap());
    let access = Access::default().users(Arc::clone(&metadata)).token("demo", Role::Admin).everyone(Role::Viewer);
    let stats = house.store().stats();
    let alerts = failing(&house, Arc::clone(&metadata));
    let caretaker = Caretaker::new(Arc::new(house.store().upkeep(None)), Arc::clone(&metadata));
    let pages = Pages::new(reader.clone())
        .access(access.clone())
        .metadata(metadata)
        .caretaker(caretaker)
        .tails(house.store().tails().clone())
        .stats(move || stats.clone())
        .alerting(Arc::clone(&alerts));
    let api = Api::new(reader).alerting(alerts).access(access).tails(house.store().tails().clone());
    let (address, _server) = serve(pages.router().merge(api.router())).await;
    (house, address)
}

/// Runs a script of the folder beside this file, which says what is wrong.
async fn runs(script: &str, address: &str, seconds: u64) {
    let script = format!("{}/tests/all/browser/{script}", env!("CARGO_MANIFEST_DIR"));
    let ended = Command::new("node").arg(script).arg(address).kill_on_drop(true).output();
    let ended = timeout(Duration::from_secs(seconds), ended).await.unwrap().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node with playwright-core and @axe-core/playwright, and chromium"]
async fn every_page_is_well_in_a_browser() {
    let (_house, address) = served().await;
    runs("pages.js", &address, 900).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs node with lighthouse, and chromium"]
async fn lighthouse_has_little_to_say() {
    let (_house, address) = served().await;
    runs("lighthouse.js", &address, 300).await;
}
