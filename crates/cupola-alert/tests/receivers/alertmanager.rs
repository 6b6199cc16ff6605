//! A real Alertmanager: it takes alerts, keeps them while it is reminded, and lets them go.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use cupola_alert::{Alertmanager, Delivery, MessageKind, Notice, Outgoing, Receivers};
use cupola_store::{Metadata, MetadataFile};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::process::{Program, free_port, until};
use super::server::{Asked, Says, Server, says};
use super::{SECOND, SECRET, notice};

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap()
}

fn fine(_: &[Asked], _: &Asked) -> Says {
    says(200, "")
}

/// A port, its configuration in a folder.
fn start(dir: &std::path::Path, hook: &str) -> (Program, String) {
    let config = dir.join("alertmanager.yml");
    let route = "route:\n  receiver: hook\n  group_wait: 1s\n  group_interval: 1s\n  repeat_interval: 1h\n";
    let text = format!("{route}receivers:\n- name: hook\n  webhook_configs:\n  - url: {hook}\n");
    fs::write(&config, text).unwrap();
    let port = free_port();
    let mut command = Command::new("prometheus-alertmanager");
    command.arg(format!("--config.file={}", config.display()));
    command.arg(format!("--storage.path={}", dir.join("data").display()));
    command.arg(format!("--web.listen-address=127.0.0.1:{port}")).arg("--cluster.listen-address=");
    (Program::start(command.stderr(Stdio::null())), format!("http://127.0.0.1:{port}"))
}

async fn alerts(address: &str) -> Option<Vec<Value>> {
    let mut stream = TcpStream::connect(address.strip_prefix("http://").unwrap()).await.ok()?;
    stream.write_all(b"GET /api/v2/alerts HTTP/1.0\r\n\r\n").await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()
}

#[tokio::test]
#[ignore = "needs prometheus-alertmanager"]
async fn it_has_what_goes_on_and_no_longer_what_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let hook = Server::start(fine).await;
    let (_program, address) = start(dir.path(), &hook.address);
    until("Alertmanager", async || alerts(&address).await).await;

    let metadata: Arc<dyn Metadata> = Arc::new(MetadataFile::open(dir.path()).unwrap());
    let receivers = Receivers::default().with("alertmanager", Alertmanager::new(&format!("{address}/")).unwrap());
    let delivery = Delivery::new(Arc::clone(&metadata), receivers);
    let write = |kind: MessageKind, notice: Notice, sequence: u32| {
        let row = Outgoing { kind, receiver: "alertmanager".into(), written: 0, ..Outgoing::of(notice) };
        metadata.apply(&[row.change(sequence)]).unwrap();
    };
    let begun = now() - 60 * SECOND;
    write(MessageKind::Firing, Notice { starts_at: begun, ..notice(1) }, 0);
    write(MessageKind::Firing, Notice { starts_at: begun, ..notice(2) }, 0);
    assert_eq!(delivery.deliver(now()).await.unwrap().sent, 1);
    let two = until("the alerts", async || alerts(&address).await.filter(|all| all.len() == 2)).await;
    let labels = &two[0]["labels"];
    assert_eq!((&labels["alertname"], &labels["severity"]), (&"error-ratio".into(), &"critical".into()));
    assert_eq!(labels["http_route"], "/users/{id}<!channel>&");
    assert_eq!(two[0]["generatorURL"], "https://cupola.example/alerts/1");
    assert_eq!(two[0]["status"]["state"], "active");
    let told = until("its own message", async || hook.asked().pop()).await.json();
    assert_eq!((&told["version"], &told["status"]), (&"4".into(), &"firing".into()));

    // It is reminded, and believes in them for longer.
    let until_when = |all: &[Value]| all[0]["endsAt"].as_str().unwrap().to_owned();
    delivery.deliver(now() + 61 * SECOND).await.unwrap();
    let before = until_when(&two);
    until("a later end", async || alerts(&address).await.filter(|all| until_when(all) > before)).await;

    let over = Notice { starts_at: begun, ends_at: Some(now()), ..notice(1) };
    write(MessageKind::Resolved, over, 1);
    assert_eq!(delivery.deliver(now() + 62 * SECOND).await.unwrap().sent, 1);
    let one = until("the end of one", async || alerts(&address).await.filter(|all| all.len() == 1)).await;
    assert_eq!(one[0]["labels"]["service"], "api-2");
    write(MessageKind::Resolved, Notice { starts_at: begun, ends_at: Some(now()), ..notice(2) }, 1);
    assert_eq!(delivery.deliver(now() + 63 * SECOND).await.unwrap().sent, 1);
    until("the end of both", async || alerts(&address).await.filter(Vec::is_empty)).await;
    until("its own last word", async || {
        hook.asked().into_iter().map(|asked| asked.json()).find(|told| told["status"] == "resolved")
    })
    .await;
}

#[tokio::test]
async fn who_stands_before_it_is_shown_a_token() {
    use cupola_alert::Notifier as _;
    let server = Server::start(fine).await;
    let guarded = Alertmanager::new(&format!("{}/prefix", server.address)).unwrap().token(SECRET).unwrap();
    assert!(!format!("{guarded:?}").contains(SECRET));
    guarded.send(&super::message(MessageKind::Firing, 1)).await.unwrap();
    let asked = server.asked();
    assert_eq!(asked[0].path, "/prefix/api/v2/alerts");
    assert_eq!(asked[0].header("authorization"), format!("Bearer {SECRET}"));
    server.tell(says(401, &format!("not Bearer {SECRET}")));
    let error = guarded.send(&super::message(MessageKind::Firing, 1)).await.unwrap_err();
    assert_eq!(error.to_string(), "the answer was 401 Unauthorized: not [REDACTED]");
}
