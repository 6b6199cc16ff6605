//! What the tests share: servers on loopback, clients, bodies that misbehave, and waiting without sleeping.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use cupola_record::{Capture, Ended, Exchange, Record, Sink};
use http::{Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::timeout;
use tower::{Service, ServiceExt};
use tracing::field::{Field, Visit};
use tracing::span::{self, Attributes, Id};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

/// Nothing on loopback takes so long, even on a machine that is busy with something else.
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A capture that can be waited for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    pub(crate) capture: Capture,
    told: Arc<Notify>,
}

struct Tell(Arc<Notify>);

impl Sink for Tell {
    fn record(&self, _: Record<'_>) {
        self.0.notify_one();
    }
}

impl Records {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn sink(&self) -> impl Sink + use<> {
        self.capture.clone().and(Tell(self.told.clone()))
    }

    pub(crate) fn layer(&self) -> cupola_http::ObserveLayer {
        cupola_http::layer(self.sink())
    }

    /// Waits for the one exchange that the test makes.
    pub(crate) async fn ended(&self) -> (Exchange, Ended) {
        self.wait_for(1).await.remove(0)
    }

    pub(crate) async fn wait_for(&self, count: usize) -> Vec<(Exchange, Ended)> {
        let enough = async {
            while self.capture.exchanges().len() < count {
                self.told.notified().await;
            }
        };
        in_time(enough).await;
        self.now(count)
    }

    /// The exchanges that have ended already: just so many, and none is left open.
    pub(crate) fn now(&self, count: usize) -> Vec<(Exchange, Ended)> {
        let exchanges = self.capture.exchanges();
        assert_eq!((exchanges.len(), self.capture.opened()), (count, count), "{exchanges:#?}");
        exchanges
    }

    pub(crate) fn one(&self) -> (Exchange, Ended) {
        self.now(1).remove(0)
    }
}

pub(crate) async fn in_time<F: Future>(work: F) -> F::Output {
    timeout(DEADLINE, work).await.expect("this ends in time")
}

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

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// Calls a service without a socket.
pub(crate) async fn call<S, B>(service: S, request: Request<Body>) -> Response<B>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: std::fmt::Debug,
{
    in_time(service.oneshot(request)).await.unwrap()
}

/// Reads a body to its end.
pub(crate) async fn read<B>(response: Response<B>) -> Bytes
where
    B: HttpBody,
    B::Error: std::fmt::Debug,
{
    response.into_body().collect().await.unwrap().to_bytes()
}

pub(crate) fn header<'a, B>(response: &'a Response<B>, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// A body of given frames that says of itself only what it is told to.
pub(crate) struct Frames {
    frames: std::vec::IntoIter<Step>,
    hint: SizeHint,
    ends: bool,
}

pub(crate) enum Step {
    Data(&'static str),
    Trailers(http::HeaderMap),
    Wait(Duration),
    /// Lets the server send what it has.
    Yield,
    Fail,
    Panic(&'static str),
    Forever,
}

impl Frames {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let frames = steps.into_iter().collect::<Vec<_>>().into_iter();
        Self { frames, hint: SizeHint::default(), ends: false }
    }

    /// Says that the body has this length.
    pub(crate) fn exact(mut self, bytes: u64) -> Self {
        self.hint = SizeHint::with_exact(bytes);
        self
    }

    /// Says that it is over once no frame is left.
    pub(crate) fn says_its_end(mut self) -> Self {
        self.ends = true;
        self
    }

    /// As a body that paused clocks and sockets can drive: a pause is awaited.
    pub(crate) fn body(self) -> Body {
        Body::new(Paced { frames: self, pause: None })
    }
}

struct Paced {
    frames: Frames,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let frame = match self.frames.frames.next() {
                None => return Poll::Ready(None),
                Some(Step::Data(text)) => Ok(Frame::data(Bytes::from_static(text.as_bytes()))),
                Some(Step::Trailers(trailers)) => Ok(Frame::trailers(trailers)),
                Some(Step::Fail) => Err("the disk is gone".into()),
                Some(Step::Panic(text)) => panic!("{text}"),
                Some(Step::Forever) => {
                    self.pause = Some(Box::pin(tokio::time::sleep(Duration::from_secs(86_400 * 365))));
                    continue;
                }
                Some(Step::Yield) => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Wait(time)) => {
                    self.pause = Some(Box::pin(tokio::time::sleep(time)));
                    continue;
                }
            };
            return Poll::Ready(Some(frame));
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.ends && self.frames.frames.as_slice().is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.frames.hint.clone()
    }
}

/// A service that answers every request with what the function makes, and never reads its body.
pub(crate) fn answer<Q, F, B>(
    make: F,
) -> impl Service<
    Request<Q>,
    Response = Response<B>,
    Error = Infallible,
    Future = std::future::Ready<Result<Response<B>, Infallible>>,
> + Clone
where
    F: Fn() -> Response<B> + Clone,
{
    tower::service_fn(move |_: Request<Q>| std::future::ready(Ok(make())))
}

/// One event, with its fields as text.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) level: Level,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

impl Line {
    pub(crate) fn get(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }

    pub(crate) fn message(&self) -> &str {
        self.get("message")
    }
}

/// A subscriber that keeps our events, for as long as the guard lives and on this thread only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<Line>>>);

impl Lines {
    pub(crate) fn capture() -> (Self, DefaultGuard) {
        let lines = Self::default();
        let guard = tracing::subscriber::set_default(lines.clone());
        (lines, guard)
    }

    pub(crate) fn all(&self) -> Vec<Line> {
        self.0.lock().unwrap().clone()
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == cupola_record::TARGET
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        self.0.lock().unwrap().push(Line { level: *event.metadata().level(), fields: fields.0 });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.keep(field, format!("{value:?}"));
    }
}

impl Fields {
    fn keep(&mut self, field: &Field, value: String) {
        assert!(self.0.insert(field.name(), value).is_none(), "{field} is recorded twice");
    }
}
