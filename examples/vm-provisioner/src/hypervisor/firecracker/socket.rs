//! HTTP over a Unix socket, as a `Service`: a connection for each request.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::{HeaderValue, Request, Response, Uri, header};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tower::Service;

use super::super::BoxError;

/// The way to a server that listens on a Unix socket.
#[derive(Clone, Debug)]
pub(super) struct Socket(Arc<Path>);

impl Socket {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path.into())
    }
}

impl Service<Request<Full<Bytes>>> for Socket {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Incoming>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let path = Arc::clone(&self.0);
        Box::pin(async move {
            let stream = UnixStream::connect(path).await?;
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            // It ends with its one request; what breaks it is that request's error.
            tokio::spawn(async move { drop(connection.await) });
            Ok(sender.send_request(on_a_socket(request)).await?)
        })
    }
}

/// As a server is asked: the path in the first line, the host in a header.
fn on_a_socket(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    request.headers_mut().insert(header::HOST, HeaderValue::from_static("localhost"));
    if let Some(path) = request.uri().path_and_query().cloned() {
        *request.uri_mut() = Uri::from(path);
    }
    request
}
