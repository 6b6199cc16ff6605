//! One call to another service, as it is known when it begins.

use std::sync::Arc;
use std::time::SystemTime;

use cupola_context::Context;
use cupola_redact::{KeyPolicy, MaskedParts};
use http::{Method, StatusCode, Uri};

use crate::method::KnownMethods;

/// One call to another service, however many attempts it takes; [`crate::CallEnded`] is what its end adds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The request on whose behalf it is made, where there is one.
    pub context: Option<Context>,
    /// When it began, by the wall clock.
    pub started: SystemTime,
    /// The method as sent; for labels take [`Self::method_label`].
    pub method: Method,
    /// What the caller calls the other service: a label, so from a closed set.
    pub dependency: Option<Arc<str>>,
    /// The template of the URL, `/users/{id}`, as the call site has it. Never made of the path.
    pub template: Option<Arc<str>>,
    /// Statuses that are no failure here, as a 404 where it is asked whether something is there.
    pub expected: Vec<StatusCode>,
    method_known: bool,
    texts: MaskedParts,
}

const AUTHORITY: usize = 0;
const PATH: usize = 1;
const QUERY: usize = 2;

/// The longest authority that is kept, in bytes.
const AUTHORITY_CAP: usize = 256;

impl Call {
    /// A call that begins, on behalf of the request that is ambient here.
    pub fn new(started: SystemTime, method: Method) -> Self {
        Self {
            context: cupola_context::current(),
            started,
            method,
            dependency: None,
            template: None,
            expected: Vec::new(),
            method_known: true,
            texts: MaskedParts::default(),
        }
    }

    /// Takes in where the call goes, masked: no userinfo is kept, and no value of the query that the policy denies.
    pub fn mask(&mut self, policy: &KeyPolicy, methods: &KnownMethods, uri: &Uri) {
        self.method_known = methods.knows(&self.method);
        let mut texts = MaskedParts::builder();
        let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
        texts.push_authority(policy, authority.unwrap_or_default(), AUTHORITY_CAP);
        texts.push_path(policy, uri.path());
        texts.push_query(policy, uri.query().unwrap_or_default());
        texts.build_into(&mut self.texts);
    }

    /// The method's name from the known list, else `_OTHER`.
    pub fn method_label(&self) -> &str {
        if self.method_known { self.method.as_str() } else { KnownMethods::OTHER }
    }

    /// The masked authority. Never a label.
    pub fn host(&self) -> Option<&str> {
        self.text(AUTHORITY)
    }

    /// The masked path. Never a label.
    pub fn path(&self) -> Option<&str> {
        self.text(PATH)
    }

    /// The masked query, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.text(QUERY)
    }

    fn text(&self, part: usize) -> Option<&str> {
        Some(self.texts.get(part)).filter(|text| !text.is_empty())
    }
}
