//! A call of a model whose answer has not come.

use std::error::Error;
use std::future::Future;

use cupola_record::{LlmCall, LlmErrorKind, LlmOutcome, OpenLlmCall};
use http::Response;

use super::body::LlmBody;
use super::watch::AnswerWatch;
use crate::classify::classify;

/// A call of a model that has begun, and whose answer has not come. Dropped, it is abandoned.
#[derive(Debug)]
pub struct PendingAnswer {
    open: OpenLlmCall,
    content_cap: Option<usize>,
}

impl PendingAnswer {
    pub(super) const fn new(open: OpenLlmCall, content_cap: Option<usize>) -> Self {
        Self { open, content_cap }
    }

    /// What is asked.
    pub fn call(&self) -> Option<&LlmCall> {
        self.open.call()
    }

    /// Reads the answer while it passes: the end of the response's body, its error or its drop ends the call.
    pub fn tap<B: http_body::Body>(self, response: Response<B>) -> Response<LlmBody<B>> {
        let (head, body) = response.into_parts();
        let watch = AnswerWatch::new(self.open, self.content_cap, head.status, &head.headers);
        Response::from_parts(head, LlmBody::new(body, watch))
    }

    /// The same for a response of reqwest 0.13, which stays one.
    ///
    /// ```no_run
    /// # async fn run(llm: cupola_client::llm::LlmTap, client: cupola_client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let (uri, body) = ("https://api.openai.com/v1/chat/completions".parse()?, r#"{"model":"small-1"}"#);
    /// let call = llm.request(&uri, body.as_bytes()).begin();
    /// let response = call.tap_reqwest(client.post(uri.to_string()).body(body).send().await?);
    /// # let _ = response;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "reqwest")]
    pub fn tap_reqwest(self, response: reqwest::Response) -> reqwest::Response {
        let url = response.url().clone();
        let response = self.tap(http::Response::from(response));
        crate::reqwest_0_13::tap::with_url(response.map(reqwest::Body::wrap), url)
    }

    /// Waits for the response, and taps it; an error ends the call.
    ///
    /// # Errors
    /// What the future fails with.
    pub async fn watch<F, B, E>(self, response: F) -> Result<Response<LlmBody<B>>, E>
    where
        F: Future<Output = Result<Response<B>, E>>,
        B: http_body::Body,
        E: Error + 'static,
    {
        match response.await {
            Ok(response) => Ok(self.tap(response)),
            Err(error) => {
                self.failed_with(&error);
                Err(error)
            }
        }
    }

    /// No answer came.
    pub fn failed(mut self, kind: LlmErrorKind) {
        self.open.end(LlmOutcome::Failed(kind));
    }

    /// No answer came: the client's error tells why.
    pub fn failed_with(self, error: &(dyn Error + 'static)) {
        self.failed(LlmErrorKind::Transport(classify(error)));
    }

    /// The open call, to be recorded by hand from here on.
    pub fn by_hand(self) -> OpenLlmCall {
        self.open
    }
}
