//! The machines and the services on them: how busy, how full, whether they are there.

use std::collections::{BTreeMap, BTreeSet};

use cupola_store::{How, Signal};

use super::question::{HowKey, Question};
use super::round::{Round, five_minutes};
use super::{Collect, Labels, Span, Trouble};

const MOUNTPOINT: &str = "system.filesystem.mountpoint";
const STATE: &str = "system.filesystem.state";
const HOST: &str = "host.name";

fn points(metric: &str, how: How, by: &[&str], span: Span) -> Question {
    Question::Points {
        metric: metric.to_owned(),
        how: HowKey::of(how),
        service: None,
        only: Vec::new(),
        by: by.iter().map(|by| (*by).to_owned()).collect(),
        span,
    }
}

/// The machine that a service tells of: several services on one tell the same. Where its name is not known, it is the service's.
fn machine(labels: &Labels) -> Labels {
    let mut machine = labels.clone();
    if machine.contains_key(HOST) {
        machine.remove("service");
    }
    machine
}

/// A share of the machine, in per cent.
pub(super) fn share(
    metric: &str,
    service: Option<&str>,
    span: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    let answer = round.ask(&points(metric, How::Mean, &["service", HOST], span))?;
    let mut machines: BTreeMap<Labels, f64> = BTreeMap::new();
    for row in answer.of(service) {
        let most = machines.entry(machine(&row.labels)).or_insert(f64::MIN);
        *most = most.max(row.one() * 100.0);
    }
    machines.iter().for_each(|(labels, percent)| found.one(labels, *percent));
    Ok(())
}

/// How full file systems are, in per cent.
pub(super) fn disk(
    service: Option<&str>,
    mountpoint: Option<&str>,
    span: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    let by = ["service", HOST, MOUNTPOINT, STATE];
    let answer = round.ask(&points("system.filesystem.usage", How::Last, &by, span))?;
    let mut spaces: BTreeMap<Labels, BTreeMap<&str, f64>> = BTreeMap::new();
    for row in answer.of(service) {
        let Some(mounted) = row.labels.get(MOUNTPOINT) else { continue };
        if mountpoint.is_some_and(|wanted| wanted != mounted) {
            continue;
        }
        let mut labels = machine(&row.labels);
        labels.retain(|name, _| name != MOUNTPOINT && name != STATE);
        labels.insert("mountpoint".to_owned(), mounted.clone());
        let state = row.labels.get(STATE).map_or("", String::as_str);
        let bytes = spaces.entry(labels).or_default().entry(state).or_insert(0.0);
        *bytes = bytes.max(row.one());
    }
    for (labels, states) in &spaces {
        let used = states.get("used").copied().unwrap_or(0.0);
        let total: f64 = states.values().sum();
        if total > 0.0 {
            found.one(labels, used * 100.0 / total);
        }
    }
    Ok(())
}

/// Services that said lately that they run, and say nothing at all now.
pub(super) fn down(
    service: Option<&str>,
    known: i64,
    span: Span,
    round: &Round<'_>,
    found: &mut Collect<'_>,
) -> Result<(), Trouble> {
    let end = five_minutes(span.since);
    let before = Span { since: end.saturating_sub(known), until: end };
    let running = |span| points("process.uptime", How::Last, &["service"], span);
    let (past, between, now) = (
        round.ask_past(&running(before))?,
        round.ask(&running(Span { since: end, until: span.since }))?,
        round.ask(&running(span))?,
    );
    let names = |answer: &super::answer::Answer| -> BTreeSet<String> {
        answer.rows().filter_map(|row| row.labels.get("service").cloned()).collect()
    };
    let mut alive = names(&now);
    let mut all = names(&past);
    all.extend(names(&between));
    all.extend(alive.iter().cloned());
    if !all.is_subset(&alive) {
        // Whoever says anything is there, even if its metrics do not come.
        for signal in [Signal::Logs, Signal::Spans] {
            let by = Some("service".to_owned());
            let answer = round.ask(&Question::Counts { signal, filter: None, by, span })?;
            alive.extend(names(&answer));
        }
    }
    for name in all.iter().filter(|name| service.is_none_or(|service| service == *name)) {
        let labels = Labels::from([("service".to_owned(), name.clone())]);
        found.one(&labels, f64::from(u8::from(!alive.contains(name))));
    }
    Ok(())
}
