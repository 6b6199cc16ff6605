//! One agent at work.

use std::sync::Arc;
use std::time::Duration;

use cupola::record::{ErrorReport, ExecutionPlan, Fallback, LlmErrorKind, OpenExecution};
use serde_json::json;

use super::crew::Agent;
use super::overrides::Settings;
use crate::asked::Asked;
use crate::error::ModelError;
use crate::gateway::{Gateway, SharedGateway};

/// Whoever wants longer pauses is not asked again.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an agent has found.
pub(super) type Finding = Arc<str>;

/// What an agent is given.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    pub(super) topic: Arc<str>,
    /// What those have found whom it waits for.
    pub(super) findings: Vec<(&'static str, Finding)>,
    /// What it is told besides.
    pub(super) besides: String,
    pub(super) settings: Settings,
}

impl Brief {
    fn prompt(&self, agent: &Agent) -> String {
        let findings: String = self.findings.iter().map(|(name, finding)| format!("\n{name}: {finding}")).collect();
        format!("{}\nTopic: {}{findings}\n{}", agent.task, self.topic, self.besides)
    }
}

/// Lets an agent work, within an execution of its own; where a model fails, it is asked once more, and then the gateway's usual one.
pub(super) async fn work(
    gateway: SharedGateway,
    agent: &'static Agent,
    plan: ExecutionPlan,
    brief: Brief,
) -> Result<Finding, ModelError> {
    let prompt = brief.prompt(agent);
    let input = json!({ "task": agent.task, "prompt": prompt.len(), "model": brief.settings.model }).to_string();
    let mut execution = plan.mode("agent").max_retries(1).input(input.as_bytes()).create();
    let asked = execution.start().map_err(|_| lost());
    let answer = match asked {
        Ok(()) => answer(&gateway, &mut execution, &brief.settings, &prompt).await,
        Err(error) => Err(error),
    };
    close(&mut execution, &answer);
    answer
}

async fn answer(
    gateway: &SharedGateway,
    execution: &mut OpenExecution,
    settings: &Settings,
    prompt: &str,
) -> Result<Finding, ModelError> {
    let first = match execution.run(ask(gateway, &settings.model, settings, prompt)).await {
        Err(error) => error,
        found => return found,
    };
    let wait = first.retry_after.unwrap_or_default();
    if wait > PATIENCE || execution.retry(first.kind.as_str(), &first).is_err() {
        return Err(first);
    }
    tokio::time::sleep(wait).await;
    execution.start().map_err(|_| lost())?;
    let model = if settings.model == gateway.model { &settings.model } else { &gateway.model };
    if *model != settings.model {
        let why = first.to_string();
        execution.enter(|| Fallback::new(&settings.model, model, &why).operation("crew_agent").emit());
    }
    execution.run(ask(gateway, model, settings, prompt)).await
}

async fn ask(gateway: &Gateway, model: &str, settings: &Settings, prompt: &str) -> Result<Finding, ModelError> {
    let asked = Asked::prompt(model, prompt, settings.temperature, Some(settings.max_tokens));
    let said = gateway.said(&asked).await?;
    Ok(said.into())
}

/// What came of it is on the last line.
fn close(execution: &mut OpenExecution, answer: &Result<Finding, ModelError>) {
    let ended = match answer {
        Ok(finding) => {
            execution.output(json!({ "characters": finding.chars().count() }).to_string().as_bytes());
            execution.complete()
        }
        Err(error) => execution.fail(error.kind.as_str(), error),
    };
    if let Err(error) = ended {
        ErrorReport::of(&error).operation("crew_agent").emit();
    }
}

/// An execution that could not be begun has ended in a way that nobody knows of.
const fn lost() -> ModelError {
    ModelError { kind: LlmErrorKind::Other, retry_after: None }
}
