//! Metrics: any of them, and those that say that telemetry was dropped.

use cupola_store::How;

use super::question::{HowKey, Question};
use super::round::Round;
use super::{Collect, Labels, Span, Trouble};

/// Counters of what was dropped, and what they call it.
const DROPPED: [(&str, &str); 4] = [
    ("cupola.log.lines", "dropped"),
    ("cupola.otlp.items", "dropped"),
    ("cupola.store.entries", "dropped"),
    ("cupola.store.entries", "refused"),
];

#[allow(clippy::too_many_arguments, reason = "each is a part of the question")]
pub(super) fn any(
    metric: &str,
    how: How,
    service: Option<&str>,
    only: &[(String, String)],
    by: &[String],
    span: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    let answer = round.ask(&Question::Points {
        metric: metric.to_owned(),
        how: HowKey::of(how),
        service: service.map(str::to_owned),
        only: only.to_vec(),
        by: by.to_vec(),
        span,
    })?;
    answer.rows().for_each(|row| found.see(&row.labels, row.hash, row.one()));
    found.note(answer.note());
    Ok(())
}

pub(super) fn dropped(
    service: Option<&str>,
    span: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    for (metric, outcome) in DROPPED {
        let answer = round.ask(&Question::Points {
            metric: metric.to_owned(),
            how: HowKey::of(How::Sum),
            service: None,
            only: vec![("outcome".to_owned(), outcome.to_owned())],
            by: vec!["service".to_owned(), "reason".to_owned()],
            span,
        })?;
        for row in answer.of(service) {
            let mut labels: Labels = row.labels.clone();
            labels.insert("metric".to_owned(), metric.to_owned());
            labels.insert("outcome".to_owned(), outcome.to_owned());
            found.one(&labels, row.one());
        }
    }
    Ok(())
}
