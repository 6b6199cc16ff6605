//! The certificate, from files.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Who the server is.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct Certificate {
    /// The PEM file of the certificate and those that vouch for it
    #[arg(long, value_name = "FILE", env = "CUPOLA_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The PEM file of its key
    #[arg(long, value_name = "FILE", env = "CUPOLA_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl Certificate {
    /// Whether connections are encrypted.
    pub(super) fn is_there(&self) -> bool {
        self.tls_cert.is_some()
    }

    /// `None` where connections are in the clear.
    pub(super) fn acceptor(&self) -> anyhow::Result<Option<TlsAcceptor>> {
        let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let unreadable = |path: &PathBuf| format!("{} holds nothing that TLS could use", path.display());
        let chain = CertificateDer::pem_file_iter(cert).with_context(|| unreadable(cert))?;
        let chain: Vec<_> = chain.collect::<Result<_, _>>().with_context(|| unreadable(cert))?;
        if chain.is_empty() {
            bail!(unreadable(cert));
        }
        let key_der = PrivateKeyDer::from_pem_file(key).with_context(|| unreadable(key))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let config = versions.with_no_client_auth().with_single_cert(chain, key_der);
        let mut config = config.with_context(|| format!("{} is not the key of {}", key.display(), cert.display()))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}
