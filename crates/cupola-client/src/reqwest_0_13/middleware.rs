//! For users of reqwest-middleware 0.5: calls are observed where this stands among the others.

use std::time::Duration;

use cupola_record::{CallOutcome, Reason};
use http::Extensions;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};

use crate::call_info::CallInfo;
use crate::classify::classify;
use crate::layer::CallLayer;
use crate::reqwest_0_13::limits::Limits;
use crate::reqwest_0_13::report::CallReport;
use crate::reqwest_0_13::send::Answer;
use crate::reqwest_0_13::tap::{bare, tap};
use crate::settings::Settings;

/// A middleware that observes calls. Attached first, before one that tries again, each request is one call with an unknown number
/// of attempts; attached last, each attempt is a call. [`CallInfo`] is taken from the request's extensions.
///
/// ```
/// use cupola_client::{CallInfo, CallLayer, CallMiddleware, reqwest_builder};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let layer = CallLayer::new().dependency("users");
/// let client = reqwest_middleware::ClientBuilder::new(reqwest_builder()?.build()?).with(CallMiddleware::new(&layer)).build();
/// let request = client.get("http://users.internal/users/17").with_extension(CallInfo::new().template("/users/{id}"));
/// # let _ = request;
/// # Ok(()) }
/// ```
///
/// Identity goes nowhere unless [`redirects_are_off`](Self::redirects_are_off) says that the client does not carry it on.
#[derive(Clone, Debug)]
pub struct CallMiddleware {
    settings: Settings,
    identifies: bool,
}

impl CallMiddleware {
    /// With what a layer was told: who is told of calls, what is masked and shown, to whom identity goes.
    pub fn new<W>(layer: &CallLayer<W>) -> Self {
        Self { settings: layer.settings.clone(), identifies: false }
    }

    /// The client follows no redirects, so that the identity of the request that is being served goes to no other host than
    /// it is meant for.
    #[must_use]
    pub const fn redirects_are_off(mut self) -> Self {
        self.identifies = true;
        self
    }
}

#[async_trait::async_trait]
impl Middleware for CallMiddleware {
    async fn handle(&self, mut request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let uri = request.url().as_str().parse().unwrap_or_default();
        let mut open = self.settings.open(request.method().clone(), &uri, extensions.get::<CallInfo>());
        open.attempts_unknown();
        open.attempt(Reason::First, Duration::ZERO);
        self.settings.show_headers(&mut open, request.headers());
        if self.identifies && self.settings.identifies(&open, request.url().host_str()) {
            self.settings.identify(&open, request.headers_mut());
        }
        match next.run(request, extensions).await {
            Ok(response) => {
                self.settings.show_response(&mut open, &response);
                let report = CallReport { attempts: 0, stopped: None };
                Ok(tap(Answer { response, open, limits: Limits::NONE, end_by: None, report }))
            }
            Err(error) => {
                open.end(CallOutcome::Failed(kind(&error)));
                Err(without_secrets(error))
            }
        }
    }
}

fn kind(error: &Error) -> cupola_record::ErrorKind {
    match error {
        Error::Reqwest(error) => classify(error),
        Error::Middleware(error) => classify(&**error),
    }
}

/// The same error; its URL without userinfo, query and fragment.
fn without_secrets(mut error: Error) -> Error {
    if let Some(url) = error.url_mut() {
        *url = bare(url);
    }
    error
}
