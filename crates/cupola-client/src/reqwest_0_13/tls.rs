//! TLS by rustls and ring.

use std::time::Duration;

use crate::call_error::CallError;

/// reqwest's builder with TLS by rustls, ring and the system's certificates, for [`crate::ClientBuilder::from_reqwest`] or by
/// itself. Without feature `rustls`, with what reqwest's own features bring.
///
/// # Errors
/// rustls has no protocol version for ring.
///
/// ```
/// let client = cupola_client::reqwest_builder()?.user_agent("vm-provisioner/1.2").build();
/// # let _ = client;
/// # Ok::<(), cupola_client::CallError>(())
/// ```
pub fn reqwest_builder() -> Result<reqwest::ClientBuilder, CallError> {
    by_rustls(reqwest::Client::builder().connect_timeout(Duration::from_secs(5)))
}

/// The provider is named, and not the process's default: that is not ours to install.
#[cfg(feature = "rustls")]
fn by_rustls(builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, CallError> {
    use std::sync::Arc;

    use rustls::{ClientConfig, RootCertStore};

    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().map_err(CallError::request)?;
    Ok(builder.tls_backend_preconfigured(config.with_root_certificates(roots).with_no_client_auth()))
}

/// Without TLS of ours: what reqwest's own features bring.
#[cfg(not(feature = "rustls"))]
fn by_rustls(builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder, CallError> {
    Ok(builder)
}
