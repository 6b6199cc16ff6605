//! Servers on loopback, and clients that write what they like.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use http_body::Body as HttpBody;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower::Service;

use super::{BoxError, in_time};

/// Serves a router as axum does, with connect info.
pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Serves any service as hyper does, HTTP/1 or HTTP/2 as the client likes.
pub(crate) async fn serve_service<S, B>(service: S) -> SocketAddr
where
    S: Service<Request<hyper::body::Incoming>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<BoxError>,
    B: HttpBody + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let service = TowerToHyperService::new(service.clone());
            tokio::spawn(async move {
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    address
}

/// A connection on which the test writes bytes as it likes.
pub(crate) struct Raw(TcpStream);

impl Raw {
    pub(crate) async fn send(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(bytes.as_ref()).await.unwrap();
        Self(socket)
    }

    /// Sends a request without a body.
    pub(crate) async fn request(address: SocketAddr, method: &str, path: &str) -> Self {
        Self::send(address, format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n")).await
    }

    /// Reads until the text has come.
    pub(crate) async fn read_until(&mut self, text: &str) -> String {
        let mut read = Vec::new();
        let came = async {
            while !String::from_utf8_lossy(&read).contains(text) {
                assert_ne!(self.0.read_buf(&mut read).await.unwrap(), 0, "closed before {text:?}");
            }
        };
        in_time(came).await;
        String::from_utf8_lossy(&read).into_owned()
    }

    /// Reads until the server closes.
    pub(crate) async fn read_all(&mut self) -> String {
        let mut read = Vec::new();
        // A reset is an end as well.
        let _ = in_time(self.0.read_to_end(&mut read)).await;
        String::from_utf8_lossy(&read).into_owned()
    }
}

/// Sends one request without a body over HTTP/1, and reads all that comes back.
pub(crate) async fn raw(address: SocketAddr, method: &str, path: &str) -> String {
    Raw::request(address, method, path).await.read_all().await
}

/// A client that speaks HTTP/2.
pub(crate) async fn http2(address: SocketAddr) -> hyper::client::conn::http2::SendRequest<Body> {
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    client
}
