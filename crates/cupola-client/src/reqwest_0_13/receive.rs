//! A response that is read to its end: what it holds, or why it is not what was asked for.

use cupola_context::FieldValue;
use cupola_record::{CallOutcome, ErrorKind};
use cupola_redact::{End, KeyPolicy, Redactor, Surface};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::call_error::CallError;
use crate::reqwest_0_13::send::Whole;

/// How much is kept of what a failed response said, in bytes.
const SAID: usize = 2 * 1024;

/// What a response was found to hold: numbers for the call's line.
pub(crate) type Found = Vec<(&'static str, FieldValue)>;

/// Reads what a whole response says, and ends its call.
pub(crate) fn receive<T: DeserializeOwned>(
    whole: Whole,
    policy: &KeyPolicy,
    count: impl FnOnce(&T) -> Found,
) -> Result<T, CallError> {
    let Whole { head, body, mut open, sent } = whole;
    match understood(&body, head.status, &head.headers, policy) {
        Ok(value) => {
            count(&value).into_iter().for_each(|(key, value)| open.field(key, value));
            open.end(CallOutcome::Complete);
            Ok(value)
        }
        Err(error) => {
            // A status that is no success is told by the status.
            let is_status = error.kind() == ErrorKind::Status;
            open.end(if is_status { CallOutcome::Complete } else { CallOutcome::Failed(error.kind()) });
            Err(error.after(sent))
        }
    }
}

fn understood<T: DeserializeOwned>(
    bytes: &[u8],
    status: StatusCode,
    headers: &HeaderMap,
    policy: &KeyPolicy,
) -> Result<T, CallError> {
    if !status.is_success() {
        return Err(CallError::status_of(status, said(bytes, headers, policy)));
    }
    // Nothing is `null`: `()`, or an `Option`.
    let bytes = if bytes.is_empty() { b"null" } else { bytes };
    serde_json::from_slice(bytes).map_err(|error| CallError::new(ErrorKind::Decode, Box::new(Undecoded::of(&error))))
}

/// What a response says, masked.
fn said(bytes: &[u8], headers: &HeaderMap, policy: &KeyPolicy) -> String {
    let label = headers.get(CONTENT_TYPE).and_then(|label| label.to_str().ok()).unwrap_or("text/plain");
    let mut redactor = Redactor::of(policy, &Surface::content_type(label), SAID);
    redactor.feed(bytes);
    redactor.finish(End::Complete).text.as_str().to_owned()
}

/// Where a body is not what was expected, and in which way: serde's own text may hold a value of it.
#[derive(Debug)]
struct Undecoded {
    line: usize,
    column: usize,
    category: &'static str,
}

impl Undecoded {
    fn of(error: &serde_json::Error) -> Self {
        let category = match error.classify() {
            serde_json::error::Category::Syntax => "no JSON",
            serde_json::error::Category::Data => "JSON of another shape than was expected",
            serde_json::error::Category::Eof => "JSON that breaks off",
            serde_json::error::Category::Io => "not read",
        };
        Self { line: error.line(), column: error.column(), category }
    }
}

impl std::fmt::Display for Undecoded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, at line {} column {}", self.category, self.line, self.column)
    }
}

impl std::error::Error for Undecoded {}
