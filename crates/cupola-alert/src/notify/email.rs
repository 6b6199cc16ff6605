//! E-mail, by SMTP: text and HTML, over STARTTLS or TLS from the start.

mod compose;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

pub use settings::{EmailSettings, EmailTls};

use super::SettingError;
use super::secret::Secret;
use crate::{Message, Notifier, SendError, Sending, Sent};

/// For how many messages it is remembered who has them already.
const REMEMBERED: usize = 100;

/// Mails to some people, each of whom gets a copy of his own: one address that is refused keeps nobody else from it.
///
/// Messages of an episode refer to the first one, and so mail programs show them together. A message that is sent again has the same
/// `Message-ID`.
///
/// ```
/// use cupola_alert::{Email, EmailSettings, Receivers};
///
/// let settings = EmailSettings {
///     server: "smtp.example.com".into(),
///     username: Some("cupola".into()),
///     password: Some("hunter2".into()),
///     from: "Cupola <cupola@example.com>".into(),
///     to: vec!["ops@example.com".into()],
///     ..EmailSettings::default()
/// };
/// let receivers = Receivers::default().with("mail", Email::new(settings)?);
/// # Ok::<(), cupola_alert::SettingError>(())
/// ```
pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    server: String,
    from: Mailbox,
    to: Vec<Mailbox>,
    /// What must not be in what a server says.
    secrets: Vec<Secret>,
    timeout: Duration,
    /// Who has a message that others have not yet: by its id.
    has: Mutex<BTreeMap<String, BTreeSet<usize>>>,
}

impl Email {
    /// With these settings.
    ///
    /// # Errors
    /// One of them is not accepted.
    pub fn new(settings: EmailSettings) -> Result<Self, SettingError> {
        let EmailSettings { server, port, tls, username, password, from, to, ca } = settings;
        let server = server.trim().to_owned();
        if server.is_empty() || server.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '@')) {
            return Err(SettingError::new("server", "is no name of a host"));
        }
        let from = mailbox("from", &from)?;
        let to: Vec<Mailbox> = to.iter().map(|to| mailbox("to", to)).collect::<Result<_, _>>()?;
        if to.is_empty() {
            return Err(SettingError::new("to", "has nobody"));
        }
        let tls = tls.unwrap_or(if port == Some(465) { EmailTls::Implicit } else { EmailTls::Starttls });
        let port = port.unwrap_or(if tls == EmailTls::Implicit { 465 } else { 587 });
        let with_tls = || parameters(&server, ca.as_deref());
        let timeout = Duration::from_secs(20);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.as_str())
            .port(port)
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(timeout))
            .tls(match tls {
                EmailTls::Starttls => Tls::Required(with_tls()?),
                EmailTls::Implicit => Tls::Wrapper(with_tls()?),
                EmailTls::None => Tls::None,
            });
        let mut secrets = Vec::new();
        match (username, password) {
            (Some(name), Some(password)) => {
                if tls == EmailTls::None {
                    return Err(SettingError::new("tls", "is none, over which no password is sent"));
                }
                let whole = format!("\0{name}\0{password}");
                secrets =
                    [STANDARD.encode(whole), STANDARD.encode(&password), password.clone()].map(Secret::new).into();
                builder = builder.credentials(Credentials::new(name, password));
            }
            (None, None) => {}
            (Some(_), None) => return Err(SettingError::new("password", "is missing, and there is a username")),
            (None, Some(_)) => return Err(SettingError::new("username", "is missing, and there is a password")),
        }
        Ok(Self { transport: builder.build(), server, from, to, secrets, timeout, has: Mutex::default() })
    }

    /// How long one copy may take: 20 seconds, where nothing else is said.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    async fn copies(&self, message: &Message) -> Result<Sent, SendError> {
        let (mut refused, mut delayed) = (None, None);
        let mut has = self.remember(|all| all.remove(&message.id)).unwrap_or_default();
        let mail = compose::Mail::of(message, &self.from, &self.to);
        for (index, to) in self.to.iter().enumerate() {
            if has.contains(&index) {
                continue;
            }
            let copy = mail.copy_for(to)?;
            let sent = tokio::time::timeout(self.timeout, self.transport.send(copy)).await;
            match sent.map(|sent| sent.map_err(|error| self.failed(&error))) {
                Ok(Ok(_)) => {
                    has.insert(index);
                }
                Ok(Err(error)) if error.is_lasting() => refused = Some(error),
                Ok(Err(error)) => delayed = Some(error),
                Err(_) => delayed = Some(SendError::transient("the mail server gave no answer in time")),
            }
            // Before the next one, since this may be dropped at any time.
            self.remember(|all| all.insert(message.id.clone(), has.clone()));
        }
        match (delayed, refused) {
            (Some(error), _) => return Err(error),
            // Some have it; those who never will are said, and are no reason to send it to the others again.
            (None, Some(error)) if !has.is_empty() => {
                tracing::warn!(target: "cupola", receiver = message.receiver, %error, "a mail server refuses one of several addresses");
            }
            (None, Some(error)) => return Err(error),
            (None, None) => {}
        }
        self.remember(|all| all.remove(&message.id));
        Ok(Sent { thread: Some(mail.id) })
    }

    fn remember<T>(&self, of: impl FnOnce(&mut BTreeMap<String, BTreeSet<usize>>) -> T) -> T {
        let mut all = self.has.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() > REMEMBERED {
            all.pop_first();
        }
        of(&mut all)
    }

    fn failed(&self, error: &Error) -> SendError {
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        let said = self.secrets.iter().fold(said, |said, secret| secret.hide_in(&said));
        let said = said.strip_prefix("Connection error: ").unwrap_or(&said);
        let colon = if said.is_empty() { "" } else { ": " };
        match error.status() {
            Some(code) if error.is_permanent() => {
                SendError::lasting(format!("the mail server said {code}{colon}{said}"))
            }
            Some(code) => SendError::transient(format!("the mail server said {code}{colon}{said}")),
            None if error.is_timeout() => SendError::transient("the mail server gave no answer in time"),
            None if error.is_tls() => SendError::transient(format!("the mail server's TLS{colon}{said}")),
            // No STARTTLS, no way to log in that both know.
            None if error.is_client() => SendError::lasting(format!("the mail server will not do{colon}{said}")),
            None => SendError::transient(format!("no connection to the mail server{colon}{said}")),
        }
    }
}

impl Notifier for Email {
    fn send<'a>(&'a self, message: &'a Message) -> Sending<'a> {
        Box::pin(self.copies(message))
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to: Vec<String> = self.to.iter().map(ToString::to_string).collect();
        f.debug_struct("Email").field("server", &self.server).field("to", &to).finish_non_exhaustive()
    }
}

fn mailbox(field: &'static str, address: &str) -> Result<Mailbox, SettingError> {
    let is_one_line = !address.contains(char::is_control);
    let mailbox = address.trim().parse().ok().filter(|_| is_one_line);
    mailbox.ok_or_else(|| SettingError::new(field, format!("has {address:?}, which is no address of a mailbox")))
}

fn parameters(server: &str, ca: Option<&std::path::Path>) -> Result<TlsParameters, SettingError> {
    let mut builder = TlsParameters::builder(server.to_owned());
    if let Some(path) = ca {
        let bad =
            |why: &dyn fmt::Display| SettingError::new("ca", format!("cannot be read: {}: {why}", path.display()));
        let pem = std::fs::read(path).map_err(|error| bad(&error))?;
        let certificate = Certificate::from_pem(&pem).map_err(|_| bad(&"no certificates in PEM"))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build_rustls().map_err(|error| SettingError::new("tls", error.to_string()))
}

#[cfg(test)]
mod tests;
