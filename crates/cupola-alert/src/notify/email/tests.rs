//! What a mail is made of; whether servers take it, tests with real ones show.

use super::super::text::tests::message;
use super::*;
use crate::MessageKind;

fn settings() -> EmailSettings {
    EmailSettings {
        server: "smtp.example.com".into(),
        from: "Cupola <cupola@example.com>".into(),
        to: vec!["a@example.com".into(), "Bö <b@example.com>".into()],
        ..EmailSettings::default()
    }
}

fn mail(message: &Message) -> String {
    let email = Email::new(settings()).unwrap();
    let copy = compose::Mail::of(message, &email.from, &email.to).copy_for(&email.to[0]).unwrap();
    assert_eq!(copy.envelope().to().len(), 1);
    String::from_utf8(copy.formatted()).unwrap()
}

fn headers(mail: &str) -> Vec<(&str, &str)> {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    let lines = head.split("\r\n").filter(|line| !line.starts_with(' '));
    lines.map(|line| line.split_once(": ").unwrap()).collect()
}

#[test]
fn a_mail_has_what_threads_are_made_of() {
    let first = mail(&message(MessageKind::Firing, 1, false));
    let of = |name: &str, mail: &str| {
        headers(mail).into_iter().find(|(other, _)| *other == name).map(|(_, value)| value.to_owned())
    };
    assert_eq!(of("Message-ID", &first).as_deref(), Some("<0123456789abcdef@example.com>"));
    assert_eq!(of("References", &first), None);
    assert_eq!(of("Importance", &first).as_deref(), Some("high"));
    assert_eq!(of("Auto-Submitted", &first).as_deref(), Some("auto-generated"));
    assert_eq!(of("Date", &first).as_deref(), Some("Thu, 27 Nov 2025 09:38:42 +0000"));

    let over = Message {
        id: "fedc".into(),
        thread: Some("<0123456789abcdef@example.com>".into()),
        ..message(MessageKind::Resolved, 1, false)
    };
    let over = mail(&over);
    assert_eq!(of("In-Reply-To", &over).as_deref(), Some("<0123456789abcdef@example.com>"));
    assert_eq!(of("References", &over).as_deref(), Some("<0123456789abcdef@example.com>"));
    assert_eq!(of("Importance", &over), None);
}

#[test]
fn texts_of_others_add_no_header() {
    let evil = Message {
        id: "a\r\nBcc: x@example.org".into(),
        thread: Some("<a@b>\r\nBcc: x@example.org".into()),
        ..message(MessageKind::Firing, 3, true)
    };
    let mail = mail(&evil);
    let names: Vec<&str> = headers(&mail).into_iter().map(|(name, _)| name).collect();
    let known =
        ["From", "To", "Date", "Message-ID", "Subject", "Auto-Submitted", "Importance", "MIME-Version", "Content-Type"];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
}

#[test]
fn settings_that_are_not_accepted_name_themselves() {
    let check = |settings: EmailSettings, expected: &str| {
        assert_eq!(Email::new(settings).unwrap_err().to_string(), expected);
    };
    check(EmailSettings { server: " ".into(), ..settings() }, "server is no name of a host");
    check(EmailSettings { server: "smtp://x".into(), ..settings() }, "server is no name of a host");
    check(
        EmailSettings { from: "nobody".into(), ..settings() },
        "from has \"nobody\", which is no address of a mailbox",
    );
    let two = "a@b.example\r\nBcc: x@example.org";
    check(
        EmailSettings { to: vec![two.into()], ..settings() },
        "to has \"a@b.example\\r\\nBcc: x@example.org\", which is no address of a mailbox",
    );
    check(EmailSettings { to: vec![], ..settings() }, "to has nobody");
    check(EmailSettings { username: Some("a".into()), ..settings() }, "password is missing, and there is a username");
    let login = EmailSettings { username: Some("a".into()), password: Some("hunter2".into()), ..settings() };
    assert!(!format!("{login:?} {:?}", Email::new(login.clone()).unwrap()).contains("hunter2"));
    check(EmailSettings { tls: Some(EmailTls::None), ..login }, "tls is none, over which no password is sent");
    check(
        EmailSettings { ca: Some("/nowhere.pem".into()), ..settings() },
        "ca cannot be read: /nowhere.pem: No such file or directory (os error 2)",
    );
}
