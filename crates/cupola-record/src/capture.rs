//! A sink that keeps what it is told, for tests.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::call::Call;
use crate::call_ended::CallEnded;
use crate::ended::Ended;
use crate::exchange::Exchange;
use crate::execution::{Execution, ExecutionEvent};
use crate::job::{Enqueue, EnqueueEnded, Job, JobEnded};
use crate::llm::{LlmCall, LlmEnded};
use crate::query::Query;
use crate::query_ended::QueryEnded;
use crate::sink::{Record, Sink};
use crate::upgraded::Upgraded;

/// Keeps every record; clones share what is kept.
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    opened: usize,
    exchanges: Vec<(Exchange, Ended)>,
    upgraded: Vec<Upgraded>,
    calls: Vec<(Call, CallEnded)>,
    llm_calls: Vec<(LlmCall, LlmEnded)>,
    queries: Vec<(Query, QueryEnded)>,
    enqueued: Vec<(Enqueue, EnqueueEnded)>,
    jobs: Vec<(Job, JobEnded)>,
    executions: Vec<(Execution, ExecutionEvent)>,
}

impl Capture {
    /// Nothing kept yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The exchanges that have ended, in the order of their ends.
    pub fn exchanges(&self) -> Vec<(Exchange, Ended)> {
        self.kept().exchanges.clone()
    }

    /// The upgraded connections that have ended, in the order of their ends.
    pub fn upgraded(&self) -> Vec<Upgraded> {
        self.kept().upgraded.clone()
    }

    /// The calls to other services that have ended, in the order of their ends.
    pub fn calls(&self) -> Vec<(Call, CallEnded)> {
        self.kept().calls.clone()
    }

    /// The calls of language models that have ended, in the order of their ends.
    pub fn llm_calls(&self) -> Vec<(LlmCall, LlmEnded)> {
        self.kept().llm_calls.clone()
    }

    /// The queries of databases that have ended, in the order of their ends.
    pub fn queries(&self) -> Vec<(Query, QueryEnded)> {
        self.kept().queries.clone()
    }

    /// The jobs that were put into a queue, or were to be, in this order.
    pub fn enqueued(&self) -> Vec<(Enqueue, EnqueueEnded)> {
        self.kept().enqueued.clone()
    }

    /// The attempts at jobs that have ended, in the order of their ends.
    pub fn jobs(&self) -> Vec<(Job, JobEnded)> {
        self.kept().jobs.clone()
    }

    /// What has happened to executions, with what was known of each by then.
    pub fn executions(&self) -> Vec<(Execution, ExecutionEvent)> {
        self.kept().executions.clone()
    }

    /// How many exchanges have begun.
    pub fn opened(&self) -> usize {
        self.kept().opened
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Capture {
    fn opened(&self, _: &Exchange) {
        self.kept().opened += 1;
    }

    fn record(&self, record: Record<'_>) {
        match record {
            Record::Exchange(exchange, ended) => self.kept().exchanges.push((exchange.clone(), ended.clone())),
            Record::Upgraded(upgraded) => self.kept().upgraded.push(upgraded.clone()),
            Record::Call(call, ended) => self.kept().calls.push((call.clone(), ended.clone())),
            Record::Llm(call, ended) => self.kept().llm_calls.push((call.clone(), ended.clone())),
            Record::Query(query, ended) => self.kept().queries.push((query.clone(), ended.clone())),
            Record::Enqueue(enqueue, ended) => self.kept().enqueued.push((enqueue.clone(), ended.clone())),
            Record::JobBegun(_) => {}
            Record::Job(job, ended) => self.kept().jobs.push((job.clone(), ended.clone())),
            Record::Execution(facts, event) => self.kept().executions.push((facts.clone(), event.clone())),
        }
    }
}
