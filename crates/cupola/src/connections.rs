//! Connections as the server sees them: what they were upgraded to ends when they do.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::{ConnectInfo, Request};
use axum::middleware::AddExtension;
use axum::serve::{IncomingStream, Listener};
use axum::{Extension, Router};
use cupola_http::Connection;
use http::{Method, header};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tower_layer::Layer;
use tower_service::Service;

/// Accepts connections, and is told of their ends.
pub(crate) struct Watched(pub(crate) TcpListener);

impl Listener for Watched {
    type Io = WatchedStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (WatchedStream, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        (WatchedStream { stream, connection: Connection::new() }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// A connection's stream: whoever serves the connection holds it, an upgraded one too.
pub(crate) struct WatchedStream {
    stream: TcpStream,
    connection: Connection,
}

impl Drop for WatchedStream {
    fn drop(&mut self) {
        self.connection.close();
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Makes the service of each connection: the router, with connect info.
#[derive(Clone)]
pub(crate) struct PerConnection(pub(crate) Router);

impl Service<IncomingStream<'_, Watched>> for PerConnection {
    type Response = OnConnection<AddExtension<Router, ConnectInfo<SocketAddr>>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, stream: IncomingStream<'_, Watched>) -> Self::Future {
        let inner = Extension(ConnectInfo(*stream.remote_addr())).layer(self.0.clone());
        ready(Ok(OnConnection { inner, connection: stream.io().connection.clone() }))
    }
}

/// Tells requests of their connection, if they ask for another protocol on it.
#[derive(Clone)]
pub(crate) struct OnConnection<S> {
    inner: S,
    connection: Connection,
}

impl<S: Service<Request>> Service<Request> for OnConnection<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> S::Future {
        if request.headers().contains_key(header::UPGRADE) || *request.method() == Method::CONNECT {
            request.extensions_mut().insert(self.connection.clone());
        }
        self.inner.call(request)
    }
}
