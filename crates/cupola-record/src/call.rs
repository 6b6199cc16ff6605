//! One call to another service, as it is known when it begins.

use std::sync::Arc;
use std::time::SystemTime;

use cupola_context::{Context, Scope};
use cupola_redact::KeyPolicy;
use http::{Method, StatusCode, Uri};

use crate::call_trace::CallTrace;
use crate::header_list::HeaderList;
use crate::method::KnownMethods;
use crate::target::Target;

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
    /// The trace in which its attempts are spans; `None` where nobody makes spans of them, or the request's trace is not
    /// sampled.
    pub trace: Option<CallTrace>,
    /// Request headers by choice, as the caller has made them.
    pub headers: Option<Box<HeaderList>>,
    /// The fields of what it is made in the course of, of an operation for example: its line has them.
    pub scope: Option<Scope>,
    target: Target,
}

impl Call {
    /// A call that begins, on behalf of the request that is ambient here.
    #[inline]
    pub fn new(started: SystemTime, method: Method) -> Self {
        Self {
            context: cupola_context::current(),
            started,
            method,
            dependency: None,
            template: None,
            expected: Vec::new(),
            trace: None,
            headers: None,
            scope: Scope::current(),
            target: Target::default(),
        }
    }

    /// Takes in where the call goes, masked: no userinfo is kept, and no value of the query that the policy denies.
    pub fn mask(&mut self, policy: &KeyPolicy, methods: &KnownMethods, uri: &Uri) {
        self.target.mask(policy, methods, &self.method, uri);
    }

    /// Runs `work` where the call was made: its request and its scope are ambient.
    pub fn within<R>(&self, work: impl FnOnce() -> R) -> R {
        let within_scope = || match &self.scope {
            Some(scope) => scope.enter(work),
            None => work(),
        };
        match &self.context {
            Some(context) => context.enter(within_scope),
            None => within_scope(),
        }
    }

    /// Where it goes; an attempt may go [elsewhere](crate::Attempt::target).
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The method's name from the known list, else `_OTHER`.
    pub fn method_label(&self) -> &str {
        self.target.method_label()
    }

    /// The masked authority. Never a label.
    pub fn host(&self) -> Option<&str> {
        self.target.host()
    }

    /// The masked path. Never a label.
    pub fn path(&self) -> Option<&str> {
        self.target.path()
    }

    /// The masked query, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.target.query()
    }
}
