//! One HTTP request, as it is known when it begins.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use cupola_context::Context;
use cupola_redact::{KeyPolicy, MaskedParts};
use http::{Method, Version};

use crate::duties::Duties;
use crate::header_list::HeaderList;
use crate::method::KnownMethods;

/// Whether a request was served or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Side {
    /// It came in.
    Server,
    /// It went out.
    Client,
}

/// One HTTP request, as it is known when it begins; [`crate::Ended`] is what its end adds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// Served or made.
    pub side: Side,
    /// Its ids and fields.
    pub context: Context,
    /// When it began, by the wall clock.
    pub started: SystemTime,
    /// The method as sent; for labels take [`Self::method_label`].
    pub method: Method,
    /// `http` or `https`, as whoever set up the layer says: a client may say anything.
    pub scheme: &'static str,
    /// The protocol version.
    pub version: Version,
    /// The route template, where it was known at the beginning.
    pub route: Option<Arc<str>>,
    /// Headers by choice.
    pub headers: Option<Box<HeaderList>>,
    /// What a layer further out already does for this request.
    pub served: Duties,
    method_known: bool,
    texts: MaskedParts,
}

/// The texts of a request as they came, to be masked at once.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct RawTexts<'a> {
    /// The path, without query.
    pub path: &'a str,
    /// The query, without `?`.
    pub query: Option<&'a str>,
    /// The `user-agent` header.
    pub user_agent: Option<&'a [u8]>,
    /// The authority: `:authority` or the `host` header.
    pub host: Option<&'a [u8]>,
    /// An `x-request-id` that was not adopted.
    pub client_request_id: Option<&'a [u8]>,
}

/// Without the texts: they are raw.
impl fmt::Debug for RawTexts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawTexts").finish_non_exhaustive()
    }
}

impl<'a> RawTexts<'a> {
    /// The texts of a request for this path.
    pub fn new(path: &'a str) -> Self {
        Self { path, ..Self::default() }
    }
}

const PATH: usize = 0;
const QUERY: usize = 1;
const USER_AGENT: usize = 2;
const HOST: usize = 3;
const CLIENT_REQUEST_ID: usize = 4;
const METHOD_ORIGINAL: usize = 5;

/// The longest user agent, host and foreign id that are kept, in bytes.
const TEXT_CAP: usize = 256;

impl Exchange {
    /// A request that came in.
    #[inline]
    pub fn server(context: Context, started: SystemTime, method: Method) -> Self {
        Self {
            side: Side::Server,
            context,
            started,
            method,
            scheme: "http",
            version: Version::HTTP_11,
            route: None,
            headers: None,
            served: Duties::NONE,
            method_known: true,
            texts: MaskedParts::default(),
        }
    }

    /// Takes the request's texts in, masked.
    pub fn mask(&mut self, policy: &KeyPolicy, methods: &KnownMethods, raw: &RawTexts<'_>) {
        self.method_known = methods.knows(&self.method);
        let mut texts = MaskedParts::builder();
        texts.push_path(policy, raw.path);
        texts.push_query(policy, raw.query.unwrap_or_default());
        texts.push_text(policy, raw.user_agent.unwrap_or_default(), TEXT_CAP);
        texts.push_authority(policy, raw.host.unwrap_or_default(), TEXT_CAP);
        texts.push_text(policy, raw.client_request_id.unwrap_or_default(), TEXT_CAP);
        let original = if self.method_known { "" } else { self.method.as_str() };
        texts.push_text(policy, original.as_bytes(), TEXT_CAP);
        texts.build_into(&mut self.texts);
    }

    /// The method's name from the known list, else `_OTHER`.
    #[inline]
    pub fn method_label(&self) -> &str {
        if self.method_known { self.method.as_str() } else { KnownMethods::OTHER }
    }

    /// The masked path. Never a label.
    #[inline]
    pub fn path(&self) -> &str {
        self.texts.get(PATH)
    }

    /// The masked query, without `?`.
    #[inline]
    pub fn query(&self) -> Option<&str> {
        self.text(QUERY)
    }

    /// The user agent.
    #[inline]
    pub fn user_agent(&self) -> Option<&str> {
        self.text(USER_AGENT)
    }

    /// The authority that the client asked for. Never a label.
    #[inline]
    pub fn host(&self) -> Option<&str> {
        self.text(HOST)
    }

    /// The request id that the client sent and that was not believed.
    #[inline]
    pub fn client_request_id(&self) -> Option<&str> {
        self.text(CLIENT_REQUEST_ID)
    }

    /// The method as sent, where the label is `_OTHER`.
    #[inline]
    pub fn method_original(&self) -> Option<&str> {
        self.text(METHOD_ORIGINAL)
    }

    #[inline]
    fn text(&self, part: usize) -> Option<&str> {
        Some(self.texts.get(part)).filter(|text| !text.is_empty())
    }
}

/// A protocol version as OpenTelemetry's `network.protocol.version` names it.
pub fn protocol_name(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "0.9",
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => "1.1",
    }
}
