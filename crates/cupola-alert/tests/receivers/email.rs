//! Real mail servers: aiosmtpd, which says whatever it is told, and Exim.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use cupola_alert::{Email, EmailSettings, EmailTls, Message, MessageKind, Notifier as _, SendError};
use serde_json::Value;
use tokio::io::AsyncBufReadExt as _;

use super::process::{Program, free_port, until};
use super::{SECRET, message};

struct Server {
    dir: tempfile::TempDir,
    port: u16,
    said: BufReader<ChildStdout>,
    _program: Program,
}

/// An authority and a certificate for `localhost`, in a folder that others may enter.
fn certificates() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(dir.path().join("crt.pem"), made.cert.pem()).unwrap();
    fs::write(dir.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    dir
}

impl Server {
    fn start(mode: &str) -> Self {
        let dir = certificates();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/receivers/smtpd.py");
        let mut command = Command::new("python3");
        command.arg(script).arg(dir.path().join("crt.pem")).arg(dir.path().join("key.pem")).arg(mode);
        let mut program = Program::start(command.stdout(Stdio::piped()).stderr(Stdio::null()));
        let mut said = BufReader::new(program.child().stdout.take().unwrap());
        let mut port = String::new();
        said.read_line(&mut port).unwrap();
        let port = port.trim().parse().expect("python3 with aiosmtpd");
        Self { dir, port, said, _program: program }
    }

    fn email(&self, to: &[&str], change: impl FnOnce(&mut EmailSettings)) -> Email {
        let mut settings = settings(self.dir.path(), self.port, to);
        change(&mut settings);
        Email::new(settings).unwrap()
    }

    fn mail(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

fn settings(dir: &Path, port: u16, to: &[&str]) -> EmailSettings {
    EmailSettings {
        server: "localhost".into(),
        port: Some(port),
        tls: None,
        username: Some("alice".into()),
        password: Some(SECRET.into()),
        from: "Cupola <cupola@example.com>".into(),
        to: to.iter().map(|to| (*to).to_owned()).collect(),
        ca: Some(dir.join("crt.pem")),
    }
}

async fn refused(email: &Email) -> SendError {
    let error = email.send(&message(MessageKind::Firing, 1)).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    error
}

fn says(error: &SendError, is_lasting: bool, expected: &str) {
    assert!(error.to_string().starts_with(expected), "{error}");
    assert_eq!(error.is_lasting(), is_lasting, "{error}");
}

#[tokio::test]
#[ignore = "needs python3 with aiosmtpd"]
async fn mails_go_over_starttls_to_each_and_refer_to_the_first() {
    let mut server = Server::start("starttls");
    let email = server.email(&["a@example.com", "b@example.com"], |_| ());
    let first = email.send(&message(MessageKind::Firing, 2)).await.unwrap().thread;
    assert_eq!(first.as_deref(), Some("<0123456789abcdeffiring@example.com>"));
    let (one, other) = (server.mail(), server.mail());
    assert_eq!(
        (&one["to"], &other["to"]),
        (&serde_json::json!(["a@example.com"]), &serde_json::json!(["b@example.com"]))
    );
    assert_eq!((&one["tls"], &one["login"], &one["hello"]), (&true.into(), &true.into(), &"example.com".into()));
    let mail = one["mail"].as_str().unwrap();
    for part in [
        "\r\nTo: a@example.com, b@example.com\r\n",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "Subject: [Cupola] Critical: ",
    ] {
        assert!(mail.contains(part), "{part} in {mail}");
    }
    email.send(&Message { thread: first, ..message(MessageKind::Resolved, 2) }).await.unwrap();
    let over = server.mail();
    let mail = over["mail"].as_str().unwrap();
    assert!(mail.contains("\r\nIn-Reply-To: <0123456789abcdeffiring@example.com>\r\n"), "{mail}");
}

#[tokio::test]
#[ignore = "needs python3 with aiosmtpd"]
async fn mails_go_over_tls_from_the_start_and_in_the_clear_by_choice() {
    let mut server = Server::start("implicit");
    let email = server.email(&["a@example.com"], |settings| settings.tls = Some(EmailTls::Implicit));
    email.send(&message(MessageKind::Firing, 1)).await.unwrap();
    assert_eq!(server.mail()["login"], true);

    let mut plain = Server::start("plain");
    let in_the_clear = |settings: &mut EmailSettings| {
        (settings.tls, settings.username, settings.password) = (Some(EmailTls::None), None, None);
    };
    plain.email(&["a@example.com"], in_the_clear).send(&message(MessageKind::Firing, 1)).await.unwrap();
    assert_eq!(plain.mail()["tls"], false);
    // Whoever stands between could have taken it away: then nothing is said.
    says(&refused(&plain.email(&["a@example.com"], |_| ())).await, true, "the mail server will not do: STARTTLS");
}

#[tokio::test]
#[ignore = "needs python3 with aiosmtpd"]
async fn what_a_server_refuses_is_told_apart() {
    let mut server = Server::start("starttls");
    let strange = server.email(&["a@example.com"], |settings| settings.password = Some(format!("other-{SECRET}")));
    says(&refused(&strange).await, true, "the mail server said 535");
    says(
        &refused(&server.email(&["a@example.com"], |settings| settings.ca = None)).await,
        false,
        "no connection to the mail server: invalid peer certificate",
    );
    let ip = server.email(&["a@example.com"], |settings| settings.server = "127.0.0.1".into());
    says(&refused(&ip).await, false, "no connection to the mail server: invalid peer certificate");
    says(
        &refused(&server.email(&["reject@example.com"], |_| ())).await,
        true,
        "the mail server said 550: 5.1.1 nobody of this",
    );
    let echo = refused(&server.email(&["echo@example.com"], |_| ())).await;
    says(&echo, true, "the mail server said 550: 5.0.0 [REDACTED] [REDACTED]");
    let slow = server.email(&["hang@example.com"], |_| ()).timeout(Duration::from_millis(300));
    says(&refused(&slow).await, false, "the mail server gave no answer in time");
    let nowhere = server.email(&["a@example.com"], |settings| settings.port = Some(free_port()));
    says(&refused(&nowhere).await, false, "no connection to the mail server");

    // Those who have it do not get it again, and an address that is refused keeps nobody from it.
    let some = server.email(&["a@example.com", "greylist@example.com", "reject@example.com", "b@example.com"], |_| ());
    says(&refused(&some).await, false, "the mail server said 451: 4.7.1 come back later");
    some.send(&message(MessageKind::Firing, 1)).await.unwrap();
    let to: Vec<Value> = (0..3).map(|_| server.mail()["to"][0].take()).collect();
    assert_eq!(to, ["a@example.com", "b@example.com", "greylist@example.com"]);
}

/// Exim in a folder of its own; `ports` are those of STARTTLS and of TLS from the start.
fn exim(dir: &Path, ports: [u16; 2]) -> (Program, PathBuf) {
    let spool = dir.join("spool");
    fs::create_dir(&spool).unwrap();
    for open in [spool.as_path(), dir] {
        fs::set_permissions(open, fs::Permissions::from_mode(0o777)).unwrap();
    }
    fs::set_permissions(dir.join("key.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let config = include_str!("exim.conf").replace("DIR", dir.to_str().unwrap());
    let config = config.replace("PORT_STARTTLS", &ports[0].to_string()).replace("PORT_TLS", &ports[1].to_string());
    let path = dir.join("exim.conf");
    fs::write(&path, config).unwrap();
    let mut command = Command::new("exim4");
    command.arg("-C").arg(&path).arg("-bdf").stderr(Stdio::null());
    (Program::start(&mut command), dir.join("mbox"))
}

/// What a mail server says first. That something answers on its port does not say that it is the server.
async fn greeting(port: u16) -> io::Result<String> {
    let mut said = String::new();
    let server = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    tokio::io::BufReader::new(server).read_line(&mut said).await?;
    Ok(said)
}

#[tokio::test]
#[ignore = "needs exim4"]
async fn exim_takes_what_it_should_and_says_why_not_else() {
    let dir = certificates();
    let ports = [free_port(), free_port()];
    let (_program, mailbox) = exim(dir.path(), ports);
    until("Exim", async || greeting(ports[0]).await.ok().filter(|said| said.contains(" Exim "))).await;
    let email = |port, to: &[&str], change: fn(&mut EmailSettings)| {
        let mut settings = settings(dir.path(), port, to);
        change(&mut settings);
        Email::new(settings).unwrap()
    };
    let first = email(ports[0], &["ops@example.com"], |_| ()).send(&message(MessageKind::Firing, 100)).await.unwrap();
    let implicit = email(ports[1], &["ops@example.com"], |settings| settings.tls = Some(EmailTls::Implicit));
    let over = Message { thread: first.thread.clone(), ..message(MessageKind::Resolved, 1) };
    implicit.send(&over).await.unwrap();
    let text = until("two mails", async || {
        let text = fs::read_to_string(&mailbox).ok()?;
        (text.matches("\nMessage-ID: ").count() == 2).then_some(text)
    })
    .await;
    let id = first.thread.unwrap();
    assert!(text.contains(&format!("Message-ID: {id}")) && text.contains(&format!("References: {id}")), "{text}");

    says(&refused(&email(ports[0], &["greylist@example.com"], |_| ())).await, false, "the mail server said 451");
    says(&refused(&email(ports[0], &["reject@example.com"], |_| ())).await, true, "the mail server said 550");
    let strange = email(ports[0], &["ops@example.com"], |settings| settings.password = Some(format!("other-{SECRET}")));
    says(&refused(&strange).await, true, "the mail server said 535");
    let nobody =
        email(ports[0], &["ops@example.com"], |settings| (settings.username, settings.password) = (None, None));
    says(&refused(&nobody).await, true, "the mail server said 550");
}
