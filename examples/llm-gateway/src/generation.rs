//! What the log is told of each generation, beside the line of the call.

use axum::http::StatusCode;
use cupola::client::llm::AnswerParser;
use cupola::record::{CustomEvent, ErrorReport};
use tokio::time::Instant;

use crate::error::ModelError;

/// The longest text that is read of an answer, in bytes.
pub const MAX_TEXT: usize = 1 << 20;

/// One generation: it is told of once, as a success or as a failure of a kind.
#[derive(Debug)]
pub struct Generation {
    model: String,
    began: Instant,
}

impl Generation {
    /// It begins.
    pub fn new(model: &str) -> Self {
        Self { model: model.to_owned(), began: Instant::now() }
    }

    /// It has ended: the answer tells how.
    pub fn end(&self, answer: &AnswerParser) -> Result<(), ModelError> {
        match answer.error(StatusCode::OK) {
            Some(kind) => Err(self.fail(ModelError { kind, retry_after: None })),
            None => {
                self.succeed(answer);
                Ok(())
            }
        }
    }

    /// It has failed. Errors of the service are errors of the log; what the caller has to mend is a warning.
    pub fn fail(&self, error: ModelError) -> ModelError {
        let kind = error.kind.as_str();
        if error.kind.level() == tracing::Level::ERROR {
            ErrorReport::new(kind, &error).operation("text_generation").field("model_name", self.model.clone()).emit();
        } else {
            let event = CustomEvent::new("text_generation_refused").level(error.kind.level());
            event.field("model_name", self.model.clone()).field("error_type", kind).emit();
        }
        error
    }

    fn succeed(&self, answer: &AnswerParser) {
        let text = answer.text().map(|(text, _)| text).unwrap_or_default();
        CustomEvent::new("text_generation_success")
            .field("model_name", answer.model().unwrap_or(&self.model).to_owned())
            .field("response_length", text.chars().count() as u64)
            .field("generation_time", self.began.elapsed().as_secs_f64())
            .emit();
    }
}
