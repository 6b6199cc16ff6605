//! `cupola serve`: a store that takes OpenTelemetry's messages and answers questions, in one process.

mod account;
mod alerts;
mod levels;
mod listener;
mod people;
mod tls;
mod tokens;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use clap::Args;
use cupola::Cupola;
use cupola::http::Check;
use cupola_alert::{Alerts, Receivers, Rules};
use cupola_dashboard::{Api, Caretaker, Pages, Receiver};
use cupola_redact::KeyPolicy;
use cupola_store::{Metadata, MetadataFile, Reader, Settings, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::Failure;
use listener::Listener;
use tls::Certificate;
use tokens::Wanted;

/// Stores logs, spans and metrics that services send by OTLP, and answers questions about them.
///
/// Both ports speak OTLP over HTTP (protobuf and JSON) and gRPC, and have the pages under /cupola, the REST API under /cupola/api/v1,
/// /metrics, /healthz and /readyz. What is acknowledged outlives the process. Passwords, tokens, keys and the like are masked before anything is stored.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Serve {
    /// The store's directory, which is made if it is not there
    #[arg(long, value_name = "DIR", env = "CUPOLA_STORE", default_value = "cupola-store")]
    store: PathBuf,

    /// Where OTLP over HTTP is expected
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4318")]
    http: SocketAddr,

    /// Where OTLP over gRPC is expected
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4317")]
    grpc: SocketAddr,

    #[command(flatten)]
    tokens: tokens::Tokens,

    #[command(flatten)]
    certificate: Certificate,

    #[command(flatten)]
    secrets: Secrets,

    #[command(flatten)]
    watch: alerts::Watch,

    /// Keeps entries for so many days
    #[arg(long, value_name = "DAYS", env = "CUPOLA_STORE_DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=36500))]
    days: u32,

    /// Keeps no more than so many bytes on the disk
    #[arg(long, value_name = "BYTES", env = "CUPOLA_STORE_MAX_BYTES", default_value_t = 20 << 30, value_parser = clap::value_parser!(u64).range(16 << 20..))]
    max_bytes: u64,

    /// Where the backups go that are asked for over the API: each is a new directory in this one. Without it none are made
    #[arg(long, value_name = "DIR", env = "CUPOLA_STORE_BACKUPS")]
    backups: Option<PathBuf>,
}

/// What is masked of what comes in.
#[derive(Debug, Args)]
#[command(next_help_heading = "Secrets in what comes in")]
struct Secrets {
    /// Rules of your own for what is masked, beside the default ones: a file as `cupola redact --policy` reads it
    #[arg(long, value_name = "FILE", env = "CUPOLA_POLICY", conflicts_with = "no_redact")]
    policy: Option<PathBuf>,

    /// Stores everything as it comes: for those whose senders have masked already
    #[arg(long)]
    no_redact: bool,
}

impl Secrets {
    fn policy(&self) -> anyhow::Result<Option<KeyPolicy>> {
        if self.no_redact { Ok(None) } else { crate::redact::read_policy(self.policy.as_deref()).map(Some) }
    }
}

/// How long requests may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

const EXAMPLES: &str = "\
Examples:
  cupola serve                                    a store in ./cupola-store, for this machine alone; http://127.0.0.1:4318 shows it
  OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 my-service
  curl -G http://127.0.0.1:4318/cupola/api/v1/logs -d limit=20 --data-urlencode 'query=level>=warn'
  SLACK_WEBHOOK_URL=… cupola serve --alerts alerts.toml          also tells a chat of what is wrong
  CUPOLA_INGEST_TOKEN=… CUPOLA_READ_TOKEN=… cupola serve --http 0.0.0.0:4318 --grpc 0.0.0.0:4317 \\
      --tls-cert chain.pem --tls-key key.pem

Its own log goes to standard output; LOG_DIR, LOG_FORMAT, RUST_LOG and the other variables of cupola's are its own too.

Exit codes: 0 it was told to end, 1 it failed, 2 it was asked in the wrong way.";

impl Serve {
    /// Serves until it is told to end; returns the exit code.
    pub(crate) fn run(self) -> Result<i32, Failure> {
        let tokens = self.tokens.read().map_err(Failure::Usage)?;
        self.check(&tokens).map_err(Failure::Usage)?;
        let judged = self.watch.read().map_err(Failure::Usage)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.context("no threads could be started").map_err(Failure::Work)?;
        runtime.block_on(self.serve(tokens, judged)).map_err(Failure::Work)?;
        Ok(crate::DONE)
    }

    /// Whoever can reach it from elsewhere needs a token, unless somebody wants it otherwise.
    fn check(&self, tokens: &Wanted) -> anyhow::Result<()> {
        let is_seen = [self.http, self.grpc].iter().any(|address| !address.ip().is_loopback());
        let is_guarded = tokens.ingest.is_some() && tokens.read.is_some();
        if is_seen && !is_guarded && !tokens.open {
            bail!("others can reach that address: set CUPOLA_INGEST_TOKEN and CUPOLA_READ_TOKEN, or say --open");
        }
        Ok(())
    }

    async fn serve(self, tokens: Wanted, judged: Option<(Rules, Receivers)>) -> anyhow::Result<()> {
        let acceptor = self.certificate.acceptor()?;
        let policy = self.secrets.policy()?;
        // Bound first: a store that is opened in vain would have to be closed again.
        let http = Listener::bind(self.http, acceptor.clone()).await?;
        let grpc = Listener::bind(self.grpc, acceptor).await?;
        let cupola = own()?;
        let hours = 24 * u64::from(self.days);
        let settings = Settings::default().retention(Duration::from_hours(hours)).max_bytes(self.max_bytes);
        let store = Arc::new(crate::store::open(&self.store, &settings, policy.as_ref())?);
        let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(&self.store)?);
        let reader = Arc::new(Reader::open(&self.store)?);
        let scheme = if self.certificate.is_there() { "https" } else { "http" };
        let base = format!("{scheme}://{}", http.address());
        let alerts = judged.map(|judged| alerts::over(reader.clone(), metadata.clone(), judged, base));
        let app = self.app(&cupola, &store, policy, (&tokens, http.address()), (reader, metadata, alerts.clone()))?;
        let mut signal = pin!(cupola.shutdown_signal());
        // Heard from here on: whoever reads that this is listening may send it at once.
        let heard = poll_fn(|cx| Poll::Ready(signal.as_mut().poll(cx).is_ready())).await;
        tracing::info!(target: "cupola", store = %self.store.display(), http = %http.address(), grpc = %grpc.address(), "listening");
        let (end, ended) = watch::channel(());
        let watching = alerts.map(|alerts| {
            let mut ended = ended.clone();
            tokio::spawn(alerts.run(crate::alerts::now, async move { _ = ended.changed().await }))
        });
        let mut servers = JoinSet::new();
        for listener in [http, grpc] {
            servers.spawn(listener.serve(app.clone(), ended.clone()));
        }
        drop((app, ended));
        let failed = tokio::select! {
            () = signal, if !heard => Ok(Ok(())),
            Some(failed) = servers.join_next(), if !heard => failed,
            else => Ok(Ok(())),
        };
        cupola.drain();
        let _ = end.send(());
        // Who watches a tail would stay for ever.
        let _ = tokio::time::timeout(PATIENCE, async { while servers.join_next().await.is_some() {} }).await;
        servers.shutdown().await;
        if let Some(watching) = watching {
            // It ends as it is told; what it has not sent by then is in the outbox.
            let _ = watching.await;
        }
        let closed = tokio::task::spawn_blocking(move || close(store)).await.context("the store was not closed")?;
        cupola.shutdown().await;
        failed.context("a server panicked")?.context("a server failed")?;
        closed
    }

    fn app(
        &self,
        cupola: &Cupola,
        store: &Arc<Store>,
        policy: Option<KeyPolicy>,
        (tokens, address): (&Wanted, SocketAddr),
        (reader, metadata, alerts): (Arc<Reader>, Arc<dyn Metadata>, Option<Arc<Alerts>>),
    ) -> anyhow::Result<Router> {
        account::show(cupola.registry(), Arc::downgrade(store));
        cupola.ready_check(ready(store));
        let receiver = Receiver::new(Arc::new(store.writer())).policy(policy);
        let receiver = tokens.ingest.iter().fold(receiver, |receiver, token| receiver.token(token));
        let access = people::access(tokens, Arc::clone(&metadata), address, self.certificate.is_there());
        let caretaker = Caretaker::new(Arc::new(store.upkeep(self.backups.clone())), Arc::clone(&metadata));
        let api = Api::new(reader.clone()).tails(store.tails().clone()).access(access.clone());
        let api = api.caretaker(caretaker.clone());
        let api = api.metadata(Arc::clone(&metadata));
        let stats = Arc::downgrade(store);
        let pages = Pages::new(reader)
            .access(access)
            .metadata(metadata)
            .caretaker(caretaker)
            .levels(Arc::new(levels::OwnLevels(cupola.levels().clone())))
            .tails(store.tails().clone())
            .stats(move || stats.upgrade().map(|store| store.stats()).unwrap_or_default());
        if let Some(alerts) = &alerts {
            alerts.count(cupola.registry());
        }
        let (api, pages) = match alerts {
            Some(alerts) => (api.alerting(alerts.clone()), pages.alerting(alerts)),
            None => (api, pages),
        };
        let begin = Router::new().route("/", get(async || Redirect::to("/cupola")));
        let app = receiver.router().merge(api.router()).merge(pages.router()).merge(begin);
        Ok(app.merge(cupola.routes()).layer(cupola.layer()))
    }
}

/// Its own log and metrics. What is stored here is that of others, so that its own store is none of its own telemetry's business.
fn own() -> anyhow::Result<Cupola> {
    let vars = |name: &str| {
        crate::environment::variable(name).filter(|_| !name.starts_with("CUPOLA_STORE") && !alerts::is_of_alerts(name))
    };
    let layer = |layer: cupola::http::ObserveLayer| TAKEN.iter().fold(layer, |layer, path| layer.skip(path));
    let cupola = Cupola::builder("cupola").version(env!("CARGO_PKG_VERSION")).vars(vars).layer(layer);
    Ok(cupola.reads(&tokens::VARIABLES).reads(&["CUPOLA_POLICY", "CUPOLA_TLS_CERT", "CUPOLA_TLS_KEY"]).init()?)
}

/// What comes in there is told in the store's own account: a line for each message would be as much again.
const TAKEN: [&str; 2] = ["/v1/*", "/opentelemetry.*"];

/// It can take requests while it can seal what they bring.
fn ready(store: &Arc<Store>) -> Check {
    let store = Arc::downgrade(store);
    Check::new("store", move || {
        let trouble = store.upgrade().and_then(|store| store.stats().trouble);
        async move { trouble.map_or(Ok(()), Err) }
    })
}

fn close(store: Arc<Store>) -> anyhow::Result<()> {
    match Arc::into_inner(store) {
        Some(store) => Ok(store.close()?),
        // Whoever is left has the last handle, and closes it.
        None => Ok(()),
    }
}
