//! TLS: who is not believed is not asked.

use std::sync::Arc;

use cupola_record::{CallOutcome, ErrorKind};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::server::{client, only};

#[tokio::test]
async fn a_certificate_that_is_not_believed_is_a_kind_of_its_own() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    let (client, capture) = client(|builder| builder);
    let error = client.get(format!("https://localhost:{port}/a")).send().await.unwrap_err();
    let (_, ended) = only(&capture);
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Tls, 1), "{error:?}");
    assert_eq!(ended.outcome, CallOutcome::Failed(ErrorKind::Tls));
}
