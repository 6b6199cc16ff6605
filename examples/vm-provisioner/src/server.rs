//! The service from its start to its end.

use std::net::SocketAddr;
use std::sync::Arc;
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
use crate::store::Store;
use crate::traffic::{self, Plan};
use crate::worker::{Performer, Queue, Worker};

/// How long the jobs that are in work at the end may take.
const LAST_JOBS: Duration = Duration::from_secs(10);

/// What the stub's offers are made of: the same at each start.
const SEED: u64 = 7;

/// Serves until a signal, or the end of the traffic, tells it to stop.
///
/// `cupola.serve(listener, app)` would do for a service that only serves. This one also ends with its traffic, and lets
/// its worker finish before the last lines are written.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let place = config.queue()?;
    // Before anything is written anywhere: a second instance should say so and touch nothing.
    let listener = bind(&config.listen).await?;
    // Lines go to `./logs` too, unless `LOG_DIR` names another folder.
    let cupola = cupola::Cupola::builder("vm-provisioner").log_dir("./logs").init()?;

    config.say();
    let prepare = Operation::running("open_store").kind(OperationKind::Prepare);
    let store = cupola::logged(prepare, Store::open(&config.data, cupola.queries("store"))).await?;
    let watched = (cupola.jobs("vms"), cupola.queries("queue"));
    let queue = Queue::open(place.as_ref(), &config.data, watched, config.lost_after()).await?;
    let asked = store.clone();
    cupola.ready_check(Check::new("store", move || {
        let store = asked.clone();
        async move { store.free_addresses().await.map(drop) }
    }));
    let works = if config.role.works() { Some(Works::start(&config, &cupola, &store, &queue).await?) } else { None };
    let business = Business::register(cupola.registry())?.watch(store.clone());
    let (app, _stub) = app(&config, &cupola, &store, &queue).await?;

    let address = listener.local_addr()?;
    tracing::info!(data = %config.data.display(), traffic = config.traffic, role = config.role.as_str(), "ready to provision");
    cupola.serve_requests(listener, app, stop(&cupola, address, config.plan())).await?;

    if let Some(works) = works {
        works.finish().await;
    }
    business.abort();
    queue.close().await;
    store.close().await;
    cupola.shutdown().await;
    Ok(())
}

/// What does jobs, and what they are done with.
struct Works {
    worker: Worker,
    hypervisor: Arc<dyn Hypervisor>,
}

impl Works {
    /// What is missing ends the start before anything is made.
    async fn start(config: &Config, cupola: &Cupola, store: &Store, queue: &Queue) -> anyhow::Result<Self> {
        let hypervisor = config.machines.prepare(&config.data, cupola.call_layer())?;
        let ansible = config.configuration.prepare(&config.data)?;
        stop_lost(store, &*hypervisor).await?;
        tracing::info!(hypervisor = hypervisor.name(), "ready for jobs");
        let (store, crash_at) = (store.clone(), config.crash_at());
        let performer = Performer { store, hypervisor: hypervisor.clone(), ansible, crash_at };
        Ok(Self { worker: Worker::start(performer, queue.clone()), hypervisor })
    }

    async fn finish(self) {
        self.worker.finish(LAST_JOBS).await;
        self.hypervisor.shut_down().await;
    }
}

/// What is served: a process that only works says no more than how it is.
async fn app(config: &Config, cupola: &Cupola, store: &Store, queue: &Queue) -> anyhow::Result<(Router, Option<Stub>)> {
    if !config.role.answers() {
        return Ok((cupola.routes().layer(cupola.layer()), None));
    }
    let api = Api { store: store.clone(), queue: queue.clone(), demo: config.traffic };
    let (market, stub) = marketplace(config, cupola).await?;
    let beside = if config.conformance { conformance::routes() } else { Router::new() };
    Ok((app::router(api, marketplace::routes(store.clone(), market), cupola, beside), stub))
}

/// The marketplace that was named, or a stub that stands in for it while the service runs.
async fn marketplace(config: &Config, cupola: &Cupola) -> anyhow::Result<(Marketplace, Option<Stub>)> {
    if let (Some(url), Some(key)) = (&config.marketplace_url, &config.marketplace_key) {
        let market = Marketplace::new(cupola, url, key.reveal())
            .context("MARKETPLACE_URL and MARKETPLACE_KEY name no marketplace")?;
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

/// Of machines that were running some have ended with an earlier process.
async fn stop_lost(store: &Store, hypervisor: &dyn Hypervisor) -> anyhow::Result<()> {
    for vm_id in store.stop_lost(|id| hypervisor.runs(id)).await? {
        tracing::warn!(%vm_id, "it does not run any more: the machine is stopped");
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
