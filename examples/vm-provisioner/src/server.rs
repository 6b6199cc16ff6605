//! The service from its start to its end.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use cupola::Cupola;
use cupola::http::Check;
use cupola::record::{Operation, OperationKind};
use tokio::net::TcpListener;

use crate::api::Api;
use crate::app;
use crate::business::Business;
use crate::config::Config;
use crate::conformance;
use crate::hypervisor::Hypervisor;
use crate::marketplace::stub::Stub;
use crate::marketplace::{self, Marketplace};
use crate::progress::News;
use crate::store::Store;
use crate::traffic::{self, Plan};
use crate::worker::Worker;

/// How long the jobs that are queued at the end may take.
const LAST_JOBS: Duration = Duration::from_secs(10);

/// What the stub's offers are made of: the same at each start.
const SEED: u64 = 7;

/// Serves until a signal, or the end of the traffic, tells it to stop.
///
/// `cupola.serve(listener, app)` would do for a service that only serves. This one also ends with its traffic, and lets
/// its worker finish before the last lines are written.
pub async fn run(config: Config) -> anyhow::Result<()> {
    // Before anything is written anywhere: a second instance should say so and touch nothing.
    let listener = bind(&config.listen).await?;
    // Lines go to `./logs` too, unless `LOG_DIR` names another folder.
    let cupola = cupola::Cupola::builder("vm-provisioner").log_dir("./logs").init()?;

    config.say();
    // What is missing ends the start before anything is made.
    let hypervisor = config.machines.prepare(&config.data, cupola.call_layer())?;
    let ansible = config.configuration.prepare(&config.data)?;
    let prepare = Operation::running("open_store").kind(OperationKind::Prepare);
    let store = cupola::logged(prepare, Store::open(&config.data, cupola.queries("store"))).await?;
    clean_up(&store, &*hypervisor).await?;
    let asked = store.clone();
    cupola.ready_check(Check::new("store", move || {
        let store = asked.clone();
        async move { store.free_addresses().await.map(drop) }
    }));
    let news = News::default();
    let (worker, queue) = Worker::start(store.clone(), news.clone(), hypervisor.clone(), ansible);
    let business = Business::register(cupola.registry())?.watch(store.clone(), queue.clone());
    let api = Api { store: store.clone(), queue, news, demo: config.traffic };
    let (market, _stub) = marketplace(&config, &cupola).await?;
    let beside = if config.conformance { conformance::routes() } else { Router::new() };
    let app = app::router(api, marketplace::routes(store.clone(), market), &cupola, beside);

    let address = listener.local_addr()?;
    tracing::info!(data = %config.data.display(), traffic = config.traffic, hypervisor = hypervisor.name(), "ready to provision");
    cupola.serve_requests(listener, app, stop(&cupola, address, config.plan())).await?;

    worker.finish(LAST_JOBS).await;
    hypervisor.shut_down().await;
    business.abort();
    store.close().await;
    cupola.shutdown().await;
    Ok(())
}

/// The marketplace that was named, or a stub that stands in for it while the service runs.
async fn marketplace(config: &Config, cupola: &Cupola) -> anyhow::Result<(Marketplace, Option<Stub>)> {
    if let (Some(url), Some(key)) = (&config.marketplace_url, &config.marketplace_key) {
        let market =
            Marketplace::new(cupola, url, key).context("MARKETPLACE_URL and MARKETPLACE_KEY name no marketplace")?;
        return Ok((market, None));
    }
    let stub = Stub::start(SEED, config.marketplace_faults.clone()).await?;
    Ok((Marketplace::new(cupola, &stub.url(), stub.key())?, Some(stub)))
}

async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address:?}: choose another address with --listen ADDR, or LISTEN in the environment")
    })
}

/// The queue is in memory: jobs that an earlier process left behind are failed, and their addresses released. Of machines that
/// were running some have ended with that process.
async fn clean_up(store: &Store, hypervisor: &dyn Hypervisor) -> anyhow::Result<()> {
    for vm_id in store.stop_lost(|id| hypervisor.runs(id)).await? {
        tracing::warn!(%vm_id, "it does not run any more: the machine is stopped");
    }
    for vm_id in store.fail_interrupted().await? {
        hypervisor.destroy(&vm_id).await?;
        tracing::warn!(%vm_id, "its job was lost in a restart: the machine is failed, its address released");
    }
    Ok(())
}

/// Ends at SIGTERM, at Ctrl-C, or with the traffic, whichever is first.
fn stop(cupola: &Cupola, address: SocketAddr, plan: Option<Plan>) -> impl Future<Output = ()> + Send + 'static {
    let signal = cupola.shutdown_signal();
    async move {
        tokio::select! {
            () = signal => {}
            () = drive(address, plan) => {}
        }
    }
}

async fn drive(address: SocketAddr, plan: Option<Plan>) {
    let Some(plan) = plan else { return std::future::pending().await };
    let told = traffic::run(address, plan).await;
    tracing::info!(requests = told.sent, abandoned = told.abandoned, "traffic ended");
}
