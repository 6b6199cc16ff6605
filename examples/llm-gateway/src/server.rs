//! From the configuration to a service that serves.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use cupola::Cupola;
use tokio::net::TcpListener;

use crate::app;
use crate::config::Config;
use crate::gateway::Gateway;
use crate::once;

/// How long runs of crews may go on after the last request.
const LAST_RUNS: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or Ctrl-C, or as long as its own questions take.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let cupola = Cupola::builder("llm-gateway").version(env!("CARGO_PKG_VERSION")).init()?;
    let gateway = Arc::new(Gateway::new(&config, &cupola)?);
    let app = app::routes(Arc::clone(&gateway)).merge(cupola.routes()).layer(cupola.layer());
    let listen = if config.once { "127.0.0.1:0" } else { &config.listen };
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    if config.once {
        return once::run(&cupola, listener, app).await;
    }
    cupola.serve_requests(listener, app, cupola.shutdown_signal()).await?;
    gateway.runs.finish(LAST_RUNS).await;
    cupola.shutdown().await;
    Ok(())
}
