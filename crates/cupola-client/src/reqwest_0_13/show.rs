//! What is shown of reqwest's requests and responses.

use cupola_record::OpenCall;
use reqwest::{Body, Request, Response};

use crate::bodies::Head;
use crate::request_body::CallRequestBody;
use crate::settings::Settings;

impl Settings {
    /// Shows headers and body of an attempt's request as the caller has made them, where that is chosen; its body is counted
    /// while it is sent.
    pub(crate) fn show_request(&self, open: &mut OpenCall, request: &mut Request) {
        self.show_headers(open, request.headers());
        let Some(body) = request.body_mut().take() else { return };
        let sent = self.sends(open, request.headers());
        *request.body_mut() = Some(Body::wrap(CallRequestBody::new(body, Some(sent))));
    }

    /// The head of an attempt's response is there.
    pub(crate) fn show_response(&self, open: &mut OpenCall, response: &Response) {
        let (status, version, headers) = (response.status(), response.version(), response.headers());
        let is_whole = response.content_length() == Some(0);
        self.head(open, &Head { status, version, headers, is_whole });
    }
}
