//! A server that is asked over its REST API.

mod answer;

use std::fmt;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use cupola_client::reqwest_builder;
use cupola_store::{Failed, Failures, Found, Selection, Trace, TraceOf};
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A server, where its entries are wanted.
#[derive(Default, Args)]
#[command(next_help_heading = "A server")]
pub(crate) struct Server {
    /// Asks `cupola serve` at this address: https://logs.example.com
    #[arg(long, value_name = "URL")]
    server: Option<Url>,

    /// The token that it wants of who reads
    #[arg(long, value_name = "TOKEN", env = "CUPOLA_READ_TOKEN", hide_env_values = true)]
    read_token: Option<String>,
}

/// A server.
pub(crate) struct Remote {
    base: Url,
    token: Option<String>,
    client: Client,
    runtime: Runtime,
}

/// The pairs of a question.
type Asked = Vec<(&'static str, String)>;

/// Longer than a server takes for any answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// So much of an answer is read.
const MOST: usize = 256 << 20;

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a server")
    }
}

impl Server {
    /// The server that is named, if one is.
    pub(crate) fn remote(&self) -> anyhow::Result<Option<Remote>> {
        self.server.as_ref().map(|base| Remote::new(base, self.read_token.clone())).transpose()
    }
}

impl Remote {
    fn new(base: &Url, token: Option<String>) -> anyhow::Result<Self> {
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            bail!("--server {}: a server's address begins with http:// or https://", base.scheme());
        }
        let client = reqwest_builder()?.timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self {
            base: base.clone(),
            token,
            client: client.context("no client could be made")?,
            runtime: runtime.context("no threads could be started")?,
        })
    }

    pub(crate) fn search(&self, search: &cupola_store::Search) -> anyhow::Result<Found> {
        let mut asked = selected(&search.selection);
        asked.push(("limit", search.limit.clamp(1, cupola_store::MAX_PAGE).to_string()));
        asked.extend(search.cursor.map(|cursor| ("cursor", cursor.to_string())));
        answer::found(&self.get(&search.selection.signal.to_string(), &asked)?)
    }

    pub(crate) fn trace(&self, of: &TraceOf) -> anyhow::Result<Trace> {
        answer::trace(&self.get(&format!("traces/{}", of.id), &Asked::new())?)
    }

    pub(crate) fn failures(&self, failures: &Failures) -> anyhow::Result<Failed> {
        let mut asked = selected(&failures.selection);
        asked.push(("level", failures.level.as_str().to_ascii_lowercase()));
        asked.push(("limit", failures.limit.clamp(1, 1_000).to_string()));
        answer::failed(&self.get("errors", &asked)?)
    }

    /// Asks, and says in words what is wrong where there is no answer.
    fn get(&self, path: &str, asked: &Asked) -> anyhow::Result<Value> {
        let base = self.base.as_str().trim_end_matches('/');
        let mut request = self.client.get(format!("{base}/cupola/api/v1/{path}")).query(asked);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let (status, text) = self.runtime.block_on(receive(request)).with_context(|| self.to_string())?;
        match status {
            StatusCode::OK => {
                serde_json::from_slice(&text).with_context(|| format!("{self} gave no answer of Cupola's"))
            }
            StatusCode::UNAUTHORIZED => bail!("{self} wants a token: set CUPOLA_READ_TOKEN, or say --read-token"),
            _ => {
                let problem: Option<Value> = serde_json::from_slice(&text).ok();
                let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
                Err(anyhow!("{self} answers {status}: {}", detail.unwrap_or("nothing else")))
            }
        }
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Its address without what may be secret in it.
impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.base.scheme(), self.base.host_str().unwrap_or_default())?;
        self.base.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

async fn receive(request: reqwest::RequestBuilder) -> anyhow::Result<(StatusCode, Vec<u8>)> {
    let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
    let mut text = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if text.len() + piece.len() > MOST {
            bail!("the answer has more than {} MiB", MOST >> 20);
        }
        text.extend_from_slice(&piece);
    }
    Ok((response.status(), text))
}

/// The parameters that say which entries are meant. The server's own limit of time takes the place of none.
fn selected(selection: &Selection) -> Asked {
    let instant = |nanos: i64| jiff::Timestamp::from_nanosecond(nanos.into()).unwrap_or_default().to_string();
    let mut asked = vec![
        ("since", selection.since.map_or_else(|| "1970-01-01".to_owned(), instant)),
        ("until", selection.until.map_or_else(|| "2262-01-01".to_owned(), instant)),
    ];
    asked.extend(selection.expression.as_ref().map(|expression| ("query", expression.to_string())));
    asked
}
