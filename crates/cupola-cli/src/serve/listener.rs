//! Where connections come in, with TLS or without.

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use axum::middleware::AddExtension;
use axum::serve::IncomingStream;
use axum::{Extension, Router};
use cupola::http::Peer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tower::{Layer as _, Service};

/// How long a client may take to agree on a key.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// So many clients may do that at once, and as many wait to be served.
const AT_ONCE: usize = 256;

type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// An address that is listened on.
pub(super) struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
}

impl Listener {
    /// Listens, and speaks TLS where there is an acceptor.
    pub(super) async fn bind(address: SocketAddr, acceptor: Option<TlsAcceptor>) -> anyhow::Result<Self> {
        let tcp = TcpListener::bind(address).await.with_context(|| format!("{address} cannot be listened on"))?;
        Ok(Self { address: tcp.local_addr()?, tcp, acceptor })
    }

    /// The address, with the port that was chosen.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to end, and the requests in flight have ended.
    pub(super) async fn serve(self, app: Router, mut ended: watch::Receiver<()>) -> io::Result<()> {
        let accepted = match self.acceptor {
            None => Accepted { address: self.address, from: From::Tcp(self.tcp) },
            Some(acceptor) => Accepted { address: self.address, from: From::Secured(secure(self.tcp, acceptor)) },
        };
        let end = async move { drop(ended.changed().await) };
        axum::serve(accepted, PerConnection(app)).with_graceful_shutdown(end).await
    }
}

/// Connections that are ready to be served.
struct Accepted {
    address: SocketAddr,
    from: From,
}

enum From {
    Tcp(TcpListener),
    Secured(mpsc::Receiver<(Stream, SocketAddr)>),
}

impl axum::serve::Listener for Accepted {
    type Io = Stream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Stream, SocketAddr) {
        match &mut self.from {
            From::Tcp(tcp) => {
                let (stream, address) = axum::serve::Listener::accept(tcp).await;
                (Either::Left(stream), address)
            }
            From::Secured(streams) => match streams.recv().await {
                Some(found) => found,
                None => pending().await,
            },
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Agrees with clients on their keys, each in a task of its own: one that is slow, or says nothing, holds up nobody.
fn secure(mut tcp: TcpListener, acceptor: TlsAcceptor) -> mpsc::Receiver<(Stream, SocketAddr)> {
    let (give, streams) = mpsc::channel(AT_ONCE);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    tokio::spawn(async move {
        while let Ok(place) = Arc::clone(&places).acquire_owned().await {
            let (stream, address) = tokio::select! {
                accepted = axum::serve::Listener::accept(&mut tcp) => accepted,
                () = give.closed() => return,
            };
            let (acceptor, give) = (acceptor.clone(), give.clone());
            tokio::spawn(async move {
                let _place = place;
                if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    // Nobody wants it where the server has ended.
                    let _ = give.send((Either::Right(Box::new(stream)), address)).await;
                }
            });
        }
    });
    streams
}

/// Tells the application who is on the other side.
#[derive(Clone)]
struct PerConnection(Router);

impl Service<IncomingStream<'_, Accepted>> for PerConnection {
    type Response = AddExtension<Router, Peer>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, Accepted>) -> Self::Future {
        let peer = Peer(stream.remote_addr().ip());
        ready(Ok(Extension(peer).layer(self.0.clone())))
    }
}
