//! A collector behind https.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use crate::collector::{Answer, Asked, converse};
use crate::support::{Exports, PATIENCE};

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Issuer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate of this name, and its key.
fn issue(issuer: &Issuer, name: &str) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    (CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap(), key)
}

fn file(name: &str, pem: &str) -> PathBuf {
    let file = std::env::temp_dir().join(format!("cupola-otlp-{}-{name}.pem", std::process::id()));
    std::fs::write(&file, pem).unwrap();
    file
}

/// A collector with a certificate for `localhost`, which may ask for one of the client's; it says what it was asked.
fn collector(issuer: &Issuer, asks_client: bool) -> (u16, std::sync::mpsc::Receiver<Asked>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let builder = if asks_client { builder.with_client_cert_verifier(verifier) } else { builder.with_no_client_auth() };
    let (certificate, key) = issue(issuer, "localhost");
    let chain = vec![CertificateDer::from(certificate)];
    let config = builder.with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap()).unwrap();
    let (listener, (send, asked)) = (TcpListener::bind("127.0.0.1:0").unwrap(), channel());
    let (port, config) = (listener.local_addr().unwrap().port(), Arc::new(config));
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let server = ServerConnection::new(config.clone()).unwrap();
            converse(StreamOwned::new(server, connection.unwrap()), &vec![Answer::ok()].into(), &send);
        }
    });
    (port, asked)
}

#[test]
fn https_with_an_authority_and_an_identity_of_ones_own() {
    let issuer = authority();
    let (certificate, key) = issue(&issuer, "client");
    let files = [
        file("authority", &issuer.pem()),
        file("client", &certificate.pem()),
        file("client-key", &key.serialize_pem()),
    ];
    let [ca, client, client_key] = files.each_ref().map(|file| file.to_str().unwrap());
    for (asks_client, client_vars) in [
        (false, &[][..]),
        (true, &[("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", client), ("OTEL_EXPORTER_OTLP_CLIENT_KEY", client_key)]),
    ] {
        let (port, asked) = collector(&issuer, asks_client);
        let vars = [&[("OTEL_EXPORTER_OTLP_CERTIFICATE", ca)], client_vars].concat();
        let exports = Exports::to(&format!("https://localhost:{port}"), &vars);
        assert!(exports.offer(7, 1) && exports.exporter.flush(PATIENCE));
        assert_eq!(asked.recv_timeout(PATIENCE).unwrap().body, [7]);
    }
    files.iter().for_each(|file| std::fs::remove_file(file).unwrap());
}

#[test]
fn who_cannot_be_trusted_is_sent_nothing() {
    let (port, asked) = collector(&authority(), false);
    let other = file("other-authority", &authority().pem());
    let vars = [("OTEL_EXPORTER_OTLP_CERTIFICATE", other.to_str().unwrap())];
    let exports = Exports::to(&format!("https://localhost:{port}"), &vars);
    assert!(exports.offer(7, 1) && !exports.exporter.flush(Duration::from_millis(300)));
    assert!(exports.end(Duration::from_secs(5)).contains(r#""error":"no connection""#));
    assert!(asked.try_recv().is_err());
    std::fs::remove_file(other).unwrap();
}

#[test]
fn a_file_without_a_certificate_is_an_error_at_the_start() {
    let file = file("nothing", "no certificate");
    let vars = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("https://localhost".to_owned()),
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE" | "OTEL_EXPORTER_OTLP_CLIENT_KEY" => {
            Some(file.to_str().unwrap().to_owned())
        }
        _ => None,
    };
    let signal = cupola_telemetry::otlp::Signal::Traces;
    let config = cupola_telemetry::otlp::Config::from_vars(signal, &vars).unwrap();
    let error = crate::support::telemetry().export(signal, &config).unwrap_err();
    assert_eq!(error.to_string(), format!("{} holds nothing that TLS could use", file.display()));
    std::fs::remove_file(file).unwrap();
}
