//! What a call site knows of its call.

use std::sync::Arc;

use http::StatusCode;

/// What a call site knows of its call: insert it into the request's extensions.
///
/// ```
/// use cupola_client::CallInfo;
///
/// let info = CallInfo::new().template("/users/{id}").dependency("users").expect_status(404);
/// let request = http::Request::get("http://users.internal/users/17").extension(info).body(())?;
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallInfo {
    pub(crate) template: Option<Arc<str>>,
    pub(crate) dependency: Option<Arc<str>>,
    pub(crate) expected: Vec<StatusCode>,
}

impl CallInfo {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The template of the URL's path, `/users/{id}`: a label, so never made of the path itself.
    #[must_use]
    pub fn template(mut self, template: impl Into<Arc<str>>) -> Self {
        self.template = Some(template.into());
        self
    }

    /// What the caller calls the other service, in place of what the layer was told.
    #[must_use]
    pub fn dependency(mut self, dependency: impl Into<Arc<str>>) -> Self {
        self.dependency = Some(dependency.into());
        self
    }

    /// A status that is no failure here, as 404 where it is asked whether something is there. One that is not between 100
    /// and 999 is ignored.
    #[must_use]
    pub fn expect_status(mut self, status: u16) -> Self {
        self.expected.extend(StatusCode::from_u16(status));
        self
    }
}
