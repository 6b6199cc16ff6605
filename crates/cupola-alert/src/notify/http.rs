//! Requests to receivers: by a client of our own, whose errors carry no address.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use super::secret::Secret;
use super::{Reach, SettingError};
use crate::SendError;

/// How much of an answer is read: what it says is one word or a short document.
const MOST: usize = 64 * 1024;

/// An address, and the client that reaches it.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client,
    address: Secret,
    timeout: Duration,
}

/// The host alone: the rest of an address may be a secret, and so may what the client knows of proxies.
impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Url::parse(self.address.expose()).ok();
        f.debug_tuple("Http").field(&address.as_ref().and_then(Url::host_str).unwrap_or_default()).finish()
    }
}

/// What the other side said.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    response: Response,
}

impl Http {
    /// An address is a secret: whoever has that of a chat's webhook can write there.
    pub(crate) fn new(field: &'static str, address: &str, reach: &Reach) -> Result<Self, SettingError> {
        let parsed = Url::parse(address).map_err(|error| SettingError::new(field, format!("is no URL: {error}")))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(SettingError::new(field, "is no URL of http or https"));
        }
        reach.check(field, &parsed)?;
        Ok(Self {
            client: client(reach).map_err(|error| SettingError::new(field, error.to_string()))?,
            address: Secret::new(parsed),
            timeout: Duration::from_secs(10),
        })
    }

    pub(crate) fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The address with another path behind it.
    pub(crate) fn join(&self, path: &str) -> Self {
        let address = Secret::new(format!("{}/{path}", self.address.expose().trim_end_matches('/')));
        Self { address, ..self.clone() }
    }

    pub(crate) fn address(&self) -> &Secret {
        &self.address
    }

    /// Asks, and waits for the head of the answer.
    pub(crate) async fn get(&self) -> Result<Answer, SendError> {
        sent(self.client.get(self.address.expose()).timeout(self.timeout)).await
    }

    /// Sends JSON, and waits for the head of the answer.
    pub(crate) async fn post(&self, document: Vec<u8>, with: HeaderMap) -> Result<Answer, SendError> {
        let asked = self.client.post(self.address.expose()).timeout(self.timeout).headers(with);
        let asked = asked.header(CONTENT_TYPE, "application/json; charset=utf-8").body(document);
        sent(asked).await
    }
}

async fn sent(asked: RequestBuilder) -> Result<Answer, SendError> {
    let response = asked.send().await.map_err(|error| failed(&error))?;
    let said = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    Ok(Answer { status: response.status(), retry_after: said.and_then(retry_after), response })
}

impl Answer {
    /// Whether the status says that the message was taken; else the error says what the other side answered.
    pub(crate) async fn taken(self, hide: &Secret) -> Result<(), SendError> {
        if self.status.is_success() {
            return Ok(());
        }
        let (status, wait) = (self.status, self.retry_after);
        if status.is_redirection() {
            return Err(SendError::lasting(format!("the answer was {status}: a redirect, which is not followed")));
        }
        // Half an answer is enough to say what was wrong.
        let said = hide.hide_in(&self.text().await.unwrap_or_default());
        let colon = if said.is_empty() { "" } else { ": " };
        let what = format!("the answer was {status}{colon}{said}");
        let is_transient = status.is_server_error()
            || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS | StatusCode::TOO_EARLY);
        if !is_transient {
            return Err(SendError::lasting(what));
        }
        let error = SendError::transient(what);
        Err(match wait {
            Some(wait) => error.retry_after(wait),
            None => error,
        })
    }

    /// What it says, as far as that is of use.
    pub(crate) async fn text(mut self) -> Result<String, SendError> {
        let mut text = Vec::new();
        while let Some(chunk) = self.response.chunk().await.map_err(|error| failed(&error))? {
            let room = MOST.saturating_sub(text.len());
            text.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if text.len() == MOST {
                break;
            }
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// The provider is named, and not the process's default: that is not ours to install.
fn client(reach: &Reach) -> Result<Client, reqwest::Error> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has the protocol versions that rustls has by default")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .user_agent(concat!("cupola/", env!("CARGO_PKG_VERSION")));
    // Behind a proxy it would be the proxy that looks names up.
    let builder =
        if reach.is_limited() { builder.no_proxy().dns_resolver(Arc::new(Resolver(reach.clone()))) } else { builder };
    builder.build()
}

/// Looks names up, and leaves out the addresses that are out of reach: at each connection, so that a name cannot change its mind.
#[derive(Debug)]
struct Resolver(Reach);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0.clone();
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let within: Vec<SocketAddr> = found.into_iter().filter(|address| reach.allows(address.ip())).collect();
            if within.is_empty() {
                return Err(OUT_OF_REACH.into());
            }
            Ok(Box::new(within.into_iter()) as Addrs)
        })
    }
}

const OUT_OF_REACH: &str = "its name leads to an internal address only";

/// In words of our own: those of the client carry the address, which is a secret. Of certificates, what is wrong is worth to be known.
fn failed(error: &reqwest::Error) -> SendError {
    let mut why = None;
    let mut source = error.source();
    while let Some(inner) = source {
        let nested = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(tls) = inner.downcast_ref::<rustls::Error>().or_else(|| nested?.downcast_ref()) {
            why = Some(format!("TLS: {tls}"));
        }
        if inner.to_string() == OUT_OF_REACH {
            return SendError::lasting(OUT_OF_REACH);
        }
        source = inner.source();
    }
    let what = match () {
        () if error.is_timeout() => "no answer in time",
        () if error.is_connect() => "no connection",
        () if error.is_body() || error.is_decode() => "the answer broke off",
        () => "the connection broke off before there was an answer",
    };
    SendError::transient(why.map_or_else(|| what.to_owned(), |why| format!("{what}: {why}")))
}

/// Seconds, or a date.
fn retry_after(said: &str) -> Option<Duration> {
    let said = said.trim();
    let seconds = said.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| httpdate::parse_http_date(said).ok()?.duration_since(SystemTime::now()).ok())
}

/// A header's value that is a secret; what no header can carry is refused before.
pub(crate) fn secret_value(field: &'static str, value: &str) -> Result<HeaderValue, SettingError> {
    let value = HeaderValue::from_str(value);
    let mut value = value.map_err(|_| SettingError::new(field, "has characters that no header carries"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Headers whose values are ids and signatures of our own.
pub(crate) fn headers<const N: usize>(headers: [(&'static str, String); N]) -> HeaderMap {
    let all = headers.into_iter().map(|(name, value)| {
        let value = HeaderValue::try_from(value).unwrap_or_else(|_| HeaderValue::from_static(""));
        (HeaderName::from_static(name), value)
    });
    all.collect()
}
