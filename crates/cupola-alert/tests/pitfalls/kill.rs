//! The process is killed in the midst of evaluations, and another one goes on: each change is noted with its message, or neither is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use cupola_alert::{Alerts, Happened, MessageKind, Outgoing, Phase, Receivers};
use cupola_store::{Metadata as _, MetadataFile};

use crate::world::{GAUGE, S, Said, rules};

/// Where the one that is killed finds how far the others came, in the folder that it is started in.
const STEP: &str = "step";

/// Rules are written together.
const RULES: [&str; 4] = ["gauge", "b", "c", "d"];

fn alerts(dir: &Path) -> (Alerts, Arc<Said>) {
    let rule = |name| format!("{}threshold = 10\n", GAUGE.replace("\"gauge\"", &format!("{name:?}")));
    let text = RULES.map(rule).concat();
    let (said, metadata) = (Arc::new(Said::default()), Arc::new(MetadataFile::open(dir).unwrap()));
    (Alerts::new(said.clone(), metadata, rules(&text), Receivers::default()), said)
}

/// No test, but the process that is killed: without a step to go on from it has nothing to do.
#[test]
fn worker() {
    let Ok(step) = fs::read_to_string(STEP) else { return };
    let mut step: i64 = step.parse().unwrap();
    let (alerts, said) = alerts(Path::new("."));
    loop {
        step += 1;
        fs::write("next", step.to_string()).unwrap();
        fs::rename("next", STEP).unwrap();
        said.set("shop", if step / 2 % 2 == 0 { 20.0 } else { 1.0 });
        alerts.evaluate((179_523_276 + step) * 10 * S).unwrap();
    }
}

fn start(dir: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::worker"]).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn whenever_it_is_killed_each_change_has_its_message() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(STEP), "0").unwrap();
    let metadata = MetadataFile::open(dir.path()).unwrap();
    let last = || metadata.notes("alert", None, None, 1).unwrap().first().map_or(0, |note| note.number);
    for round in 0..15 {
        let (before, mut child) = (last(), start(dir.path()));
        while last() < before + 4 * RULES.len() as i64 + round {
            assert!(child.try_wait().unwrap().is_none(), "it does not end by itself");
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let mut events = alerts(dir.path()).0.history(None, None, 100_000).unwrap();
    events.reverse();
    let (mut phases, mut fired, mut over) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
    for event in &events {
        let Happened::Transition(change) = &event.what else { panic!("{event:?}") };
        let phase = phases.entry(&event.subject).or_insert(Phase::Inactive);
        assert_eq!(change.from, *phase, "one follows from the other: {event:?}");
        *phase = change.to;
        match *phase {
            Phase::Firing => _ = fired.insert(change.episode.clone().unwrap()),
            Phase::Resolved => _ = over.insert(change.episode.clone().unwrap()),
            _ => {}
        }
    }
    let rows = metadata.all(Outgoing::KIND).unwrap();
    let rows: Vec<Outgoing> = rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect();
    let told = |kind| -> BTreeSet<String> {
        rows.iter().filter(|row| row.kind == kind).map(|row| row.notice.episode.clone()).collect()
    };
    assert_eq!(phases.len(), RULES.len());
    assert!(fired.len() > 10, "{fired:?}");
    assert_eq!((told(MessageKind::Firing), told(MessageKind::Resolved)), (fired.clone(), over.clone()));
    assert_eq!(rows.len(), fired.len() + over.len(), "and each has one");
}
