//! What all questions have in common, and how one is asked.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use axum::body::Body;
use axum::http::Response;
use axum::http::header::RETRY_AFTER;
use bytes::Bytes;
use cupola::Cupola;
use cupola::client::llm::{AnswerParser, LlmBody, LlmTap, Price, Prices};
use cupola::job::Executions;
use cupola::metrics::ready::Caches;
use cupola::record::LlmErrorKind;
use http_body_util::{BodyExt, Limited};

use crate::asked::Asked;
use crate::cache::Answers;
use crate::config::Config;
use crate::crews::Runs;
use crate::embedded;
use crate::error::ModelError;
use crate::generation::{Generation, MAX_TEXT};
use crate::limit::Limits;
use crate::upstream::Upstream;
use crate::user::Users;

/// The gateway, as handlers have it.
pub type SharedGateway = Arc<Gateway>;

/// The longest answer that is read whole, in bytes.
const MAX_ANSWER: usize = 4 << 20;

/// What all questions have in common.
#[derive(Debug)]
pub struct Gateway {
    /// Who may ask.
    pub users: Users,
    /// How often.
    pub limits: Limits,
    /// The model that is asked where a question names none.
    pub model: String,
    /// Who answers.
    pub upstream: Upstream,
    /// How work of several steps is recorded.
    pub executions: Executions,
    /// The runs of crews that are remembered.
    pub runs: Runs,
    /// Where their reports are written.
    pub reports: PathBuf,
    answers: Answers,
    llm: LlmTap,
}

/// An answer that is there whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The provider's own, byte for byte.
    pub body: Bytes,
    /// It was kept from an earlier question.
    pub cached: bool,
}

impl Gateway {
    /// As the configuration wants it.
    pub fn new(config: &Config, cupola: &Cupola) -> anyhow::Result<Self> {
        let counted = Caches::new(cupola.registry())?.named("answers");
        Ok(Self {
            users: Users::of(&config.keys)?,
            limits: Limits::new(config.per_minute),
            model: config.model.clone(),
            upstream: Upstream::new(config, cupola)?,
            executions: cupola.executions(),
            runs: Runs::default(),
            reports: config.reports.clone(),
            answers: Answers::new(config.cache, counted),
            llm: cupola.llm().prices(prices(config)?),
        })
    }

    /// Asks, and gives the answer whole; from the cache where it has it.
    pub async fn whole(&self, user: &Arc<str>, asked: &Asked) -> Result<Answer, ModelError> {
        let question = asked.to_bytes();
        let kept = asked.is_repeatable().then(|| self.answers.get(user, &question)).flatten();
        cupola::context::set("cached", kept.is_some());
        if let Some(body) = kept {
            return Ok(Answer { body, cached: true });
        }
        let generation = Generation::new(asked.model());
        let read = async { read(self.ask(asked, question.clone()).await?).await }.await;
        let body = read.map_err(|error| generation.fail(error))?;
        generation.end(&parsed(&body))?;
        if asked.is_repeatable() {
            self.answers.put(user, &question, body.clone());
        }
        Ok(Answer { body, cached: false })
    }

    /// Asks, and gives what the model says.
    pub async fn said(&self, asked: &Asked) -> Result<String, ModelError> {
        let generation = Generation::new(asked.model());
        let read = async { read(self.ask(asked, asked.to_bytes()).await?).await }.await;
        let said = parsed(&read.map_err(|error| generation.fail(error))?);
        generation.end(&said)?;
        Ok(said.text().map(|(text, _)| text).unwrap_or_default())
    }

    /// Asks, and gives the answer as it comes: its line and metrics follow when it ends.
    pub async fn ask(&self, asked: &Asked, question: Bytes) -> Result<Response<LlmBody<Body>>, ModelError> {
        let call = self.llm.request(self.upstream.uri(), &question);
        let reason =
            if asked.model() == self.model { "the gateway's model" } else { "the model that the caller named" };
        let call = call.selection_reason(reason).begin();
        let response = call.watch(self.upstream.send(question.clone())).await;
        let response =
            response.map_err(|error| ModelError { kind: LlmErrorKind::Transport(error.kind()), retry_after: None })?;
        if response.status().is_success() { Ok(response) } else { Err(refused(response).await) }
    }
}

/// What an answer says.
pub fn parsed(body: &[u8]) -> AnswerParser {
    let mut answer = AnswerParser::new().keeping_text(MAX_TEXT);
    answer.feed(body);
    answer.finish();
    answer
}

/// Reads an answer to its end.
pub async fn read(response: Response<LlmBody<Body>>) -> Result<Bytes, ModelError> {
    let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
    let kind = LlmErrorKind::Transport(cupola::record::ErrorKind::Body);
    body.map(|body| body.to_bytes()).map_err(|_| ModelError { kind, retry_after: None })
}

/// What a response that is no success means.
async fn refused(response: Response<LlmBody<Body>>) -> ModelError {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = read(response).await.unwrap_or_default();
    let kind = parsed(&body).error(status).unwrap_or(LlmErrorKind::Other);
    ModelError { kind, retry_after: wait.map(std::time::Duration::from_secs) }
}

/// The table of the user's, else what the gateway's own model would cost if it cost something.
fn prices(config: &Config) -> anyhow::Result<Prices> {
    let own = Price { input: 1_000_000, output: 2_000_000, ..Price::default() };
    let Some(path) = &config.prices else { return Ok(Prices::new().model(embedded::MODEL, own)) };
    let text = std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))?;
    Prices::from_toml(&text).with_context(|| format!("{}", path.display()))
}
