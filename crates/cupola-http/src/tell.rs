//! What a response tells its caller of the trace, by choice.

use std::fmt::Write as _;
use std::time::Duration;

use arrayvec::ArrayString;
use cupola_context::Context;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};

const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Which headers are added to responses; none unless chosen, since they are shown to strangers too.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tell {
    pub(crate) traceresponse: bool,
    pub(crate) server_timing: bool,
}

impl Tell {
    /// `head` is the time until the head of the response.
    pub(crate) fn add(self, context: &Context, head: Option<Duration>, headers: &mut HeaderMap) {
        if self.traceresponse {
            headers.insert(TRACERESPONSE, value(context.traceparent().as_str()));
        }
        if self.server_timing {
            // Beside what the handler says there itself.
            headers.append(SERVER_TIMING, value(&server_timing(context, head.unwrap_or_default())));
        }
    }
}

/// Milliseconds to the head, and the trace as browsers' instrumentation reads it.
fn server_timing(context: &Context, head: Duration) -> ArrayString<128> {
    let mut text = ArrayString::new();
    let micros = head.as_micros().min(u128::from(u32::MAX));
    let (whole, rest, trace) = (micros / 1000, micros % 1000, context.traceparent().as_str());
    let written = write!(text, "total;dur={whole}.{rest:03}, traceparent;desc=\"{trace}\"");
    written.expect("both are shorter than a half of it");
    text
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("digits and punctuation are no control characters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cupola_context::{Fresh, RequestIdFormat};

    #[test]
    fn the_longest_text_has_room() {
        let context = Context::root(RequestIdFormat::UuidV4, &Fresh::new(0, [9; 40]));
        let trace = context.traceparent().as_str();
        let check = |head, milliseconds: &str| {
            let expected = format!("total;dur={milliseconds}, traceparent;desc=\"{trace}\"");
            assert_eq!(server_timing(&context, head).as_str(), expected);
        };
        check(Duration::from_micros(12_034), "12.034");
        check(Duration::MAX, "4294967.295");
    }
}
