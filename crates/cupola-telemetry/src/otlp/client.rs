//! One attempt: a message goes to the collector, and its answer comes back.

use std::io::Write as _;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, TE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::config::{Config, Protocol};
use super::exporter::ExportError;
use super::grpc;
use super::queue::Message;
use super::reply::{Failure, Reply, What};
use super::tls::{self, Connector};

type Http = legacy::Client<Connector, Full<Bytes>>;

/// The longest answer that is read.
const MAX_ANSWER: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Client {
    connector: Connector,
    http: Http,
    endpoint: Uri,
    headers: HeaderMap,
    protocol: Protocol,
    gzip: bool,
    timeout: Duration,
}

impl Client {
    pub(crate) fn new(config: &Config) -> Result<Self, ExportError> {
        let connector = tls::connector(config)?;
        Ok(Self {
            http: http(connector.clone(), config.protocol),
            connector,
            endpoint: config.endpoint.clone(),
            headers: headers(config),
            protocol: config.protocol,
            gzip: config.gzip,
            timeout: config.timeout,
        })
    }

    /// The body of a request, made once for all attempts.
    pub(crate) fn body(&self, message: Message) -> Bytes {
        let frame = if self.protocol == Protocol::Grpc { 5 } else { 0 };
        let length = message.pieces.iter().map(Vec::len).sum::<usize>();
        let mut body = vec![0; frame];
        if self.gzip {
            let mut gzip = GzEncoder::new(body, Compression::fast());
            let all = message.pieces.iter().try_for_each(|piece| gzip.write_all(piece));
            body = all.and_then(|()| gzip.finish()).expect("a Vec takes all");
        } else {
            body.reserve_exact(length);
            message.pieces.into_iter().for_each(|piece| body.extend_from_slice(&piece));
        }
        if frame > 0 {
            let head = grpc::frame_head(self.gzip, body.len() - frame);
            body[..frame].copy_from_slice(&head);
        }
        body.into()
    }

    /// One attempt.
    pub(crate) async fn send(&mut self, body: Bytes) -> Result<Reply, Failure> {
        let answer = tokio::time::timeout(self.timeout, self.exchange(body)).await;
        answer.unwrap_or_else(|_| {
            // gRPC's connection would be used again, however dead it is: another attempt deserves another one.
            self.http = http(self.connector.clone(), self.protocol);
            Err(Failure::again(What::Timeout))
        })
    }

    async fn exchange(&self, body: Bytes) -> Result<Reply, Failure> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        *request.headers_mut() = self.headers.clone();
        let connection = |_| Failure::again(What::Connection);
        let response = self.http.request(request).await.map_err(connection)?;
        let status = response.status();
        if !status.is_success() {
            return Err(Failure::status(status.as_u16(), retry_after(response.headers())));
        }
        match self.protocol {
            Protocol::Http => Ok(Reply::decode(&read(response).await?.0)),
            Protocol::Grpc => {
                let head = response.headers().clone();
                let (body, trailers) = read(response).await?;
                grpc::outcome(trailers.as_ref().unwrap_or(&head))?;
                Ok(Reply::decode(grpc::unframe(&body)))
            }
        }
    }
}

fn http(connector: Connector, protocol: Protocol) -> Http {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).timer(TokioTimer::new());
    builder.pool_idle_timeout(Duration::from_secs(90)).pool_max_idle_per_host(1);
    builder.http2_only(protocol == Protocol::Grpc).build(connector)
}

async fn read(response: Response<Incoming>) -> Result<(Bytes, Option<HeaderMap>), Failure> {
    let whole = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
    let whole = whole.map_err(|_| Failure::again(What::Protocol))?;
    let trailers = whole.trailers().cloned();
    Ok((whole.to_bytes(), trailers))
}

fn headers(config: &Config) -> HeaderMap {
    let agent = HeaderValue::from_static(concat!("cupola/", env!("CARGO_PKG_VERSION")));
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, agent);
    headers.extend(config.headers.clone());
    let gzip = HeaderValue::from_static("gzip");
    match config.protocol {
        Protocol::Http => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
            config.gzip.then(|| headers.insert(CONTENT_ENCODING, gzip));
        }
        Protocol::Grpc => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
            headers.insert(TE, HeaderValue::from_static("trailers"));
            config.gzip.then(|| headers.insert(HeaderName::from_static("grpc-encoding"), gzip));
        }
    }
    headers
}

/// Seconds, or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = || text.parse().ok().map(Duration::from_secs);
    let date = || httpdate::parse_http_date(text).ok()?.duration_since(SystemTime::now()).ok();
    seconds().or_else(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(read("120"), Some(Duration::from_secs(120)));
        let soon = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(100));
        assert!((90..=100).contains(&read(&soon).unwrap().as_secs()));
        assert_eq!(read("Fri, 31 Dec 1999 23:59:59 GMT"), None);
        assert_eq!(read("soon"), None);
    }
}
