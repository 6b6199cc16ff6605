//! gRPC by hand: a frame around a message, and a status in the trailers.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::HeaderMap;
use prost::Message as _;

use super::reply::{Failure, What};

/// The five bytes before a message.
pub(crate) fn frame_head(compressed: bool, length: usize) -> [u8; 5] {
    let [a, b, c, d] = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    [u8::from(compressed), a, b, c, d]
}

/// The first message of a response's body. A compressed one is nobody's: none was asked for.
pub(crate) fn unframe(body: &[u8]) -> &[u8] {
    body.get(5..).unwrap_or_default()
}

/// What the status says; trailers have it, or the head where there is no body.
pub(crate) fn outcome(headers: &HeaderMap) -> Result<(), Failure> {
    let status = headers.get("grpc-status").and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    match status {
        Some(0) => Ok(()),
        Some(status) => Err(failure(status, retry_after(headers))),
        None => Err(Failure::again(What::Protocol)),
    }
}

/// CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS; RESOURCE_EXHAUSTED only from a collector
/// that says when to come back.
fn failure(status: u32, after: Option<Duration>) -> Failure {
    let again = matches!(status, 1 | 4 | 10 | 11 | 14 | 15) || (status == 8 && after.is_some());
    Failure { what: What::Grpc(status), again, after }
}

/// `google.rpc.Status`, of which only the details matter here.
#[derive(Clone, PartialEq, prost::Message)]
struct Status {
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    delay: Option<Delay>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Delay {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let encoded = headers.get("grpc-status-details-bin")?.to_str().ok()?;
    let bytes = STANDARD_NO_PAD.decode(encoded.trim_end_matches('=')).ok()?;
    let status = Status::decode(&*bytes).ok()?;
    let info = status.details.iter().find(|detail| detail.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = RetryInfo::decode(&*info.value).ok()?.delay?;
    Some(Duration::new(u64::try_from(delay.seconds).ok()?, u32::try_from(delay.nanos).ok()?.min(999_999_999)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_details(status: &str, seconds: i64, nanos: i32) -> HeaderMap {
        let info = RetryInfo { delay: Some(Delay { seconds, nanos }) }.encode_to_vec();
        let detail = Any { type_url: "type.googleapis.com/google.rpc.RetryInfo".to_owned(), value: info };
        let details = STANDARD_NO_PAD.encode(Status { details: vec![detail] }.encode_to_vec());
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", status.parse().unwrap());
        headers.insert("grpc-status-details-bin", details.parse().unwrap());
        headers
    }

    #[test]
    fn statuses_as_the_specification_sorts_them() {
        let check = |status: u32, again: bool| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-status", status.into());
            assert_eq!(outcome(&headers), Err(Failure { what: What::Grpc(status), again, after: None }));
        };
        [1, 4, 10, 11, 14, 15].into_iter().for_each(|status| check(status, true));
        [2, 3, 5, 6, 7, 8, 9, 12, 13, 16].into_iter().for_each(|status| check(status, false));
    }

    #[test]
    fn retry_info_is_believed() {
        let check = |status, seconds, nanos, again, after| {
            let failure = outcome(&with_details(status, seconds, nanos)).unwrap_err();
            assert_eq!((failure.again, failure.after), (again, after), "{status} {seconds} {nanos}");
        };
        check("8", 2, 500_000_000, true, Some(Duration::from_millis(2_500)));
        check("14", 1, 0, true, Some(Duration::from_secs(1)));
        check("8", -1, 0, false, None);
        check("3", 1, 0, false, Some(Duration::from_secs(1)));
    }

    #[test]
    fn no_status_is_no_answer() {
        assert_eq!(outcome(&HeaderMap::new()), Err(Failure::again(What::Protocol)));
    }
}
