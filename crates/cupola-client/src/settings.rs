//! What all calls through one layer have in common.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cupola_context::{Context, inject};
use cupola_record::{Call, CallLog, KnownMethods, OpenCall, Reason, Sink};
use cupola_redact::KeyPolicy;
use http::Request;

use crate::call_info::CallInfo;
use crate::propagation::Propagation;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) policy: KeyPolicy,
    pub(crate) methods: KnownMethods,
    pub(crate) propagation: Propagation,
    pub(crate) dependency: Option<Arc<str>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sink: Arc::new(CallLog::new()),
            policy: KeyPolicy::default(),
            methods: KnownMethods::default(),
            propagation: Propagation::default(),
            dependency: None,
        }
    }
}

impl Settings {
    /// Begins the call that a request is, and its only attempt.
    pub(crate) fn open<B>(&self, request: &Request<B>) -> OpenCall {
        let mut call = Call::new(SystemTime::now(), request.method().clone());
        call.mask(&self.policy, &self.methods, request.uri());
        call.dependency.clone_from(&self.dependency);
        if let Some(info) = request.extensions().get::<CallInfo>() {
            call.template.clone_from(&info.template);
            call.expected.clone_from(&info.expected);
            call.dependency = info.dependency.clone().or(call.dependency);
        }
        let mut open = OpenCall::new(call, Arc::clone(&self.sink), now);
        open.attempt(Reason::First, Duration::ZERO);
        open
    }

    /// Gives the request the identity of the one that is being served, if it goes to where that may go.
    pub(crate) fn identify<B>(&self, context: Option<&Context>, request: &mut Request<B>) {
        let Some(context) = context else { return };
        if request.uri().host().is_some_and(|host| self.propagation.reaches(host)) {
            inject(context, request.headers_mut());
        }
    }
}

/// Tokio's clock, so that tests can pause it.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
