//! The layer on hyper itself: no axum and no router, so the example tells what those would have known.
//!
//! That is two things: the peer's address, which decides whether the caller's ids are believed, and the route, which
//! names the request in its line and its metrics.
//!
//! `cargo run -p hyper_minimal` serves on 127.0.0.1:3000 until Ctrl-C; try `curl -i 127.0.0.1:3000/hello/ada`. With
//! `-- --once` it takes a free port, sends itself one request, shows what came of it, and ends.

use std::convert::Infallible;
use std::future::Future;
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use cupola_http::{ObserveLayer, Peer, RequestBody};
use cupola_record::AccessLog;
use cupola_telemetry::{Config, Telemetry};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tower::ServiceBuilder;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Where lines go: a `tracing` subscriber that writes to standard output, JSON unless people read it. The layer
    // needs none of its own kind: any subscriber shows its events.
    let log = Config::from_vars(&environment)?;
    let telemetry = Telemetry::builder(log).terminal(io::stdout().is_terminal()).build()?;
    telemetry.install()?;
    // One sink: a line when a request is over. Others, `RouteMetrics` say, are added with `.and(..)`.
    let layer = cupola_http::layer(AccessLog::new());

    let served = match std::env::args().nth(1).as_deref() {
        Some("--once") => once(layer).await,
        Some(other) => bail!("`{other}` is not an argument of this example: only --once is"),
        None => {
            let interrupt = async { drop(tokio::signal::ctrl_c().await) };
            Ok(serve(TcpListener::bind("127.0.0.1:3000").await?, layer, interrupt).await?)
        }
    };
    // The lines that still wait are written before the process ends.
    telemetry.shutdown(Duration::from_secs(5));
    served
}

#[allow(clippy::disallowed_methods, reason = "a binary is where the environment is read")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The whole application: a plain function, with the layer around it.
async fn hello(request: Request<RequestBody<Incoming>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let Some(name) = request.uri().path().strip_prefix("/hello/") else {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return Ok(response);
    };
    // The layer has left the request's context here, and on the thread: `cupola_context::current()` is the same one.
    if let Some(context) = request.extensions().get::<cupola_context::Context>() {
        // The template, never the path: it becomes a metric label, and paths come from strangers.
        context.set_route("/hello/{name}");
    }
    tracing::info!("greeting somebody");
    Ok(Response::new(Full::from(format!("hello, {name}\n"))))
}

/// Accepts connections until `stop`, then lets requests in flight end.
async fn serve(listener: TcpListener, layer: ObserveLayer, stop: impl Future<Output = ()>) -> io::Result<()> {
    let (graceful, mut stop) = (GracefulShutdown::new(), pin!(stop));
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // An error ends this example; a server that must live waits a little, and goes on.
                let (stream, peer) = accepted?;
                connected(stream, peer, layer.clone(), &graceful);
            }
            () = &mut stop => break,
        }
    }
    graceful.shutdown().await;
    Ok(())
}

fn connected(stream: TcpStream, peer: SocketAddr, layer: ObserveLayer, graceful: &GracefulShutdown) {
    let service = ServiceBuilder::new()
        // Outside the layer, since it reads the peer when the request arrives. Without it nobody's ids are believed.
        .map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Peer(peer.ip()));
            request
        })
        .layer(layer)
        .service_fn(hello);
    let service = TowerToHyperService::new(service);
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let watched = graceful.watch(connection);
    // Each request has its own line, with its outcome: a connection that breaks is no news beyond those.
    tokio::spawn(async move { drop(watched.await) });
}

/// Serves for as long as a request of its own takes. It comes from loopback, which is trusted unless one says
/// otherwise, so the id that it brings is its id here too.
async fn once(layer: ObserveLayer) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (tell, told) = oneshot::channel();
    let asked = async move {
        // Told in vain only where the server has failed, and then that is the error that counts.
        let _ = tell.send(ask(address).await);
    };
    serve(listener, layer, asked).await?;

    let headers = told.await.context("the server ended before the request")??;
    let id = headers.get("x-request-id").context("the response has no x-request-id")?;
    ensure!(id == "from-the-caller", "the caller's id was not adopted: it is {id:?} here");
    Ok(writeln!(io::stdout(), "x-request-id: {}", id.to_str()?)?)
}

async fn ask(address: SocketAddr) -> anyhow::Result<HeaderMap> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let request = Request::get(format!("http://{address}/hello/ada")).header("x-request-id", "from-the-caller");
    let response = client.request(request.body(Empty::<Bytes>::new())?).await?;
    ensure!(response.status().is_success(), "the answer was {}", response.status());
    Ok(response.headers().clone())
}
