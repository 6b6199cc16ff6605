//! `cupola serve`, as it is called: a real process, asked over real sockets.

#![allow(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod alerts;
mod faults;
#[path = "../support/folder.rs"]
mod folder;
mod server;
mod tail;

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use folder::Folder;
use rustix::process::Signal;
use server::{PATIENCE, Server, exchange, logs};

#[test]
fn what_is_acknowledged_is_found_also_after_a_kill() {
    let folder = Folder::new();
    let mut server = Server::start(&folder, &[]);
    assert_eq!(server.send(&[("INFO", "machine is up"), ("ERROR", "connection refused")], "").0, 200);
    // At once: nothing is sealed yet.
    server.signal(Signal::KILL);

    let mut server = Server::start(&folder, &[]);
    assert_eq!(server.messages(2), ["connection refused", "machine is up"]);
    assert_eq!(server.send(&[("INFO", "machine is down")], "").0, 200);
    assert_eq!(server.messages(3).len(), 3);

    // Others read beside it, and nobody writes.
    let found = folder.run(&["search", "--store", "store", "level>=error"]);
    assert!(found.code == 0 && found.stdout.contains("\"message\":\"connection refused\""), "{found:?}");
    let second = folder.run(&["serve", "--store", "store", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]);
    assert!(second.code == 1 && second.stderr.contains("another process writes the store in store"), "{second:?}");

    assert_eq!(server.ask("GET /readyz HTTP/1.1", "").0, 200);
    let (_, metrics) = server.ask("GET /metrics HTTP/1.1", "");
    assert!(metrics.contains("cupola_store_entries_total{outcome=\"sealed\"} 3"), "{metrics}");
    assert_eq!(server.signal(Signal::TERM), Some(0));
}

/// Files of variables, and those who start containers, set many that say nothing.
#[test]
fn a_variable_that_is_empty_is_not_set() {
    let folder = Folder::new();
    let mut command = folder.command(&["serve", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]);
    for name in ["CUPOLA_STORE", "CUPOLA_STORE_DAYS", "CUPOLA_ALERTS", "CUPOLA_TLS_CERT", "CUPOLA_POLICY", "SMTP_PORT"]
    {
        command.env(name, "");
    }
    let mut server = Server::spawn(&mut command);
    assert_eq!(server.ask("GET /readyz HTTP/1.1", "").0, 200);
    assert_eq!(server.signal(Signal::TERM), Some(0));
    assert!(folder.path().join("cupola-store").exists(), "where it is by default");
}

#[test]
fn who_has_no_token_neither_sends_nor_reads() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--ingest-token", "send-7", "--read-token", "read-7"]);
    assert_eq!(server.send(&[("INFO", "up")], "").0, 401);
    assert_eq!(server.send(&[("INFO", "up")], "read-7").0, 401);
    assert_eq!(server.send(&[("INFO", "up")], "send-7").0, 200);
    let ask = |token| server.ask(&format!("GET /cupola/api/v1/logs HTTP/1.1\r\nAuthorization: Bearer {token}"), "").0;
    assert_eq!((ask("send-7"), ask(""), ask("read-7")), (401, 401, 200));
}

/// Whether any file of the store has this in it.
fn is_in_files(dir: &Path, needle: &[u8]) -> bool {
    fs::read_dir(dir).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        // A file that is gone has nothing in it.
        let has = |bytes: Vec<u8>| bytes.windows(needle.len()).any(|window| window == needle);
        if path.is_dir() { is_in_files(&path, needle) } else { fs::read(&path).is_ok_and(has) }
    })
}

#[test]
fn secrets_are_masked_before_they_are_stored_unless_somebody_wants_them() {
    let folder = Folder::new();
    let dir = folder.path().join("store");
    let mut server = Server::start(&folder, &[]);
    assert_eq!(server.send(&[("INFO", "login with password=hunter2 failed")], "").0, 200);
    server.signal(Signal::KILL);

    // What the journal had is masked as well.
    let mut server = Server::start(&folder, &[]);
    assert_eq!(server.messages(1), ["login with password=[REDACTED] failed"]);
    assert_eq!(server.send(&[("INFO", "once more with password=hunter2")], "").0, 200);
    assert_eq!(server.messages(2)[0], "once more with password=[REDACTED]");
    // Where nothing comes, the journal has it no longer than until it is sealed.
    while fs::read_dir(dir.join("journal")).unwrap().next().is_some() {
        assert_eq!(server.ask("GET /readyz HTTP/1.1", "").0, 200);
    }
    assert!(!is_in_files(&dir, b"hunter2"));
    assert_eq!(server.signal(Signal::TERM), Some(0));

    let policy = folder.write("policy.toml", "deny = [\"tenant\"]");
    let mut server = Server::start(&folder, &["--policy", &policy]);
    assert_eq!(server.send(&[("INFO", "tenant=acme")], "").0, 200);
    assert_eq!(server.messages(3)[0], "tenant=[REDACTED]");
    assert_eq!(server.signal(Signal::TERM), Some(0));

    let server = Server::start(&folder, &["--no-redact"]);
    assert_eq!(server.send(&[("INFO", "password=hunter2")], "").0, 200);
    assert_eq!(server.messages(4)[0], "password=hunter2");
}

#[test]
fn both_ports_answer_in_tls_where_there_is_a_certificate() {
    let folder = Folder::new();
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) =
        (folder.write("cert.pem", own.cert.pem()), folder.write("key.pem", own.signing_key.serialize_pem()));
    let mut server = Server::start(&folder, &["--tls-cert", &cert, "--tls-key", &key]);

    let mut roots = rustls::RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    // Whoever says nothing holds up nobody.
    let _silent = TcpStream::connect(&server.http).unwrap();
    for address in [&server.http, &server.grpc] {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let client = rustls::ClientConnection::new(Arc::clone(&config), "localhost".try_into().unwrap()).unwrap();
        let mut stream = rustls::StreamOwned::new(client, stream);
        let head = "POST /v1/logs HTTP/1.1\r\nContent-Type: application/json";
        assert_eq!(exchange(&mut stream, head, &logs(&[("INFO", "up")])).0, 200);
    }
    assert_eq!(server.signal(Signal::TERM), Some(0));
    let wrong =
        folder.run(&["serve", "--store", "store", "--http", "127.0.0.1:0", "--tls-cert", &key, "--tls-key", &cert]);
    assert!(wrong.code != 0 && wrong.stderr.contains("holds nothing that TLS could use"), "{wrong:?}");
}

#[test]
fn wrong_usage_says_what_is_wrong() {
    let folder = Folder::new();
    let check = |arguments: &[&str], part: &str| {
        let said = folder.run(&[&["serve"], arguments].concat());
        assert!(said.code != 0 && said.stderr.contains(part), "{said:?}");
    };
    check(&["--http", "0.0.0.0:0"], "CUPOLA_INGEST_TOKEN");
    check(&["--http", "somewhere"], "--http");
    check(&["--tls-cert", "cert.pem"], "--tls-key");
    check(&["--days", "0"], "1..=36500");
    check(&["--policy", "nowhere.toml"], "cannot read the policy nowhere.toml");
}

#[test]
fn a_server_is_searched_as_a_directory_is() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--read-token", "read-7"]);
    assert_eq!(server.send(&[("INFO", "machine is up"), ("ERROR", "connection refused by 10.0.0.7")], "").0, 200);
    let at = format!("http://{}", server.http);
    let ask = |command: &[&str]| folder.run(&[command, &["--server", &at, "--read-token", "read-7"]].concat());
    let found = loop {
        let found = ask(&[
            "search",
            "service=billing",
            "--json",
            "--status",
            "5xx",
            "-g",
            "\\",
            "--filter",
            "not a=b or level>=error",
        ]);
        let all = ask(&["search"]);
        if all.stdout.lines().count() == 2 {
            break (found, all);
        }
    };
    assert_eq!((found.0.code, found.0.stdout.as_str(), found.0.stderr.as_str()), (1, "", ""));
    let of_directory = folder.run(&["search", "--store", "store"]);
    assert_eq!(found.1.stdout, of_directory.stdout, "the same lines in the same order");
    let refused = ask(&["search", "connection refused", "level=error"]);
    assert!(refused.code == 0 && refused.stdout.lines().count() == 1, "{refused:?}");
    let errors = ask(&["errors", "--json"]);
    assert_eq!(errors.stdout, folder.run(&["errors", "--store", "store", "--json"]).stdout);
    assert!(errors.code == 0 && errors.stdout.contains("connection refused by"), "{errors:?}");
    let none = ask(&["trace", "4bf92f3577b34da6a3ce929d0e0e4736"]);
    assert_eq!((none.code, none.stdout.as_str()), (1, ""), "{none:?}");

    let unknown = folder.run(&["search", "--server", &at]);
    let expected = format!("cupola: {at} wants a token: set CUPOLA_READ_TOKEN, or say --read-token\n");
    assert_eq!((unknown.code, unknown.stderr), (2, expected));
    let nowhere = folder.run(&["search", "--server", "http://someone:secret@127.0.0.1:9"]);
    assert!(nowhere.code == 2 && nowhere.stderr.starts_with("cupola: http://127.0.0.1:9: "), "{nowhere:?}");
    assert!(!nowhere.stderr.contains("secret"), "{nowhere:?}");
    let nothing = folder.run(&["search"]);
    assert!(nothing.code == 2 && nothing.stderr.contains("--store DIR, or a server with --server URL"), "{nothing:?}");
}

#[test]
fn the_pages_stand_beside_the_api_and_who_changes_anything_logs_in() {
    let folder = Folder::new();
    let server = Server::start(&folder, &["--admin-token", "an admin's"]);
    let get = |path: &str| server.ask(&format!("GET {path} HTTP/1.1"), "");
    assert_eq!(get("/").0, 303);
    let (status, page) = get("/cupola");
    assert_eq!((status, page.contains("<h1>Overview</h1>")), (200, true), "{page}");
    let admin = server.ask("GET /cupola/settings HTTP/1.1\r\nAuthorization: Bearer an admin's", "");
    assert!(admin.1.contains("Set user") && !get("/cupola/settings").1.contains("Set user"));
    let set = "POST /cupola/settings/users HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded";
    let ada = "name=ada&password=a+long+password&role=viewer";
    assert_eq!(server.ask(set, ada).0, 403);
    assert_eq!(server.ask(&format!("{set}\r\nAuthorization: Bearer an admin's"), ada).0, 303);
}

#[test]
fn an_admin_changes_what_the_server_itself_logs() {
    let folder = Folder::new();
    let ports = ["serve", "--store", "store", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"];
    let mut command = folder.command(&[&ports[..], &["--admin-token", "an admin's"]].concat());
    let mut server = Server::spawn(command.env("LOG_DIR", "own").env("CUPOLA_LOG_PACK", "none"));
    let ask = |server: &Server, head: &str, fields: &str| {
        server.ask(&format!("{head} HTTP/1.1\r\nAuthorization: Bearer an admin's"), fields)
    };
    assert_eq!(ask(&server, "GET /before", "").0, 404);
    let (status, said) = ask(&server, "POST /cupola/settings/levels", "directives=loud%3Dvery&minutes=5");
    assert!(status == 400 && said.contains("The levels cannot be read"), "{said}");
    assert_eq!(ask(&server, "POST /cupola/settings/levels", "directives=off&minutes=5").0, 303);
    assert_eq!(ask(&server, "GET /meanwhile", "").0, 404);
    assert!(ask(&server, "GET /cupola/settings", "").1.contains("log levels changed"));
    assert_eq!(ask(&server, "POST /cupola/settings/levels/reset", "").0, 303);
    assert_eq!(ask(&server, "GET /after", "").0, 404);
    assert_eq!(server.signal(Signal::TERM), Some(0));
    let log = fs::read_to_string(folder.path().join("own").join("api.log")).unwrap();
    let has = |path: &str| log.lines().any(|line| line.contains(path) && line.contains("request completed"));
    assert_eq!((has("/before"), has("/meanwhile"), has("/after")), (true, false, true), "{log}");
}

#[test]
fn a_token_that_is_empty_lets_nobody_in() {
    let folder = Folder::new();
    let outside = ["serve", "--store", "store", "--http", "0.0.0.0:0", "--grpc", "127.0.0.1:0"];
    let with = |variables: &[(&str, &str)], more: &[&str]| {
        let mut command = folder.command(&[&outside[..], more].concat());
        variables.iter().for_each(|(name, value)| _ = command.env(name, value));
        let ended = command.output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
    };
    let empty = [("CUPOLA_INGEST_TOKEN", ""), ("CUPOLA_READ_TOKEN", " ")];
    let (code, said) = with(&empty, &[]);
    assert!(
        code == Some(2) && said.contains("a token that is empty") || said.contains("others can reach that address"),
        "{said}"
    );
    let (code, said) = with(&[("CUPOLA_INGEST_TOKEN", ""), ("CUPOLA_READ_TOKEN", "")], &[]);
    assert!(code == Some(2) && said.contains("others can reach that address"), "{said}");
    let (code, said) = with(&[], &["--ingest-token", "", "--read-token", "x"]);
    assert_eq!(
        (code, said.as_str()),
        (Some(2), "cupola: --ingest-token: a token that is empty would be none at all\n")
    );
    let (code, said) = with(&[("CUPOLA_READ_TOKEN_FILE", "nowhere")], &[]);
    assert!(code == Some(2) && said.starts_with("cupola: CUPOLA_READ_TOKEN_FILE is `nowhere`: No such file"), "{said}");

    fs::write(folder.path().join("token"), "read-7\n").unwrap();
    let mut command = folder.command(&["serve", "--store", "store", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0"]);
    let server = Server::spawn(command.env("CUPOLA_READ_TOKEN_FILE", "token"));
    let ask = |token| server.ask(&format!("GET /cupola/api/v1/logs HTTP/1.1\r\nAuthorization: Bearer {token}"), "").0;
    assert_eq!((ask(""), ask("read-7")), (401, 200));
}
