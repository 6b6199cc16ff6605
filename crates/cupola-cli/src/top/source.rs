//! Who is asked: a server, or a store beside it.

use std::path::PathBuf;

use anyhow::bail;
use cupola_store::{Query as _, Reader, Requested, Requests, RequestsBy, Signal};

use super::alerts::Alert;
use super::range::Range;
use super::routes::{Routes, SHARES};
use crate::options::stored::open;
use crate::remote::{Remote, Server};

/// So many routes are told of, those with the most requests.
const MOST: usize = 200;

/// Where a source is.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) store: Option<&'a PathBuf>,
    pub(super) server: &'a Server,
}

/// Who is asked.
#[derive(Debug)]
pub(super) enum Source {
    Server(Box<Remote>),
    Store(PathBuf, Box<Reader>),
}

impl Place<'_> {
    /// One more of them: each thread has its own.
    pub(super) fn open(&self) -> anyhow::Result<Source> {
        match (self.store, self.server.remote()?) {
            (Some(dir), _) => Ok(Source::Store(dir.clone(), Box::new(open(dir)?))),
            (None, Some(remote)) => Ok(Source::Server(Box::new(remote))),
            (None, None) => bail!("nothing to watch: name a server with --server URL, or a store with --store DIR"),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Server(remote) => remote.fmt(f),
            Self::Store(dir, _) => dir.display().fmt(f),
        }
    }
}

impl Source {
    /// Requests by route. Each service is told of by its log or by its spans, whichever tell of more.
    pub(super) fn routes(&self, range: Range, now: i64) -> anyhow::Result<Routes> {
        let logs = self.of(Signal::Logs, range, now)?;
        let spans = self.of(Signal::Spans, range, now)?;
        let rate = |routes: &Routes, service: &str| -> f64 {
            routes.rows.iter().filter(|row| row.named.service == service).map(|row| row.rate).sum()
        };
        let by_spans = |service: &str| rate(&spans, service) > rate(&logs, service);
        let (mut of_logs, mut of_spans) = (logs.clone(), spans.clone());
        of_logs.rows.retain(|row| !by_spans(&row.named.service));
        of_spans.rows.retain(|row| by_spans(&row.named.service));
        Ok(of_logs.and(of_spans))
    }

    fn of(&self, signal: Signal, range: Range, now: i64) -> anyhow::Result<Routes> {
        let ask = |step, shares: &[f64]| {
            self.requests(&Requests {
                signal,
                since: now - range.length(),
                until: now,
                step,
                service: None,
                route: None,
                by: RequestsBy::Route,
                shares: shares.to_vec(),
                limit: MOST,
            })
        };
        let whole = ask(None, &SHARES)?;
        if whole.rows.is_empty() {
            return Ok(Routes::default());
        }
        Ok(Routes::of(&whole, &ask(Some(range.step()), &SHARES[..1])?, range, now))
    }

    fn requests(&self, requests: &Requests) -> anyhow::Result<Requested> {
        match self {
            Self::Server(remote) => remote.requests(requests),
            Self::Store(_, reader) => Ok(reader.requests(requests)?),
        }
    }

    /// Alerts that are open.
    pub(super) fn alerts(&self) -> anyhow::Result<Vec<Alert>> {
        match self {
            Self::Server(remote) => Ok(Alert::open(&remote.alerts()?)),
            Self::Store(..) => bail!("only a server tells of them; of a store, cupola alerts --store does"),
        }
    }

    /// Says that somebody is at an alert, or no longer.
    pub(super) fn acknowledge(&self, alert: &str, is_taken_back: bool) -> anyhow::Result<()> {
        let Self::Server(remote) = self else { bail!("only a server takes that; of a store, cupola alerts ack does") };
        remote.act(if is_taken_back { "unacknowledge" } else { "acknowledge" }, alert)
    }
}
