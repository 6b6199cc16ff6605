//! The layer on a tonic service: the line has gRPC's own status, and the method as its route.
//!
//! gRPC answers 200 to calls that failed; what became of them stands in the trailers, behind the body. The layer reads
//! it there: `grpc_status` is on the line, and what failed on the server's side is an error in log and metrics alike.
//!
//! `cargo run -p tonic_minimal` serves on 127.0.0.1:3000 until Ctrl-C. With `-- --once` it takes a free port, sends
//! itself two calls, one of which is refused, shows what came of them, and ends.

use std::convert::Infallible;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use anyhow::{Context, bail, ensure};
use cupola::Cupola;
use cupola::http::RequestBody;
use http::uri::PathAndQuery;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::body::Body;
use tonic::transport::server::{TcpConnectInfo, TcpIncoming};
use tonic::transport::{Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::service_fn;

const SAY_HELLO: &str = "/demo.Greeter/SayHello";

/// Asks for a greeting, and is one: the two messages of `demo.proto`, as plain structs.
#[derive(Clone, PartialEq, prost::Message)]
struct Hello {
    #[prost(string, tag = "1")]
    text: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cupola = cupola::init("tonic_minimal")?;
    match std::env::args().nth(1).as_deref() {
        Some("--once") => once(&cupola).await,
        Some(other) => bail!("`{other}` is not an argument of this example: only --once is"),
        None => serve(&cupola, TcpListener::bind("127.0.0.1:3000").await?, cupola.shutdown_signal()).await,
    }
}

async fn serve(cupola: &Cupola, listener: TcpListener, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let server = Server::builder()
        // What tonic knows of the connection tells whose ids are believed.
        .layer(cupola.layer().peer(peer))
        // A service that tonic-build has made goes in by `.add_service(..)`; it makes no difference to the layers.
        .serve_with_incoming_shutdown(service_fn(greeter), TcpIncoming::from(listener), stop);
    server.await?;
    // The calls in flight have ended: now the lines that wait are written.
    cupola.shutdown().await;
    Ok(())
}

fn peer(connection: &http::Extensions) -> Option<IpAddr> {
    connection.get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr).map(|peer| peer.ip())
}

/// What tonic-build would write: finds the method by its path. No route is told to Cupola: in gRPC the path is the
/// template, once a success has shown that the service knows the method.
async fn greeter(request: http::Request<RequestBody<Body>>) -> Result<http::Response<Body>, Infallible> {
    if request.uri().path() != SAY_HELLO {
        return Ok(Status::unimplemented("no such method").into_http());
    }
    let mut server = tonic::server::Grpc::new(ProstCodec::default());
    Ok(server.unary(service_fn(say_hello), request).await)
}

/// The method itself, in which context and `tracing` are what they are in any other handler.
async fn say_hello(request: Request<Hello>) -> Result<Response<Hello>, Status> {
    let name = request.into_inner().text;
    if name.is_empty() {
        return Err(Status::invalid_argument("nobody to greet"));
    }
    cupola::context::set("user_name", name.clone());
    tracing::info!("greeting somebody");
    Ok(Response::new(Hello { text: format!("hello, {name}") }))
}

/// Serves for as long as its own calls take, then shows what they were answered.
async fn once(cupola: &Cupola) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (tell, told) = oneshot::channel();
    let asked = async move {
        // Told in vain only where the server has failed, and then that is the error that counts.
        let _ = tell.send(ask(address).await);
    };
    serve(cupola, listener, asked).await?;
    let answers = told.await.context("the server ended before the calls")??;
    Ok(writeln!(std::io::stdout(), "{answers}")?)
}

async fn ask(address: SocketAddr) -> anyhow::Result<String> {
    let channel = Endpoint::from_shared(format!("http://{address}"))?.connect().await?;
    let mut client = tonic::client::Grpc::new(channel);
    let mut call = async |name: &str| -> anyhow::Result<Result<Response<Hello>, Status>> {
        client.ready().await?;
        let request = Request::new(Hello { text: name.to_owned() });
        Ok(client.unary(request, PathAndQuery::from_static(SAY_HELLO), ProstCodec::default()).await)
    };
    let greeting = call("ada").await??;
    let id = greeting.metadata().get("x-request-id").context("the response has no x-request-id")?.to_str()?;
    let refused = call("").await?.err().context("a call without a name was not refused")?;
    ensure!(refused.code() == Code::InvalidArgument, "refused otherwise than told: {refused}");
    Ok(format!("x-request-id: {id}\nmessage: {}\nrefused: {}", greeting.get_ref().text, refused.code()))
}
