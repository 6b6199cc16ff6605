//! Masks what must not leave the process: headers, URLs, queries, cookies, forms, JSON and text.
//!
//! ```
//! use cupola_redact::{End, KeyPolicy, Media, Redactor};
//!
//! let policy = KeyPolicy::builder().deny("customer_ref").build()?;
//! assert_eq!(policy.query("page=2&access_token=abc"), "page=2&access_token=[REDACTED]");
//! assert_eq!(policy.header("authorization", b"Bearer abc"), "Bearer [REDACTED]");
//!
//! let mut body = Redactor::new(&policy, Media::Json, 8192);
//! body.feed(br#"{"customerRef":17,"usage":{"total_tokens":53}}"#);
//! let captured = body.finish(End::Complete);
//! assert_eq!(captured.text, r#"{"customerRef":"[REDACTED]","usage":{"total_tokens":53}}"#);
//! # Ok::<(), cupola_redact::PolicyError>(())
//! ```
//!
//! # Where this sits
//!
//! On the ground floor: bytes in, bytes out. It knows nothing of HTTP libraries, of `tracing`, of serde or of any
//! runtime, reads no clock and no environment, and does no I/O. What it lets out is a [`Masked`] or [`MaskedParts`],
//! which nobody else can make: a sink that takes only these cannot be handed a raw text.
//!
//! # How it decides
//!
//! One [`KeyPolicy`] serves every [`Surface`]; surfaces differ only in how they find names and values. A name is decoded
//! (`\u006f`, `%6F`, `+`, however often), split into words at separators, digits and changes of case, and loses
//! trailing digits, `[]`, `value` and `raw`. Then the first of these that fits decides:
//!
//! | class | names | rule |
//! |---|---|---|
//! | your own | [`keep`](KeyPolicyBuilder::keep), then [`deny`](KeyPolicyBuilder::deny) | the whole name; a denied name also at the end |
//! | strong | password, passwd, passphrase, passcode, api key/token/secret, secret key, access key, private key, signing key, encryption key, master key, account key, subscription key, functions key, shared key, auth key, session key, hmac key, client secret, client assertion, code verifier, credential, authorization, connection string, session id, sessid, card number, credit card, seed phrase, mnemonic, recovery code, backup code, security answer, saml request/response | anywhere in the name, in any spelling |
//! | words | secret, jwt | a whole word anywhere |
//! | last words | token, cookie, auth, authentication, pwd, pass, pw, otp, totp, pin, pincode, cvv, cvc, ssn, iban, sid, session, sig, signature, csrf, xsrf, userpass, dbpass; code behind mfa, totp, otp, sms, 2fa, tfa, verification, recovery, backup | the last word; token, secret, jwt, cookie and pwd also as the end of it |
//! | plurals | tokens, cookies, secrets, sessions, signatures, otps, pins, jwts | as last words, but a number stays: `max_tokens` counts |
//! | in URLs and forms | key, code, policy | the whole name |
//!
//! So `author`, `keyboard`, `sort_key`, `status_code`, `tokenizer`, `token_type` and `total_token_count` stay. Under a
//! denied name a number, a string or a whole container becomes `"[REDACTED]"`; `null`, `true` and `false` stay, unless
//! [`mask_literals`](KeyPolicyBuilder::mask_literals) says otherwise. A field of a log line may be called `session_id`
//! ([`Position::Field`]); what comes over the wire may not.
//!
//! This is version [`DEFAULT_LIST`] of the list. A name that is added makes a minor version, one that is taken away a
//! major one.
//!
//! Names count where they stand as values too: `{"name":"password","value":...}`, `[["password",...]]`,
//! `<input name="password" value="...">`, `--password ...`. Headers are shown by an allow list of names; cookies keep their
//! names only; of a path what stands behind `reset`, `verify`, `invite` or a denied name and looks random goes.
//!
//! Beside names, values are masked by their looks: private keys in PEM form, JWTs, `Bearer` and `Basic` credentials,
//! userinfo in URLs, webhook URLs of Slack and Discord, card numbers that pass the Luhn check, and tokens of AWS, GitHub,
//! GitLab, Slack, Stripe, OpenAI, Anthropic, Google, npm, SendGrid and Telegram. Personal data goes
//! [by choice](KeyPolicyBuilder::pii).
//!
//! # What it promises
//!
//! - Spans are masked where they stand and every other byte passes as it is; valid JSON stays valid JSON.
//! - A body's redaction does not depend on how it was cut into pieces, and is safe wherever it breaks off.
//! - What cannot be read is not shown: broken JSON is read as text, what is no text becomes a marker with a size. Each
//!   step is counted ([`Tally`]).
//! - Time is linear in the input and memory is bounded, whatever a stranger sends; nothing recurses.
//!
//! It does not escape control characters: that is the task of whoever writes a line, and an escape that stands in the
//! input stays an escape.
//!
//! # Features
//!
//! - `toml`: [`KeyPolicy::from_toml`] reads a policy from a file.

mod block;
mod body;
mod cookie;
mod decode;
mod form;
mod head;
mod header;
mod masked;
mod media;
mod name;
mod parts;
mod pattern;
mod policy;
mod routes;
mod rule;
mod sql;
mod surface;
mod suspects;
mod swar;
mod tally;
mod target;
mod text;
mod url;
mod verdicts;

pub use body::{Captured, End, Finished, Redactor, Stream};
pub use form::{Form, PseudonymKey};
pub use head::MaskedHead;
pub use masked::{Masked, REDACTED};
pub use media::Media;
pub use parts::{MaskedParts, MaskedPartsBuilder};
pub use policy::{KeyPolicy, KeyPolicyBuilder, PolicyError};
pub use routes::{RoutePolicy, Routes};
pub use rule::{Position, Verdict};
pub use sql::{SqlDialect, SqlShape};
pub use surface::{Surface, UnknownSurface};
pub use tally::{Rule, Tally};

/// The version of the default list of names, as the documentation of this crate has it.
pub const DEFAULT_LIST: &str = "1.0";
