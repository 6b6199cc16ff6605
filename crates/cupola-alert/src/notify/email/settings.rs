//! What a mail receiver is made of, as it is typed.

use std::fmt;
use std::path::PathBuf;

use cupola_redact::REDACTED;
use serde::Deserialize;

/// Which server, who writes, and to whom.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailSettings {
    /// The server's name, which its certificate has to have.
    pub server: String,
    /// 587, or 465 for TLS from the start.
    #[serde(default)]
    pub port: Option<u16>,
    /// STARTTLS, which is insisted on; on port 465, TLS from the start.
    #[serde(default)]
    pub tls: Option<EmailTls>,
    /// Who logs in, if anybody.
    #[serde(default)]
    pub username: Option<String>,
    /// With which password.
    #[serde(default)]
    pub password: Option<String>,
    /// Who writes: `Cupola <cupola@example.com>`.
    pub from: String,
    /// Who gets it, each a copy of his own.
    pub to: Vec<String>,
    /// A file of certificates in PEM that are believed besides those of the system.
    #[serde(default)]
    pub ca: Option<PathBuf>,
}

/// How a connection to a mail server is kept from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailTls {
    /// Begun in the clear, and encrypted before anything is said; where the server does not, nothing is sent.
    Starttls,
    /// From the start.
    Implicit,
    /// Not at all: for a server on this machine. No password is sent.
    None,
}

impl EmailTls {
    /// Reads `starttls`, `implicit` or `none`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "starttls" => Some(Self::Starttls),
            "implicit" => Some(Self::Implicit),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

impl fmt::Debug for EmailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailSettings")
            .field("server", &self.server)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| REDACTED))
            .field("from", &self.from)
            .field("to", &self.to)
            .field("ca", &self.ca)
            .finish()
    }
}
