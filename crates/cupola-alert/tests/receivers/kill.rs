//! The process is killed in the midst of deliveries, and another one goes on: nothing is missed, nothing is out of order, and what comes twice has
//! the same key.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use cupola_alert::{Delivery, MessageKind, Notice, Outgoing, Receivers, Webhook};
use cupola_store::{Metadata as _, MetadataFile};

use super::process::Program;
use super::server::{Asked, Says, Server, says};
use super::{SECOND, START, notice};

/// Where the one that is killed finds its task, in the folder that it is started in.
const TASK: &str = "task";

fn fine(_: &[Asked], _: &Asked) -> Says {
    says(200, "")
}

/// No test, but the process that is killed: without a task it has nothing to do.
#[tokio::test]
async fn worker() {
    let Ok(address) = std::fs::read_to_string(TASK) else { return };
    let metadata = Arc::new(MetadataFile::open(Path::new(".")).unwrap());
    let delivery = Delivery::new(metadata, Receivers::default().with("hook", Webhook::new(&address).unwrap()));
    let mut now = START + 2 * SECOND;
    while let Some(next) = delivery.deliver(now).await.unwrap().next {
        now = next;
    }
}

fn start(dir: &Path) -> Program {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::worker"]).current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
    Program::start(&mut command)
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_it_is_killed_nothing_is_missed() {
    let server = Server::start(fine).await;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(TASK), &server.address).unwrap();
    let metadata = MetadataFile::open(dir.path()).unwrap();
    let write = |kind: MessageKind, index: usize, sequence: u32| {
        let notice = Notice { rule: format!("rule-{index}"), ..notice(index) };
        let row = Outgoing { kind, receiver: "hook".into(), written: START, ..Outgoing::of(notice) };
        metadata.apply(&[row.change(sequence)]).unwrap();
    };
    const ROUNDS: usize = 8;
    const MANY: usize = ROUNDS * 8;
    let left = || metadata.all(Outgoing::KIND).unwrap().len() + metadata.all("sending").unwrap().len();
    let mut kills = 0;
    // It is killed once it has done this much; where exactly, is up to the machine.
    let mut run = |done: usize| {
        let enough = left().saturating_sub(done);
        let mut program = start(dir.path());
        while left() > enough && program.child().try_wait().unwrap().is_none() {}
        drop(program);
        kills += 1;
    };
    let mut keys: Vec<(String, String)> = Vec::new();
    for kind in [MessageKind::Firing, MessageKind::Resolved] {
        for round in 0..ROUNDS {
            (0..8).for_each(|index| write(kind, round * 8 + index, 0));
            run(1 + round);
        }
        while left() > 0 {
            run(MANY);
        }
        for asked in server.asked() {
            let document = asked.json();
            let episode = document["alerts"][0]["episode"].as_str().unwrap().to_owned();
            keys.push((asked.header("idempotency-key").to_owned(), format!("{kind} {episode}")));
        }
    }
    let distinct: BTreeSet<&(String, String)> = keys.iter().collect();
    let told: BTreeSet<&String> = keys.iter().map(|(_, told)| told).collect();
    assert_eq!(told.len(), 2 * MANY, "none is missed");
    assert_eq!(distinct.len(), 2 * MANY, "what comes twice has the same key");
    assert!(keys.len() <= 2 * MANY + kills, "{} messages with {kills} kills", keys.len());
}
