//! One run of a crew, from its first agent to its report.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use cupola::record::{
    ErrorReport, Fallback, FileKind, FileOperation, OpenExecution, Status, TransitionError, Validation,
};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::agent::{Brief, Finding, work};
use super::crew::{Agent, Crew, FORM};
use super::overrides::Settings;
use super::report::Report;
use super::runs::Known;
use crate::error::ModelError;
use crate::gateway::SharedGateway;

/// A run that is about to begin.
pub(super) struct Run {
    pub(super) gateway: SharedGateway,
    pub(super) crew: &'static Crew,
    pub(super) topic: Arc<str>,
    pub(super) settings: Settings,
    pub(super) execution: OpenExecution,
    pub(super) tell: watch::Sender<Known>,
}

/// Why a run has no report.
#[derive(Debug)]
enum Failure {
    Model(ModelError),
    File(std::io::Error),
    State(TransitionError),
}

type Findings = HashMap<&'static str, Finding>;

impl Run {
    /// Runs it to its end, and tells what has come of it.
    pub(super) async fn run(mut self) {
        let report = self.report().await;
        let ended = match &report {
            Ok(report) => {
                self.execution.output(serde_json::json!(report).to_string().as_bytes());
                self.execution.complete()
            }
            Err(Failure::Model(error)) => self.execution.fail(error.kind.as_str(), error),
            Err(Failure::File(error)) => self.execution.fail("file", error),
            Err(Failure::State(error)) => self.execution.fail("state", error),
        };
        if let Err(error) = ended {
            ErrorReport::of(&error).operation("crew_run").emit();
        }
        self.tell_of(report.ok());
    }

    async fn report(&mut self) -> Result<Report, Failure> {
        self.execution.start().map_err(|error| Failure::State(error.into()))?;
        self.tell_of(None);
        let findings = self.findings().await?;
        let report = self.written(&findings).await?;
        self.keep(&report).await?;
        Ok(report)
    }

    /// Lets all agents but the last work, each as soon as those have ended whom it waits for.
    async fn findings(&mut self) -> Result<Findings, Failure> {
        let (mut waiting, mut at_work) =
            (self.crew.agents.split_last().expect("a crew has agents").1.to_vec(), JoinSet::new());
        let (mut findings, mut begun) = (Findings::new(), HashMap::new());
        loop {
            let ready = waiting.extract_if(.., |agent| agent.depends_on.iter().all(|name| findings.contains_key(name)));
            for agent in ready.collect::<Vec<_>>() {
                begun.insert(agent.name, Instant::now());
                self.say(agent.name, Status::Running, None);
                self.begin(&mut at_work, agent, &findings);
            }
            let Some(ended) = at_work.join_next().await else { return Ok(findings) };
            let (name, result) = ended.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
            let status = if result.is_ok() { Status::Success } else { Status::Failed };
            if let Ok(finding) = &result {
                findings.insert(name, Arc::clone(finding));
            }
            self.took(name, status, findings.len(), begun[name]);
            result.map_err(Failure::Model)?;
        }
    }

    fn begin(
        &self,
        at_work: &mut JoinSet<(&'static str, Result<Finding, ModelError>)>,
        agent: Agent,
        findings: &Findings,
    ) {
        let agent = self.crew.agents.iter().find(|other| other.name == agent.name).expect("it is of this crew");
        let (plan, brief) = (self.gateway.executions.plan(agent.name), self.brief(agent, findings, String::new()));
        let gateway = Arc::clone(&self.gateway);
        let job = async move { (agent.name, work(gateway, agent, plan, brief).await) };
        at_work.spawn(self.execution.run(job));
    }

    /// The last agent writes the report. What is none is asked for again, with what is wrong; at last the findings have to do.
    async fn written(&mut self, findings: &Findings) -> Result<Report, Failure> {
        let (agent, begun) = (self.crew.last(), Instant::now());
        self.say(agent.name, Status::Running, None);
        let mut besides = FORM.to_owned();
        loop {
            let (plan, brief) = (self.gateway.executions.plan(agent.name), self.brief(agent, findings, besides));
            let answer = self.execution.run(work(Arc::clone(&self.gateway), agent, plan, brief)).await;
            let answer = answer.map_err(Failure::Model)?;
            let flaw = match Report::read(&answer) {
                Ok(report) => {
                    self.execution.check("report", Validation::Passed, None);
                    self.took(agent.name, Status::Success, self.crew.agents.len(), begun);
                    return Ok(report);
                }
                Err(flaw) => flaw,
            };
            self.execution.check("report", Validation::Failed, Some(&flaw));
            match self.execution.retry("invalid_report", &flaw) {
                Ok(()) => self.execution.start().map_err(|error| Failure::State(error.into()))?,
                Err(TransitionError::Exhausted(_)) => {
                    return Ok(self.fallen_back(agent, findings, &flaw.to_string(), begun));
                }
                Err(error) => return Err(Failure::State(error)),
            }
            besides = format!("{FORM} Your last answer was none: {flaw}.");
        }
    }

    fn fallen_back(&mut self, agent: &Agent, findings: &Findings, why: &str, begun: Instant) -> Report {
        self.execution.enter(|| Fallback::new("the report", "the findings", why).operation("crew_run").emit());
        self.took(agent.name, Status::Failed, self.crew.agents.len(), begun);
        let said = self.crew.agents.iter().filter_map(|agent| findings.get(agent.name));
        let report = Report::of_findings(&self.topic, &said.map(|finding| finding.to_string()).collect::<Vec<_>>());
        self.execution.check("report", Validation::Skipped, Some(&"the findings were taken as they are"));
        report
    }

    async fn keep(&mut self, report: &Report) -> Result<(), Failure> {
        let folder = self.gateway.reports.clone();
        match report.write(&folder, self.execution.id()).await {
            Ok((path, bytes)) => {
                let written = FileOperation::new(FileKind::Write, &path).role("report").bytes(bytes);
                self.execution.file(&written.validation(Validation::Passed));
                Ok(())
            }
            Err(error) => {
                let path: &Path = &folder;
                self.execution.file(&FileOperation::new(FileKind::Write, path).role("report").error("io", &error));
                Err(Failure::File(error))
            }
        }
    }

    fn brief(&self, agent: &Agent, findings: &Findings, besides: String) -> Brief {
        let found = |name: &&'static str| Some((*name, Arc::clone(findings.get(name)?)));
        let findings = agent.depends_on.iter().filter_map(found).collect();
        Brief { topic: Arc::clone(&self.topic), findings, besides, settings: self.settings.clone() }
    }

    fn took(&mut self, name: &str, status: Status, done: usize, begun: Instant) {
        let progress = done as f64 / self.crew.agents.len() as f64;
        self.execution.step_took(name, status, Some(progress), begun.elapsed());
        self.tell_of(None);
    }

    fn say(&mut self, name: &str, status: Status, progress: Option<f64>) {
        self.execution.step(name, status, progress);
        self.tell_of(None);
    }

    fn tell_of(&self, report: Option<Report>) {
        self.tell.send_replace(Known { facts: self.execution.facts().clone(), report });
    }
}
