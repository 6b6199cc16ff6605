//! Bodies and headers of a call, by choice.

use cupola_record::{BodyRules, BodyWatch, Call, Choices, OpenCall, SentBody, SkipReason, masked_headers};
use cupola_redact::Routes;
use http::{HeaderMap, StatusCode, Version};

use crate::settings::Settings;

impl Settings {
    /// Shows the headers of the request as the caller has made them, where that is chosen.
    pub(crate) fn show_headers(&self, open: &mut OpenCall, headers: &HeaderMap) {
        if self.headers {
            open.asks(masked_headers(&self.policy, headers));
        }
    }

    /// The account of the body that an attempt's request has: whoever sends it tells of each piece. The headers are the
    /// request's.
    pub(crate) fn sends(&self, open: &mut OpenCall, headers: &HeaderMap) -> SentBody {
        let sent = SentBody::new(self.watch(open, headers, false));
        open.sends(sent.clone());
        sent
    }

    /// The head of an attempt's response is there. Where its body is captured, that is done by [`OpenCall::read`].
    pub(crate) fn head(&self, open: &mut OpenCall, head: &Head<'_>) {
        open.head(head.status);
        open.version(head.version);
        if self.headers {
            open.headers(masked_headers(&self.policy, head.headers));
        }
        if let Some(watch) = self.watch(open, head.headers, head.is_whole) {
            open.captures(watch);
        }
    }

    /// The watch over one body of a call, if bodies are captured at all.
    fn watch(&self, open: &OpenCall, headers: &HeaderMap, is_empty: bool) -> Option<BodyWatch> {
        let (rules, call) = (self.bodies.as_ref()?, open.call()?);
        let wanted = wants(rules, call);
        Some(if wanted { rules.watch(&self.policy, headers, is_empty) } else { BodyWatch::skipped(SkipReason::Route) })
    }
}

/// What a response says before its body.
pub(crate) struct Head<'r> {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: &'r HeaderMap,
    /// There is no body.
    pub(crate) is_whole: bool,
}

/// By the template, as by the route of a request that is served; what the request that is being served has chosen comes
/// first. A call without a template may be one for a login all the same: its path tells.
fn wants(rules: &BodyRules, call: &Call) -> bool {
    let chosen = call.context.as_ref().and_then(|context| Choices::of(context).shows_bodies());
    let template = call.template.as_deref();
    let credentials = || template.is_none() && call.path().is_some_and(Routes::take_credentials);
    chosen.unwrap_or_else(|| rules.wants_route(template) && !credentials())
}
