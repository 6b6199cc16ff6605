//! The connector: plain, and with the feature `tls` also over TLS by rustls.

use hyper_util::client::legacy::connect::HttpConnector;

use super::config::Config;
use super::exporter::ExportError;

#[cfg(feature = "tls")]
pub(crate) type Connector = hyper_rustls::HttpsConnector<HttpConnector>;
#[cfg(not(feature = "tls"))]
pub(crate) type Connector = HttpConnector;

fn plain() -> HttpConnector {
    let mut plain = HttpConnector::new();
    plain.enforce_http(false);
    plain.set_nodelay(true);
    plain
}

#[cfg(not(feature = "tls"))]
pub(crate) fn connector(config: &Config) -> Result<Connector, ExportError> {
    if config.endpoint.scheme_str() == Some("https") { Err(ExportError::without_tls()) } else { Ok(plain()) }
}

#[cfg(feature = "tls")]
pub(crate) fn connector(config: &Config) -> Result<Connector, ExportError> {
    let builder = hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(with_tls::client_config(config)?);
    let builder = builder.https_or_http();
    Ok(match config.protocol {
        super::Protocol::Http => builder.enable_http1().wrap_connector(plain()),
        super::Protocol::Grpc => builder.enable_http2().wrap_connector(plain()),
    })
}

#[cfg(feature = "tls")]
mod with_tls {
    use std::path::Path;
    use std::sync::Arc;

    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use rustls::{ClientConfig, RootCertStore};

    use super::{Config, ExportError};

    /// The provider is named, and not the process's default: that is not ours to install.
    pub(super) fn client_config(config: &Config) -> Result<ClientConfig, ExportError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(ExportError::tls)?.with_root_certificates(roots(config)?);
        match &config.client_identity {
            None => Ok(builder.with_no_client_auth()),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_file(key).map_err(|error| ExportError::file(key, error))?;
                builder.with_client_auth_cert(certificates(certificate)?, key).map_err(ExportError::tls)
            }
        }
    }

    fn roots(config: &Config) -> Result<RootCertStore, ExportError> {
        let mut roots = RootCertStore::empty();
        match &config.certificate {
            Some(file) => {
                for certificate in certificates(file)? {
                    roots.add(certificate).map_err(|error| ExportError::file(file, error))?;
                }
            }
            // Looked for only where they are needed.
            None if config.endpoint.scheme_str() == Some("https") => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            None => {}
        }
        Ok(roots)
    }

    fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, ExportError> {
        let read = || CertificateDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>();
        read().map_err(|error| ExportError::file(file, error))
    }
}
