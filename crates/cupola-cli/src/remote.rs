//! A server that is asked over its REST API.

mod answer;
mod tail;

use std::fmt;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use cupola_client::reqwest_builder;
use cupola_store::language::Expression;
use cupola_store::{Failed, Failures, Found, Requested, Requests, RequestsBy, Selection, Trace, TraceOf};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use serde_json::Value;
use tokio::runtime::Runtime;

pub(crate) use tail::{Came, Tail};

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
/// Longer than a server that is there is silent.
const SILENCE: Duration = Duration::from_secs(45);
/// Longer than anybody watches.
const WATCHING: Duration = Duration::from_secs(365 * 86_400);
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
        let client = reqwest_builder()?.timeout(PATIENCE).read_timeout(SILENCE);
        let client = client.redirect(reqwest::redirect::Policy::none()).build();
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

    pub(crate) fn requests(&self, requests: &Requests) -> anyhow::Result<Requested> {
        let by = match requests.by {
            RequestsBy::All => "all",
            RequestsBy::Service => "service",
            RequestsBy::Route => "route",
        };
        let shares: Vec<String> = requests.shares.iter().map(ToString::to_string).collect();
        let mut asked = vec![
            ("signal", requests.signal.to_string()),
            ("since", instant(requests.since)),
            ("until", instant(requests.until)),
            ("by", by.to_owned()),
            ("shares", shares.join(",")),
            ("limit", requests.limit.clamp(1, 1_000).to_string()),
        ];
        asked.extend(requests.step.map(|step| ("step", format!("{}s", step.as_secs()))));
        answer::requested(&self.get("requests", &asked)?, &shares)
    }

    /// The alerts that there are, as the server tells of them.
    pub(crate) fn alerts(&self) -> anyhow::Result<Vec<Value>> {
        answer::alerts(self.get("alerts", &Asked::new())?)
    }

    /// Does something about an alert: `acknowledge`, `unacknowledge`.
    pub(crate) fn act(&self, deed: &str, alert: &str) -> anyhow::Result<()> {
        let request = self.request(Method::POST, &format!("alerts/{deed}"));
        let asked = request.json(&serde_json::json!({ "alert": alert }));
        self.runtime.block_on(self.answered(asked)).map(drop)
    }

    /// The newest entries that match, of a time.
    pub(crate) async fn recent(&self, search: &cupola_store::Search) -> anyhow::Result<Found> {
        let mut asked = selected(&search.selection);
        asked.push(("limit", search.limit.to_string()));
        answer::found(&self.answered(self.request(Method::GET, "logs").query(&asked)).await?)
    }

    /// What comes in from now on, and matches.
    pub(crate) async fn tail(&self, expression: Option<&Expression>) -> anyhow::Result<Tail> {
        let asked: Asked = expression.map(|expression| ("query", expression.to_string())).into_iter().collect();
        let request = self.request(Method::GET, "logs/tail").query(&asked).timeout(WATCHING);
        let response = request.send().await.map_err(reqwest::Error::without_url).with_context(|| self.to_string())?;
        match response.status() {
            StatusCode::OK => Ok(Tail::new(response)),
            status => {
                let text = receive(response).await.with_context(|| self.to_string())?;
                Err(self.refused(status, &text))
            }
        }
    }

    /// How its alerting is.
    pub(crate) fn alerting_health(&self) -> anyhow::Result<Value> {
        self.get("alerts/health", &Asked::new())
    }

    fn get(&self, path: &str, asked: &Asked) -> anyhow::Result<Value> {
        self.runtime.block_on(self.answered(self.request(Method::GET, path).query(asked)))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let base = self.base.as_str().trim_end_matches('/');
        let request = self.client.request(method, format!("{base}/cupola/api/v1/{path}"));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Asks, and says in words what is wrong where there is no answer.
    async fn answered(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let answer = async {
            let response = request.send().await.map_err(reqwest::Error::without_url)?;
            anyhow::Ok((response.status(), receive(response).await?))
        };
        match answer.await.with_context(|| self.to_string())? {
            (StatusCode::OK, text) => {
                serde_json::from_slice(&text).with_context(|| format!("{self} gave no answer of Cupola's"))
            }
            (status, text) => Err(self.refused(status, &text)),
        }
    }

    fn refused(&self, status: StatusCode, text: &[u8]) -> anyhow::Error {
        if status == StatusCode::UNAUTHORIZED {
            return anyhow!("{self} wants a token: set CUPOLA_READ_TOKEN, or say --read-token");
        }
        let problem: Option<Value> = serde_json::from_slice(text).ok();
        let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
        anyhow!("{self} answers {status}: {}", detail.unwrap_or("nothing else"))
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

async fn receive(mut response: reqwest::Response) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        if text.len() + piece.len() > MOST {
            bail!("the answer has more than {} MiB", MOST >> 20);
        }
        text.extend_from_slice(&piece);
    }
    Ok(text)
}

fn instant(nanos: i64) -> String {
    jiff::Timestamp::from_nanosecond(nanos.into()).unwrap_or_default().to_string()
}

/// The parameters that say which entries are meant. The server's own limit of time takes the place of none.
fn selected(selection: &Selection) -> Asked {
    let mut asked = vec![
        ("since", selection.since.map_or_else(|| "1970-01-01".to_owned(), instant)),
        ("until", selection.until.map_or_else(|| "2262-01-01".to_owned(), instant)),
    ];
    asked.extend(selection.expression.as_ref().map(|expression| ("query", expression.to_string())));
    asked
}
